"""What an Exchange wants of its adapter, besides answers to questions: values, each with one kind of result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwall.core.event import Event
from ringwall.core.message import Request, Response
from ringwall.core.plan import Plan
from ringwall.core.reasons import Reason
from ringwall.core.value import quick


@quick
@dataclass(frozen=True, slots=True)
class ReadBody:
    """Read the request's whole content: at most `limit` bytes, the first of them within `seconds`."""

    limit: int
    seconds: float = 30.0


@quick
@dataclass(frozen=True, slots=True)
class Forward:
    """Hand the request to the application; a body of None is streamed from the caller, at most `limit` bytes."""

    request: Request
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReadReply:
    """Read the reply's whole content, at most `limit` bytes."""

    limit: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """The reply is longer than asked: the adapter keeps what it read and can go on streaming it, unless the exchange
    wants it (`take`, once), since it goes on in pages."""

    take: Callable[[], bytes] = bytes


@dataclass(frozen=True, slots=True)
class Sifted:
    """What can leave of a reply that goes on in pages. With a reason, it ends here, unfinished."""

    part: bytes
    reason: Reason | None = None


@quick
@dataclass(frozen=True, slots=True)
class Record:
    """Write the event to the journal before anything leaves."""

    event: Event


@quick
@dataclass(frozen=True, slots=True)
class Send:
    """Send the reply. The exchange is over."""

    response: Response
