"""What one exchange has to tell at its end: collected while it goes on, written down as its one Event."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ringwall.core.event import Decision, Event, Step, named
from ringwall.core.known import Known
from ringwall.core.message import Head, Response
from ringwall.core.plan import Guard, Plan
from ringwall.core.reasons import Layer
from ringwall.core.verdict import Refuse, Rewritten

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, section 3.2. The one header that an event may repeat, and only in this form."""
_FAULTS, _POINTER = 50, 200
"""How many faults an event tells, and how much of where each stands."""


class Account:
    """The times, in nanoseconds, and the words of one exchange. `took` is the time of the last guard that was heard.

    `application` is how long the application had the request, less what its effects took to be judged. `of_pages` are
    the notes of all pages of a long list together.
    """

    __slots__ = (
        "application", "layers", "notes", "observed", "of_pages", "started", "steps", "suspects", "ticks", "took",
    )  # fmt: skip

    def __init__(self, ticks: Callable[[], int]) -> None:
        self.ticks = ticks
        self.started = ticks()
        self.layers: defaultdict[Layer, int] = defaultdict(int)
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.of_pages: list[str] = []
        self.suspects: tuple[str, ...] = ()
        self.observed: Refuse | None = None
        self.took = 0
        self.application = 0

    def spend(self, layer: Layer, since: int) -> None:
        """Add what has passed since to a layer's time, and to that of the guard at hand."""
        passed = self.ticks() - since
        self.took += passed
        self.layers[layer] += passed

    def rewritten(self, guard: Guard[Any], verdict: Rewritten) -> None:
        """Note that a guard changed the message."""
        self.notes.append(f"{guard.layer._value_}: {verdict.note}")

    def note(self, layer: Layer, note: str) -> None:
        """Note something once."""
        told = f"{layer._value_}: {note}"
        if told not in self.notes:
            self.notes.append(told)

    def refused(self, guard: Guard[Any], refuse: Refuse, *, observed: bool) -> None:
        """Note that a guard refused, or would have."""
        if observed and self.observed is None:
            self.observed = refuse
        said = "observe" if observed else "refuse"
        self.steps.append(Step(guard.layer, guard.name, said, refuse.reason.code, self.took / 1000))

    def event(
        self,
        request_id: str,
        at: float,
        client: str,
        response: Response,
        refuse: Refuse | None,
        *,
        head: Head | None,
        plan: Plan | None,
        known: Known | None,
    ) -> Event:
        """The event of the exchange: what was answered, and the refusal behind it if it was one."""
        decision: Decision = "refuse" if refuse else "observe" if self.observed else "allow"
        deciding = refuse or self.observed
        principal = known.principal if known else None
        return Event(
            kind="exchange",
            id=request_id,
            at=at,
            operation=plan.operation if plan else None,
            method=head.method if head else "",
            path=plan.template if plan else "",
            client=client,
            decision=decision,
            status=response.status,
            reason=deciding.reason.code if deciding else None,
            layer=self._layer_of(deciding) if deciding else None,
            detail=deciding.detail if deciding else "",
            principal=principal.subject if principal else None,
            roles=tuple(sorted(principal.roles)) if principal else (),
            credential=principal.credential if principal else "",
            objects=_objects(plan, known, real=refuse is None and response.status < 400) if known and plan else (),
            owners=tuple([o.owner for o in known.objects]) if known else (),
            steps=tuple(self.steps),
            layers=tuple([(layer, tenths(ns)) for layer, ns in self.layers.items()]),
            faults=tuple(f"{f.pointer[:_POINTER]} {f.reason}" for f in deciding.faults[:_FAULTS]) if deciding else (),
            notes=(*self.notes, *self.of_pages),
            sizes=(head.length or 0 if head else 0, len(response.body or b"")),
            us=tenths(self.ticks() - self.started - self.application),
            app_us=tenths(self.application),
            trace=_trace(head) if head else "",
            suspects=self.suspects,
        )

    def _layer_of(self, refuse: Refuse) -> str:
        """The layer whose guard refused, or, where it was no guard, what the reason code begins with."""
        code = refuse.reason.code
        return next((step.layer for step in self.steps if step.reason == code), code.split(".")[0])


def _objects(plan: Plan, known: Known, *, real: bool) -> tuple[str, ...]:
    """The objects that were settled or shown; where there are none, those that the path names."""
    if known.objects:
        return named([(ref.resource, ref.id) for ref in known.objects], real=real)
    if not plan.named:
        return ()
    return named([(kind, known.params[name]) for name, kind in plan.named if name in known.params], real=real)


def tenths(ns: int) -> float:
    """Nanoseconds as microseconds with one digit; `round` takes four times as long, for each layer of each request."""
    return (ns + 50) // 100 / 10


def _trace(head: Head) -> str:
    stated = head.headers.get("traceparent")
    return stated if stated is not None and _TRACE.fullmatch(stated) else ""
