"""Small walls, made by hand, for the tests of the in-process adapters."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from ringwall.core.admit import Admission, admit
from ringwall.core.effect import Effect
from ringwall.core.event import Event
from ringwall.core.known import Input, Known, Principal, Text
from ringwall.core.message import Head, Request, Response
from ringwall.core.plan import Guard, Guards, Limits, Plan, Wall
from ringwall.core.ports import Call, Ports
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Rewritten, Verdict

FORBIDDEN = Reason("authz.test", 403, "Forbidden", "Do not.", "The test says no.")
LEAK = Reason("disclosure.test", 502, "Withheld", "Nothing to do.", "The reply held the word that may not leave.")
SMALL = Limits(body=1000, reply=1000, seconds=5)
UPLOADS = Limits(body=2000, reply=1000, seconds=5)
ALICE = Principal("alice", frozenset({"nurse"}), "api_key", header="x-api-key")


@dataclass
class Journal:
    """What was recorded. `broken` makes it fail."""

    events: list[Event] = field(default_factory=list)
    broken: bool = False

    def __call__(self, event: Event) -> None:
        if self.broken:
            raise OSError("disk full")
        self.events.append(event)


def identify(head: Head, known: Known) -> Verdict:
    """Whoever has the key is alice; `x-key: slow` is looked up in a thread."""
    key = head.headers.get("x-api-key")
    if key == "slow":
        return Ask(Call(lambda: time.sleep(0.01)), lambda _: Learned(known.with_principal(ALICE)))
    return Learned(known.with_principal(ALICE)) if key else PASS


def closed(head: Head, known: Known) -> Verdict:
    """`/closed` is refused."""
    return Refuse(FORBIDDEN) if head.path.startswith("/closed") else PASS


def take_input(request: Request, known: Known) -> Verdict:
    """The query's values are the input, as validation would establish it."""
    texts = tuple(Text(f"/query/{p.name}", p.value, free=True) for p in request.head.query)
    return Learned(known.with_input(Input({}, {}, {}, {}, None, texts)))


def shout(request: Request, known: Known) -> Verdict:
    """A body `rewrite` is rewritten."""
    return Rewritten(request.with_body(b"rewritten"), "shouted") if request.body == b"rewrite" else PASS


def silence(response: Response, known: Known) -> Verdict:
    """A reply that holds `LEAK` is withheld."""
    return Refuse(LEAK) if response.body and b"LEAK" in response.body else PASS


def guards(sink: Callable[[Effect, Known], Verdict] | None = None) -> Guards:
    """One guard for each phase."""
    return Guards(
        head=(Guard(Layer.AUTHENTICATION, "identify", identify), Guard(Layer.AUTHORIZATION, "closed", closed)),
        body=(Guard(Layer.VALIDATION, "input", take_input), Guard(Layer.ENCRYPTION, "shout", shout)),
        sink=(Guard(Layer.SINKS, "sink", sink),) if sink else (),
        reply=(Guard(Layer.DISCLOSURE, "silence", silence),),
    )


def dress(head: Head | None, response: Response) -> Response:
    """Every reply carries one header."""
    return response.with_headers((*response.headers, (b"x-dressed", b"yes")))


def wall(
    journal: Journal | None = None,
    *,
    given: Guards | None = None,
    limits: Limits = SMALL,
    uploads: Limits = UPLOADS,
) -> Wall:
    """A wall whose `/upload…` streams inwards and whose `/raw…` streams outwards; the rest is checked whole."""
    taken = guards() if given is None else given
    plans = (
        Plan("ANY /", "/", taken, limits),
        Plan("POST /upload", "/upload", taken, uploads, body="stream"),
        Plan("GET /raw", "/raw", taken, limits, reply="stream"),
    )
    numbers = itertools.count(1)
    ports = Ports({}, journal or Journal(), time.time, time.perf_counter_ns, lambda: f"r{next(numbers)}")

    def route(head: Head) -> tuple[Plan, dict[str, str]]:
        place = 1 if head.path.startswith("/upload") else 2 if head.path.startswith("/raw") else 0
        return plans[place], {}

    return Wall(lambda raw, id_: admit(raw, Admission(), id_), route, plans, ports, dress)
