"""Browser sessions: opened by a sign-in, found by the cookie's secret, ended by their holder, by time or by an admin.

The cookie holds 256 random bits, of which the store keeps only the hash: a thief of the store has no session. Each
sign-in makes a new one, so that what was in the browser before (fixation) never becomes a session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from ringwall.core.ports import Account
from ringwall.core.records import StoredPlace, StoredSession
from ringwall.layers.authentication.credential import SESSION_COOKIE

COOKIE: Final = SESSION_COOKIE
SEEN_EVERY_S: Final = 60.0
"""How exactly the last use is kept: a write for each request would cost more than it tells."""
_LONGEST: Final = 128  # characters of a cookie that is looked at


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: after the last use (`idle`) and after the sign-in (`absolute`). NIST SP 800-63B-4, section 2.2.3, asks
    for at most 1 hour and 24 hours at AAL2."""

    idle_s: float = 3600.0
    absolute_s: float = 43_200.0


@dataclass(frozen=True, slots=True)
class Session:
    """A session that stands. `id` is public and no way in; `amr` are the methods of the sign-in (RFC 8176; `rc` for a
    recovery code); `signed_in` is its time in epoch seconds (`auth_time`); `mfa`: two factors were proved; `agent` is
    what the browser called itself then."""

    id: str
    subject: str
    amr: frozenset[str]
    signed_in: float
    mfa: bool
    agent: str = ""


class SessionStore(Protocol):
    """Where sessions are kept."""

    def add_session(self, digest: bytes, session: StoredSession) -> None: ...
    def session(self, digest: bytes) -> tuple[StoredSession, Account] | None: ...
    def session_seen(self, session_id: str, at: float) -> None: ...
    def sessions_of(self, subject: str) -> list[StoredSession]: ...
    def end_session(self, session_id: str) -> bool: ...
    def end_sessions(self, subject: str, but: str) -> int: ...
    def end_sessions_before(self, seen: float, signed_in: float) -> None: ...
    def places_of(self, session_id: str) -> list[StoredPlace]: ...
    def keep_place(self, session_id: str, place: StoredPlace) -> None: ...


class Sessions:
    """The sessions of one store. Safe from many threads; what ends in one process has ended in all."""

    def __init__(self, store: SessionStore, now: Callable[[], float], limits: Limits | None = None) -> None:
        self._store = store
        self._now = now
        self.limits = limits or Limits()

    def open(self, account: Account, amr: frozenset[str], *, agent: str = "", network: str = "") -> str:
        """The cookie's value for an account that has just proved itself by `amr`. `agent` and `network` say whence,
        for the holder's own list."""
        now, value = self._now(), secrets.token_urlsafe(32)
        self._store.end_sessions_before(now - self.limits.idle_s, now - self.limits.absolute_s)
        made = StoredSession(secrets.token_hex(8), account.subject, amr, now, now, agent, network)
        self._store.add_session(_digest(value), made)
        return value

    def find(self, cookie: str) -> Session | None:
        """The session of a cookie's value; None where it is unknown, ended, over its limits or its account disabled."""
        found = self.whose(cookie)
        return found[0] if found else None

    def whose(self, cookie: str, *, used: bool = True) -> tuple[Session, Account] | None:
        """The session and its account as it is now, or None as `find`. Counts as a use of it, unless it is no person's
        doing (`used`): a page that renews itself keeps nobody signed in."""
        found = self._store.session(_digest(cookie)) if cookie and len(cookie) <= _LONGEST else None
        if found is None:
            return None
        stored, account = found
        now = self._now()
        if self._over(stored, now):
            self._store.end_session(stored.id)
            return None
        if used and not 0.0 <= now - stored.seen < SEEN_EVERY_S:
            self._store.session_seen(stored.id, now)
        return _session(stored), account

    def list(self, subject: str) -> list[StoredSession]:
        """The sessions of a subject that stand, newest first."""
        now = self._now()
        return [each for each in self._store.sessions_of(subject) if not self._over(each, now)]

    def end(self, session_id: str) -> None:
        """End one session now."""
        self._store.end_session(session_id)

    def end_all(self, subject: str, *, but: str = "") -> int:
        """End every session of a subject, save the one with the id `but`, and say how many that were."""
        return self._store.end_sessions(subject, but)

    def _over(self, stored: StoredSession, now: float) -> bool:
        return now - stored.seen >= self.limits.idle_s or now - stored.signed_in >= self.limits.absolute_s


def _session(stored: StoredSession) -> Session:
    return Session(stored.id, stored.subject, stored.amr, stored.signed_in, "mfa" in stored.amr, stored.agent)


def _digest(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "surrogatepass")).digest()
