"""What this layer is told at start, and what all its operations share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from ringwall.contract.model import Issuer
from ringwall.core.known import Principal
from ringwall.engines.policy import Roles
from ringwall.engines.tokens import Expectation, KeySet
from ringwall.layers.authentication.bound import Proofs

_MANY = 20_000


@dataclass(frozen=True, slots=True)
class Own:
    """Ringwall's own tokens: the keys that verify them now, and what they must say."""

    keys: Callable[[], KeySet]
    expect: Expectation


@dataclass(slots=True)
class Remembered:
    """A credential judged before: whom it proved, until when, and when it was last asked whether it stands."""

    principal: Principal
    until: float
    asked: float


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
class Settings:
    """Which credentials are taken, the roles there are, and how old an answer about a credential may be (s).
    `session_origins` are those whose pages may come with a session, beside our own; `proofs`: DPoP."""

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
