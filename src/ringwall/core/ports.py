"""The questions that guards may ask of the world, and the ports that answer them.

A question is a value. `slow` says whether answering may wait for the network or burn a core: an adapter on an
event loop answers those in a thread. A port raises `Unavailable` when it cannot tell; that refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from ringwall.core.event import Event
from ringwall.core.message import JSON, Headers
from ringwall.core.value import quick


class Unavailable(Exception):
    """A port cannot answer now. The judge turns it into `internal.store`."""


class Question:
    """Base of all questions."""

    __slots__ = ()
    slow: ClassVar[bool] = False


@quick
@dataclass(frozen=True, slots=True)
class Call(Question):
    """Work that must not hold an event loop. Answer: what `do` returns."""

    do: Callable[[], object]
    slow: ClassVar[bool] = True


@quick
@dataclass(frozen=True, slots=True)
class FindKey(Question):
    """The record of an API key by its public id. Answer: a `records.KeyRecord`, another key's where there is none of
    this id (so that both take the same time), or None."""

    key_id: str


@dataclass(frozen=True, slots=True)
class KeyUsed(Question):
    """An API key was used just now: kept once a minute at most. Answer: None."""

    key_id: str


@quick
@dataclass(frozen=True, slots=True)
class Standing(Question):
    """Whether a token still stands. Answer: True, or False where it, its family or its subject was revoked."""

    subject: str
    token_id: str
    issued: float


@dataclass(frozen=True, slots=True)
class KeysAtHand(Question):
    """The keys of an outside issuer, if nobody need wait for them. Answer: an `engines.tokens.KeySet`, or None."""

    issuer: str


@dataclass(frozen=True, slots=True)
class Once(Question):
    """Whether a value of a kind is seen for the first time, by any worker. It is remembered until then (epoch
    seconds). Answer: True, or False where it was seen."""

    kind: str
    value: bytes
    until: float


@quick
@dataclass(frozen=True, slots=True)
class Vouched(Question):
    """Whether ringwall itself issued this credential (`token:ID`, `key:ID`, `session:ID`) to this subject: by the
    store's own record, whatever the credential says. Answer: True or False."""

    credential: str
    subject: str


@dataclass(frozen=True, slots=True)
class KeysOf(Question):
    """The keys of an outside issuer, fetched now if that may be. Answer: a `KeySet`, or None where none was had."""

    issuer: str
    slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class CheckPassword(Question):
    """Basic credentials. Answer: `Account` or None, after equal work either way."""

    name: str
    password: str
    client: str
    slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class FindSession(Question):
    """The browser session of a cookie's value, used by this client. Answer: a `Seat` or None."""

    cookie: str
    client: str
    agent: str

    def __repr__(self) -> str:
        return f"FindSession({self.client})"


@dataclass(frozen=True, slots=True)
class Account:
    """A local account, without its secret."""

    subject: str
    name: str
    roles: frozenset[str]
    tenant: str | None


@quick
@dataclass(frozen=True, slots=True)
class Seat:
    """A session that stands: its public id, its account, the methods of the sign-in (RFC 8176), its time (epoch
    seconds), and whether two factors were proved."""

    session_id: str
    account: Account
    amr: frozenset[str]
    signed_in: float
    mfa: bool


@quick
@dataclass(frozen=True, slots=True)
class OwnerOf(Question):
    """Who owns an object. Answer: `Ownership` or None where nothing is remembered."""

    resource: str
    id: str


@quick
@dataclass(frozen=True, slots=True)
class Ownership:
    """An object's owner (a subject) and tenant, each None where unknown."""

    owner: str | None
    tenant: str | None


@quick
@dataclass(frozen=True, slots=True)
class Remember(Question):
    """Keep who owns an object that was just created, or given away. Answer: None."""

    resource: str
    id: str
    owner: str | None
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Forget(Question):
    """Know no more who owns an object: it is gone, or another's by now. Answer: None."""

    resource: str
    id: str


@dataclass(frozen=True, slots=True)
class OwnersOf(Question):
    """Who owns each of many objects of one resource. Answer: a mapping of those ids that are remembered to their
    `Ownership`."""

    resource: str
    ids: tuple[str, ...]


@quick
@dataclass(frozen=True, slots=True)
class ResolverOf(Question):
    """The application's own way to tell whose an object is. Answer: a callable of the id to its `Ownership` (which may
    wait, so it is then called as a `Call`), or None where it has none."""

    resource: str


@dataclass(frozen=True, slots=True)
class GrantsOf(Question):
    """The roles granted to a subject for now, beside those of its account. Answer: `Granted`."""

    subject: str
    now: float


@dataclass(frozen=True, slots=True)
class Granted:
    """Roles, and until when nothing changes about them (epoch seconds)."""

    roles: frozenset[str]
    until: float


@dataclass(frozen=True, slots=True)
class Fetch(Question):
    """Read from the application itself: `GET target`. Answer: a whole `Response`. `headers` go with it; `on_behalf`
    names the credential of the caller whom it is for, since an API with a login of its own answers nobody else.
    `fresh`: an answer that was kept is none."""

    target: str
    headers: Headers = field(default=(), repr=False)
    on_behalf: str = ""
    fresh: bool = False
    slow: ClassVar[bool] = True


@quick
@dataclass(frozen=True, slots=True)
class Place:
    """Where an encrypted value belongs: what it is bound to. None is what is not known. `equal`: the same value of
    the same field and tenant is to be the same text, so that it can be found; it is then bound to no more."""

    resource: str
    field: str
    tenant: str | None
    owner: str | None
    object_id: str | None
    equal: bool = False


@quick
@dataclass(frozen=True, slots=True)
class Seal(Question):
    """Encrypt values for their places; those of one object that is being made share a record. Answer: a tuple of
    texts, or `Unavailable` is raised."""

    values: tuple[tuple[JSON, Place], ...]


@quick
@dataclass(frozen=True, slots=True)
class Unseal(Question):
    """Open encrypted texts in their places. Answer: a tuple of `Opened` and `Unopened`, in order."""

    texts: tuple[tuple[str, Place], ...]


@quick
@dataclass(frozen=True, slots=True)
class Opened:
    """A value in clear."""

    value: JSON


@dataclass(frozen=True, slots=True)
class Unopened:
    """Why a text does not open: a code of the encryption layer."""

    reason: str


class Recorder(Protocol):
    """The journal's side of an exchange: in the operating system before it returns, or `Unavailable`."""

    def __call__(self, event: Event) -> None: ...


Answers = Mapping[type[Question], Callable[[Question], object]]


@dataclass(frozen=True, slots=True)
class Ports:
    """All I/O that an exchange may cause, as plain callables.

    `now` is the time in epoch seconds, `ticks` a monotonic count of nanoseconds, `new_id` a fresh request id. `at_hand`
    has the answers to slow questions for which nobody need wait this time, or None where there is none.
    """

    answers: Answers
    record: Recorder
    now: Callable[[], float]
    ticks: Callable[[], int]
    new_id: Callable[[], str]
    at_hand: Answers = field(default_factory=dict)

    def answer(self, question: Question) -> object:
        """Answer a question, or raise `Unavailable`."""
        answerer = self.answers.get(type(question))
        if answerer is not None:
            return answerer(question)
        if isinstance(question, Call):
            return question.do()
        raise Unavailable(type(question).__name__)
