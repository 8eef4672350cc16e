"""What a guard may answer. A guard returns one of these: it never returns None and never raises to refuse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ringwall.core.value import quick

if TYPE_CHECKING:
    from ringwall.core.known import Known
    from ringwall.core.message import Header, Request, Response
    from ringwall.core.ports import Question
    from ringwall.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Pass:
    """The guard has nothing against it."""


PASS: Final = Pass()


@quick
@dataclass(frozen=True, slots=True)
class Learned:
    """A fact was established; `known` replaces what was known before. `note` tells the event by what, where that is
    worth telling; never data of the request."""

    known: Known
    note: str = ""


@quick
@dataclass(frozen=True, slots=True)
class Rewritten:
    """The message goes on changed. `note` says what was done in a word or two, never the data."""

    message: Request | Response
    note: str


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing in the input that the caller may mend: a JSON pointer (RFC 6901) and a reason code."""

    pointer: str
    reason: str


@quick
@dataclass(frozen=True, slots=True)
class Refuse:
    """The exchange ends here. `headers` are what a standard asks to go with it (Retry-After, Allow …).

    `detail` is for the operator's event alone and never reaches the caller; it holds no data of the request.
    `onward` makes what is known nevertheless, for a layer that only observes: later layers still have to work.
    """

    reason: Reason
    faults: tuple[Fault, ...] = ()
    headers: tuple[Header, ...] = ()
    detail: str = ""
    onward: Callable[[], Known] | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What would have been refused where the contract says to watch only (a field's `observe`): it is recorded with
    the reason, the places and the detail of `refuse`, and the exchange goes on."""

    refuse: Refuse


@quick
@dataclass(frozen=True, slots=True)
class Ask:
    """Only I/O can tell. The adapter answers `question` from its ports; `then` judges the answer."""

    question: Question
    then: Callable[[object], Verdict]


Verdict = Pass | Learned | Rewritten | Refuse | Observed | Ask
