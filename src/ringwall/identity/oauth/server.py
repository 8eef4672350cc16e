"""What all endpoints share: the store, the keys, who is signed in, and how an event is told."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Protocol

from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.oauth import Client, Device, Grant, Ticket
from ringwall.core.ports import Account
from ringwall.engines.tokens.dpop import Nonces
from ringwall.identity.guessing import Guessing
from ringwall.identity.sessions import COOKIE, Session
from ringwall.identity.tokens import Tokens

BASE: Final = "/.ringwall/oauth"
OPENID: Final = {
    "openid": "Know who you are here",
    "profile": "Know the name you sign in by",
    "offline_access": "Stay connected when you are away",
}
"""The scopes of OpenID Connect that exist here, as a person is asked for them."""


class Store(Protocol):
    """Where the server keeps what it has to remember (`state.oauth`)."""

    def atomic(self) -> AbstractContextManager[None]: ...
    def client(self, client_id: str) -> Client | None: ...
    def secrets(self, client_id: str, now: float) -> list[bytes]: ...
    def once(self, kind: str, value: bytes, now: float, until: float) -> bool: ...
    def keep_request(self, digest: bytes, kind: str, document: str, now: float, until: float) -> None: ...
    def request(self, digest: bytes, kind: str, now: float) -> str | None: ...
    def take_request(self, digest: bytes, kind: str, now: float) -> str | None: ...
    def open_family(self, grant: Grant, until: float) -> None: ...
    def change_family(self, grant: Grant) -> None: ...
    def add_ticket(self, digest: bytes, kind: str, grant: Grant, scopes: tuple[str, ...], until: float) -> None: ...
    def ticket(self, digest: bytes, kind: str) -> Ticket | None: ...
    def use_ticket(self, digest: bytes, now: float) -> bool: ...
    def issued(self, token_id: str, family: str, until: float) -> None: ...
    def family_of(self, token_id: str) -> str | None: ...
    def end_families(self, column: str, value: str, now: float) -> list[tuple[str, float]]: ...
    def consented(self, subject: str, client_id: str) -> frozenset[str]: ...
    def consent(self, subject: str, client_id: str, scopes: frozenset[str], now: float) -> None: ...


class DeviceStore(Protocol):
    """Where devices wait (`state.oauth_devices`)."""

    def add_device(self, digest: bytes, user_code: bytes, device: Device, now: float) -> bool: ...
    def device(self, digest: bytes) -> Device | None: ...
    def device_of_user(self, user_code: bytes) -> tuple[bytes, Device] | None: ...
    def change_device(self, digest: bytes, device: Device) -> None: ...


class Sessions(Protocol):
    """Who is signed in in a browser."""

    def whose(self, cookie: str) -> tuple[Session, Account] | None: ...
    def end(self, session_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """An event of the server's own: what happened, to whom, and the permanent reason where it is an alarm."""

    what: str
    client_id: str
    subject: str = ""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Server:
    """The authorization server of one issuer. `scopes` are those that the contract speaks of; `stated` the clients
    that it registers; `network` tells which addresses count as one caller; `account` gives a subject's account as it is
    now, unless it is disabled; `certificates`: callers are asked for theirs."""

    store: Store
    devices: DeviceStore
    sessions: Sessions
    tokens: Tokens
    nonces: Nonces
    secret: bytes = field(repr=False)
    scopes: frozenset[str]
    stated: Mapping[str, Client]
    tell: Callable[[Told, Known], None]
    network: Callable[[str], str]
    guessing: Guessing
    account: Callable[[str], Account | None]
    certificates: bool
    now: Callable[[], float]

    @property
    def issuer(self) -> str:
        """The issuer's identifier, a URL without a path."""
        return self.tokens.issuer

    def url(self, name: str) -> str:
        """The address of an endpoint."""
        return f"{self.issuer}{BASE}/{name}"

    def client(self, client_id: str | None) -> Client | None:
        """A registered client: the contract's, else the store's."""
        if not client_id or len(client_id) > 200:
            return None
        return self.stated.get(client_id) or self.store.client(client_id)

    def signed_in(self, head: Head) -> tuple[Session, Account] | None:
        """Who is signed in in the browser that asks. A cookie that came twice is none."""
        found = [value for name, value in head.cookies if name == COOKIE]
        return self.sessions.whose(found[0]) if len(found) == 1 else None

    def end(self, column: str, value: str) -> bool:
        """End the families of a `family`, `session`, `subject` or `client_id`, and what is alive of their access
        tokens. To be called within a transaction."""
        alive = self.store.end_families(column, value, self.now())
        for token_id, until in alive:
            self.tokens.revoke_id(token_id, until)
        return bool(alive)


def fresh() -> str:
    """256 random bits as a text for a URL: a code, a token, a request's name."""
    return secrets.token_urlsafe(32)


def digest(text: str) -> bytes:
    """What is kept of one."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
