"""What the stores keep, as values that identity and state share."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredAccount:
    """A local account. `password` is an Argon2id hash as a PHC string; `roles` are as granted, not effective."""

    subject: str
    name: str
    password: str
    roles: frozenset[str]
    tenant: str | None
    disabled: bool
    created: float


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """An API key: its secret's hash, whom it speaks for, and until when (epoch seconds; None: no end).

    `rate` is requests in so many seconds; `addresses` are the networks that it may be used from (none: anywhere);
    `last_used` is right to a minute or so.
    """

    key_id: str
    name: str
    digest: bytes
    subject: str
    roles: frozenset[str]
    scopes: frozenset[str]
    tenant: str | None
    created: float
    expires: float | None
    revoked: float | None = None
    rate: tuple[int, float] | None = None
    addresses: tuple[str, ...] = ()
    last_used: float | None = None


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A browser session, without its secret: public id, subject, methods of the sign-in (RFC 8176), times in epoch
    seconds, and whence it was opened."""

    id: str
    subject: str
    amr: frozenset[str]
    signed_in: float
    seen: float
    agent: str
    network: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """A WebAuthn credential of an account: its id, the site (RP id) it was made for, the holder's name for it, the
    COSE public key, the signature counter last seen, whether it is synced between devices, times in epoch seconds."""

    id: bytes
    subject: str
    site: str
    name: str
    public_key: bytes
    counter: int
    synced: bool
    created: float
    used: float | None


@dataclass(frozen=True, slots=True)
class StoredPlace:
    """Whence a session was used: network, kind of browser, when last (epoch seconds), and whether that was told as
    odd."""

    network: str
    browser: str
    last: float
    told: bool = False
