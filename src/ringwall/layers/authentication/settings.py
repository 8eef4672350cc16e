"""What this layer is told at start, and what all its operations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from ringwall.contract.logins import Certificates, UpstreamLogin
from ringwall.contract.model import Issuer
from ringwall.core.admit import Network
from ringwall.core.known import Principal
from ringwall.core.upstream import Issued, Session
from ringwall.engines.policy import Roles
from ringwall.engines.tokens import Expectation, KeySet
from ringwall.layers.authentication.bound import Proofs

_MANY = 20_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Own:
    """Ringwall's own tokens: the keys that verify them now, and what they must say."""

    keys: Callable[[], KeySet]
    expect: Expectation


@dataclass(slots=True)
class Remembered:
    """A credential judged before: whom it proved, until when, when it was last asked whether it stands, and the
    networks that it may come from (none: any)."""

    principal: Principal
    until: float
    asked: float
    within: tuple[Network, ...] = ()


class Memory:
    """Judged credentials by their hash; bounded, oldest out first. One dictionary operation a look-up."""

    __slots__ = ("_entries",)

    def __init__(self) -> None:
        self._entries: dict[bytes, Remembered] = {}

    def get(self, digest: bytes, now: float) -> Remembered | None:
        """What is remembered of a credential, unless its time is over."""
        entry = self._entries.get(digest)
        if entry is None or entry.until > now:
            return entry
        self._entries.pop(digest, None)
        return None

    def keep(self, digest: bytes, entry: Remembered) -> None:
        """Remember a judged credential."""
        if len(self._entries) >= _MANY:
            self._entries.pop(next(iter(self._entries)), None)
        self._entries[digest] = entry

    def forget(self, digest: bytes) -> None:
        """Let go of a credential that no longer stands."""
        self._entries.pop(digest, None)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The application's own login, and what its requests share: sessions by credential; by request the names of those
    who try to sign in, sessions being renewed, and tokens on their way to a caller. `secure` is for cookies;
    `watching`: the contract only observes, so nothing is taken away."""

    login: UpstreamLogin
    secure: bool
    watching: bool
    sessions: dict[str, Session] = field(default_factory=dict, repr=False)
    trying: dict[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    renewing: dict[str, Session] = field(default_factory=dict, repr=False)
    issued: dict[str, Issued] = field(default_factory=dict, repr=False)

    def hold(self, session: Session) -> None:
        """Keep a session at hand under the name that the journal has for it."""
        bounded(self.sessions, f"upstream:{session.id}", session)


def bounded(entries: dict[str, T], name: str, value: T) -> None:
    """Keep a value; the oldest gives way to the newest."""
    entries[name] = value
    if len(entries) > _MANY:
        entries.pop(next(iter(entries)), None)


@dataclass(frozen=True, slots=True)
class Settings:
    """Which credentials are taken, the roles there are, and how old an answer about a credential may be (s).
    `session_origins` are those whose pages may come with a session, beside our own; `proofs`: DPoP.
    `key_places`: headers in which the API's own clients put a key, in lower case."""

    own: Own | None
    issuers: Mapping[str, Issuer]
    api_keys: bool
    basic: bool
    roles: Roles
    staleness_s: float
    proofs: Proofs | None = None
    sessions: bool = False
    session_origins: frozenset[str] = frozenset()
    memory: Memory = field(default_factory=Memory)
    upstream: Upstream | None = None
    certificates: Certificates | None = None
    key_places: tuple[str, ...] = ()
