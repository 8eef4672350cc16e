"""A plan per operation, compiled at start: for each phase the guards in order. And the Wall that holds them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from ringwall.core.confine import Rows
from ringwall.core.effect import Effect
from ringwall.core.known import Known
from ringwall.core.message import JSON, Head, Headers, RawHead, Request, Response
from ringwall.core.ports import Ports
from ringwall.core.reasons import Layer
from ringwall.core.verdict import Refuse, Verdict

HeadCheck = Callable[[Head, Known], Verdict]
BodyCheck = Callable[[Request, Known], Verdict]
SinkCheck = Callable[[Effect, Known], Verdict]
ReplyCheck = Callable[[Response, Known], Verdict]


def read_json(content: bytes) -> tuple[JSON, bool]:
    """JSON by the standard library, and whether it was JSON at all."""
    try:
        return json.loads(content, parse_constant=_not_json), True
    except (ValueError, RecursionError):
        return None, False


def _not_json(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity, which RFC 8259 does not have


def write_json(data: JSON) -> bytes:
    """Compact JSON in ASCII: a lone surrogate has no UTF-8."""
    return json.dumps(data, separators=(",", ":")).encode()


Check = TypeVar("Check")


@dataclass(frozen=True, slots=True)
class Guard(Generic[Check]):
    """One check of one layer. `because` is the contract's line behind it, for `explain`."""

    layer: Layer
    name: str
    check: Check
    because: str = ""


@dataclass(frozen=True, slots=True)
class Guards:
    """What a layer contributes to one operation, by phase."""

    head: tuple[Guard[HeadCheck], ...] = ()
    body: tuple[Guard[BodyCheck], ...] = ()
    sink: tuple[Guard[SinkCheck], ...] = ()
    reply: tuple[Guard[ReplyCheck], ...] = ()

    def __add__(self, other: Guards) -> Guards:
        return Guards(self.head + other.head, self.body + other.body, self.sink + other.sink, self.reply + other.reply)


BLANK = 16
"""Bytes of content that are read where none is due: clients send `{}` or `null` with a DELETE out of habit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one operation: `body` and `reply` in bytes, `seconds` for the application's whole answer."""

    body: int = 1 << 20
    reply: int = 16 << 20
    seconds: float = 30.0


Aside = tuple[tuple[str, ...], str, JSON, bool]
"""Something said of a list's length: the names that lead to the object that says it, its name there, its value, and
whether it is a number of items."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How a long list of an operation is judged page by page. `uncounted` takes out of a page, in place, what tells how
    long the list at a path is, and `headers` leaves it out of a head. `table` says that a reply may be one (text/csv),
    its columns named like properties."""

    uncounted: Callable[[JSON, tuple[str, ...]], list[Aside]]
    headers: Callable[[Headers], Headers]
    table: bool = False


Serve = Callable[[Request, Known], Response]


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that happens to a request of one operation.

    `body` says whether content is not due ("none": at most `BLANK` bytes are read), read whole before the guards
    see it, or streamed past under the limit. `reply` says whether the reply is read whole where its media
    type can be checked ("whole") or always streamed. `serve` answers in the application's place. `observe` are the
    layers that decide and record, but refuse nothing. `confine` tells the rows that the application may touch for a
    caller. `named` are the path parameters that name objects, with their resources. `listed`
    is there where the answer is a list of objects.
    """

    operation: str
    template: str
    guards: Guards
    limits: Limits = Limits()
    body: Literal["none", "whole", "stream"] = "whole"
    reply: Literal["whole", "stream"] = "whole"
    serve: Serve | None = None
    observe: frozenset[Layer] = frozenset()
    confine: Callable[[Known], tuple[Rows, ...]] | None = None
    named: tuple[tuple[str, str], ...] = ()
    listed: Listed | None = None


Suspect = Callable[[Plan, Request | Head, Refuse], tuple[str, ...]]


def unsuspecting(plan: Plan, message: Request | Head, refuse: Refuse) -> tuple[str, ...]:
    """What looks at no refused input."""
    return ()


@dataclass(frozen=True, slots=True)
class Wall:
    """All plans, and the two ways into them. Made by `build.assemble`, shared by every exchange.

    `dress` puts the headers on that every reply carries, refusals too. `decode` and `encode` are the one JSON
    reader (None and False where it is no JSON) and writer of replies. `must_record` refuses what cannot be
    written to the journal. `suspect` names the kinds of attack that an input refused for its form looks like: for the
    journal alone, so that an attack is told from a slip.
    """

    admit: Callable[[RawHead, str], Head | Refuse]
    route: Callable[[Head], tuple[Plan, Mapping[str, str]]]
    plans: tuple[Plan, ...]
    ports: Ports
    dress: Callable[[Head | None, Response], Response]
    decode: Callable[[bytes], tuple[JSON, bool]] = read_json
    encode: Callable[[JSON], bytes] = write_json
    must_record: bool = True
    suspect: Suspect = unsuspecting
