"""Signing in at the application's own login: its token stays here, the caller gets a token of ringwall's (a phantom).

The token is 256 random bits that say nothing; only its hash is stored, and what the application gave is encrypted
under the root key, bound to the session. Who it is, is asked of the application once, with its new token.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from ringwall.contract.logins import UpstreamLogin
from ringwall.contract.upstream import values_at
from ringwall.core.message import JSON, Header, Response
from ringwall.core.ports import Fetch
from ringwall.core.upstream import (
    BeginSignIn,
    EndSession,
    FindUpstream,
    Held,
    Issued,
    KeepHeld,
    RefreshSession,
    RenewSession,
    Session,
    SessionNamed,
    StartSession,
    StoredUpstream,
    Unknown,
)
from ringwall.engines.crypto.secret import Secret
from ringwall.identity.guessing import Caller, Guessing
from ringwall.layers.authentication.upstream import PREFIX, carried
from ringwall.layers.quota import network

_HOLDER: Final = "upstream-session"
_LOCAL: Final = ("acc-", "key-")


class Sealing(Protocol):
    """The root key, as far as it is needed here."""

    def wrap(self, key: Secret, kid: str, holder: str, random: Callable[[int], bytes]) -> bytes: ...
    def unwrap(self, wrapped: bytes, kid: str, holder: str) -> Secret | None: ...


class SessionStore(Protocol):
    """Where sessions are kept."""

    def add(self, session: StoredUpstream, now: float) -> None: ...
    def by_digest(self, digest: bytes) -> StoredUpstream | None: ...
    def by_id(self, session_id: str) -> StoredUpstream | None: ...
    def by_refresh(self, digest: bytes) -> StoredUpstream | None: ...
    def by_spent(self, digest: bytes) -> StoredUpstream | None: ...
    def renew(self, session_id: str, digest: bytes, refresh: bytes | None, sealed: bytes) -> bool: ...
    def reseal(self, session_id: str, sealed: bytes) -> None: ...
    def end(self, session_id: str) -> None: ...


Standing = Callable[[str, str, float], bool]
"""(subject, credential, issued) -> whether nobody revoked it."""


class UpstreamSessions:
    """The sessions of one deployment. Each method answers one question; any thread may ask."""

    def __init__(
        self,
        login: UpstreamLogin,
        store: SessionStore,
        sealing: Sealing,
        stands: Standing,
        fetch: Callable[[Fetch], Response],
        base_path: str,
        guessing: Guessing,
        now: Callable[[], float],
    ) -> None:
        self._login = login
        self._store = store
        self._sealing = sealing
        self._stands = stands
        self._fetch = fetch
        self._base = base_path
        self._now = now
        self._guessing = guessing

    def begin(self, asked: BeginSignIn) -> float:
        """The wait before a sign-in, over each name that the request could mean."""
        caller = Caller(network(asked.client))
        return max(self._guessing.begin(name, caller, self._now()) for name in _guessed(asked.names))

    def start(self, asked: StartSession) -> Issued | Unknown:
        """A session for what the application gave; nobody is signed in unless it says who that is."""
        for name in _guessed(asked.names):
            self._guessing.succeeded(name, Caller(network(asked.client)), self._now())
        profile = self._profile(asked)
        if isinstance(profile, Unknown):
            return profile
        subject = _name(profile, self._login.subject)
        if not subject or subject.startswith(_LOCAL):
            return Unknown("no subject, or one that is named as ringwall's own are")
        tenant = _name(profile, self._login.tenant) if self._login.tenant else None
        now, session_id = self._now(), secrets.token_hex(12)
        session = Session(
            session_id,
            subject,
            self._roles(profile),
            tenant if tenant != "*" else None,
            now,
            now + self._login.lifetime_s,
            asked.held,
        )
        token, refresh = _token(), _token() if asked.held.refresh else ""
        self._store.add(
            StoredUpstream(
                session_id,
                digest(token),
                digest(refresh) if refresh else None,
                None,
                subject,
                session.roles,
                session.tenant,
                now,
                session.expires,
                self._sealed(session_id, asked.held),
            ),
            now,
        )
        return Issued(session, token, refresh)

    def find(self, asked: FindUpstream) -> Session | None:
        """The session behind a token."""
        return self._session(self._store.by_digest(asked.digest))

    def named(self, asked: SessionNamed) -> Session | None:
        """The session of an id."""
        return self._session(self._store.by_id(asked.id))

    def refresh(self, asked: RefreshSession) -> Session | None:
        """The session behind a refresh token. One that was used before was stolen, from the caller or by it: the
        session ends (RFC 9700, section 4.14.2)."""
        found = self._session(self._store.by_refresh(asked.digest))
        if found is None:
            spent = self._store.by_spent(asked.digest)
            if spent is not None:
                self._store.end(spent.id)
        return found

    def renew(self, asked: RenewSession) -> Issued | None:
        """New tokens on both sides; the old ones end."""
        session = self._session(self._store.by_id(asked.id))
        token, refresh = _token(), _token() if asked.rotates else ""
        kept = session is not None and self._store.renew(
            asked.id, digest(token), digest(refresh) if refresh else None, self._sealed(asked.id, asked.held)
        )
        if session is None or not kept:
            return None
        fresh = Session(
            session.id, session.subject, session.roles, session.tenant, session.created, session.expires, asked.held
        )
        return Issued(fresh, token, refresh)

    def keep(self, asked: KeepHeld) -> None:
        """What the application changed of its cookies."""
        self._store.reseal(asked.id, self._sealed(asked.id, asked.held))

    def end(self, asked: EndSession) -> None:
        """The session is over."""
        self._store.end(asked.id)

    def revoke(self, token: str) -> None:
        """End the session of an access or refresh token, if there is one (RFC 7009)."""
        found = self._store.by_digest(digest(token)) or self._store.by_refresh(digest(token))
        if found is not None:
            self._store.end(found.id)

    def authorized(self, asked: Fetch) -> Fetch:
        """A read of our own on behalf of a session, with what the application wants to see for it."""
        kind, _, session_id = asked.on_behalf.partition(":")
        session = self.named(SessionNamed(session_id)) if kind == "upstream" else None
        return Fetch(asked.target, carried(self._login, session.held), fresh=asked.fresh) if session else asked

    def _session(self, row: StoredUpstream | None) -> Session | None:
        if row is None or row.expires <= self._now():
            return None
        if not self._stands(row.subject, f"upstream:{row.id}", row.created):
            return None
        opened = self._sealing.unwrap(row.sealed, row.id, _HOLDER)
        if opened is None:
            return None
        token, refresh, cookies = json.loads(opened.reveal())
        held = Held(token, refresh, cookies)
        return Session(row.id, row.subject, row.roles, row.tenant, row.created, row.expires, held)

    def _sealed(self, session_id: str, held: Held) -> bytes:
        content = json.dumps([held.token, held.refresh, dict(held.cookies)]).encode()
        return self._sealing.wrap(Secret(content), session_id, _HOLDER, secrets.token_bytes)

    def _profile(self, asked: StartSession) -> JSON | Unknown:
        """What the application says of whom it just signed in."""
        profile = self._login.profile
        if profile is None:
            return asked.reply
        headers: tuple[Header, ...] = carried(self._login, asked.held)
        reply = self._fetch(Fetch(self._base + profile.split(" ", 1)[1], headers))
        if reply.status != 200:
            return Unknown(f"the profile answered {reply.status}")
        try:
            document: JSON = json.loads(reply.body or b"")
        except (ValueError, RecursionError):
            return Unknown("the profile is no JSON")
        return document

    def _roles(self, profile: JSON) -> frozenset[str]:
        words = {word for pointer in self._login.roles for word in _words(profile, pointer)}
        mapped = {self._login.map[w] for w in words if w in self._login.map} if self._login.map else words
        return frozenset(mapped) | self._login.grant


def digest(token: str) -> bytes:
    """What a token of ours is stored and found by: SHA-256, since it has 256 bits of its own."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _guessed(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names as guessing counts them: apart from those of ringwall's own accounts."""
    return tuple(f"upstream {name}" for name in names or ("",))


def _token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _name(document: JSON, pointer: str) -> str:
    """A name at a pointer: a text or a whole number; empty for anything else."""
    value = next(values_at(document, pointer), None)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _words(document: JSON, pointer: str) -> Iterable[str]:
    """The roles at a pointer: words of a text, of a list, a number as text; a flag that is set names itself."""
    for value in values_at(document, pointer):
        for each in value if isinstance(value, list) else [value]:
            if each is True:
                yield pointer.rpartition("/")[2]
            elif isinstance(each, str):
                yield from (each, *each.replace(",", " ").split())
            elif isinstance(each, int) and not isinstance(each, bool):
                yield str(each)
