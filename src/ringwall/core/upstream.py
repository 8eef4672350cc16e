"""Sessions with the application's own login: the questions that guards ask of them, and the answers, as values.

The application's token is in them and is never printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ringwall.core.message import JSON
from ringwall.core.ports import Question

Cookies = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Held:
    """What the application gave at a sign-in, and its caller does not get: its token, a refresh token, cookies."""

    token: str = field(repr=False)
    refresh: str = field(default="", repr=False)
    cookies: Cookies = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Session:
    """Whom the application's login knows behind one of ringwall's tokens; `roles` are the contract's, as granted.
    `expires` is in epoch seconds."""

    id: str
    subject: str
    roles: frozenset[str]
    tenant: str | None
    created: float
    expires: float
    held: Held


@dataclass(frozen=True, slots=True)
class StoredUpstream:
    """A row. `digest`, `refresh` and `spent` are SHA-256 of ringwall's own tokens: the one in use, the one that gets
    the next, and the last that was used for that. `sealed` is what the application gave, encrypted."""

    id: str
    digest: bytes
    refresh: bytes | None
    spent: bytes | None
    subject: str
    roles: frozenset[str]
    tenant: str | None
    created: float
    expires: float
    sealed: bytes


@dataclass(frozen=True, slots=True)
class Issued:
    """The tokens that the caller gets in place of the application's; `refresh` is empty where it gave none."""

    session: Session
    token: str = field(repr=False)
    refresh: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Unknown:
    """Why nobody was signed in: the application's profile did not tell who it is."""

    why: str


@dataclass(frozen=True, slots=True)
class FindUpstream(Question):
    """The session behind a token of ours, by the token's SHA-256. Answer: a `Session`, or None where none stands."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class SessionNamed(Question):
    """The session of an id. Answer: a `Session`, or None where none stands."""

    id: str


@dataclass(frozen=True, slots=True)
class RefreshSession(Question):
    """The session behind a refresh token of ours, by its SHA-256; one that was used before ends its session.
    Answer: a `Session`, or None."""

    digest: bytes


@dataclass(frozen=True, slots=True)
class BeginSignIn(Question):
    """A sign-in at the application is to be tried for these names. Answer: the seconds to wait first, 0.0 for none."""

    names: tuple[str, ...]
    client: str
    slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class StartSession(Question):
    """A sign-in went well: keep what the application gave. `reply` is its reply, for an API without a profile.
    Answer: `Issued`, or `Unknown`."""

    held: Held
    reply: JSON = field(repr=False)
    names: tuple[str, ...] = ()
    client: str = ""
    slow: ClassVar[bool] = True


@dataclass(frozen=True, slots=True)
class RenewSession(Question):
    """The application gave a new token in place of the old one, and a new refresh token if `rotates`. Answer:
    `Issued`, with new tokens of ours too, or None where the session ended meanwhile."""

    id: str
    held: Held
    rotates: bool


@dataclass(frozen=True, slots=True)
class KeepHeld(Question):
    """The application changed its cookies: keep them for the session. Answer: None."""

    id: str
    held: Held


@dataclass(frozen=True, slots=True)
class EndSession(Question):
    """The caller signed out. Answer: None."""

    id: str
