"""The one Event that an exchange closes with. It holds names, numbers and codes: never a value of the request
or the reply beyond what the contract made public."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Literal, NamedTuple

from ringwall.core.reasons import Layer
from ringwall.core.value import quick


class Step(NamedTuple):
    """A guard that refused, or would have, and how long it took in microseconds."""

    layer: Layer
    guard: str
    said: str
    reason: str | None
    us: float


Decision = Literal["allow", "refuse", "observe"]


@quick
@dataclass(frozen=True, slots=True)
class Event:
    """One exchange, or one administrative act (`kind`), for the journal.

    `at` is epoch seconds; `us` the whole time inside ringwall and `app_us` the application's, in microseconds with one
    digit.
    `path` is the operation's template, never the path that came. `steps` are the guards that did not simply
    pass, `layers` the time each layer took, `notes` what was rewritten. `suspects` are the kinds of attack
    that an input refused for its form looks like. `owners` are the subjects whose `objects`
    these are, in order, None where that is not known: they are never written; their keys seal the names.
    """

    kind: str
    id: str
    at: float
    operation: str | None
    method: str
    path: str
    client: str
    decision: Decision
    status: int
    reason: str | None = None
    layer: str | None = None
    detail: str = ""
    principal: str | None = None
    roles: tuple[str, ...] = ()
    credential: str = ""
    objects: tuple[str, ...] = ()
    owners: tuple[str | None, ...] = ()
    steps: tuple[Step, ...] = ()
    layers: tuple[tuple[Layer, float], ...] = ()
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    sizes: tuple[int, int] = (0, 0)
    us: float = 0.0
    app_us: float = 0.0
    trace: str = ""
    suspects: tuple[str, ...] = ()
    facts: dict[str, str | int | float | bool | list[str] | None] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """The event as the journal's JSON object (docs/journal-format.md); empty members are left out."""
        whole: dict[str, object] = {
            "kind": self.kind,
            "id": self.id,
            "at": rfc3339(self.at),
            "decision": self.decision,
            "status": self.status,
            "sizes": self.sizes,
            "us": self.us,
            "app_us": self.app_us,
        }
        for name in _MEMBERS:
            if value := getattr(self, name):
                whole[name] = value
        if self.layers:
            whole["layers"] = {layer._value_: us for layer, us in self.layers}
        if self.steps:
            whole["verdicts"] = [_verdict(step) for step in self.steps]
        if self.facts:
            whole.update({name: fact for name, fact in self.facts.items() if fact or fact.__class__ in _NUMBERS})
        return whole


_MEMBERS = ("operation", "method", "path", "client", "reason", "layer", "detail", "principal", "roles", "credential",
            "objects", "faults", "notes", "trace", "suspects")  # fmt: skip
_NUMBERS = frozenset({int, float, bool})


def _verdict(step: Step) -> dict[str, object]:
    said: dict[str, object] = {"layer": step.layer, "guard": step.guard, "verdict": step.said, "us": step.us}
    if step.reason:
        said["reason"] = step.reason
    return said


_PLAIN_ID = re.compile(r"[0-9]{1,18}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", re.ASCII)


def named(objects: Iterable[tuple[str, str]], *, real: bool) -> tuple[str, ...]:
    """`resource:id` of objects, as (resource, id). Unless it is `real`, which the application answered for, an id that
    is no number or UUID could be anything that a caller wrote, and is told as `?`."""
    return tuple(
        f"{resource}:{identity if real or _PLAIN_ID.fullmatch(identity) else '?'}" for resource, identity in objects
    )


def rfc3339(at: float) -> str:
    """Epoch seconds as RFC 3339 in UTC with milliseconds, cut off."""
    second, part = divmod(at, 1)
    millis = round(part * 1_000_000) // 1000
    return f"{_second(int(second) + millis // 1000)}.{millis % 1000:03d}Z"


@lru_cache(maxsize=2)
def _second(at: int) -> str:
    """The part that a thousand requests have in common."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S")
