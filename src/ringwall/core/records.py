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
