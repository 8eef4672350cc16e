"""API keys: issued once in clear, kept as a hash, ended at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from ringwall.core.records import KeyRecord
from ringwall.engines.crypto import apikeys

NOTED_S = 60.0
_MANY = 20_000


class KeyStore(Protocol):
    """Where keys are kept."""

    def add_key(self, key: KeyRecord) -> None: ...
    def key(self, key_id: str) -> KeyRecord | None: ...
    def keys(self) -> list[KeyRecord]: ...
    def end_key(self, key_id: str, at: float) -> bool: ...
    def key_used(self, key_id: str, at: float) -> None: ...


class ApiKeys:
    """The keys of one store."""

    def __init__(self, store: KeyStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._noted: dict[str, float] = {}

    def issue(
        self,
        name: str,
        roles: frozenset[str],
        *,
        tenant: str | None = None,
        scopes: frozenset[str] = frozenset(),
        subject: str | None = None,
        lifetime_s: float | None = None,
        rate: tuple[int, float] | None = None,
        addresses: tuple[str, ...] = (),
    ) -> tuple[str, KeyRecord]:
        """A new key, in clear for this one time, and its record."""
        made = apikeys.issue(os.urandom)
        now = self._now()
        record = KeyRecord(
            made.id,
            name,
            made.digest(),
            subject or f"key-{made.id}",
            roles,
            scopes,
            tenant,
            now,
            now + lifetime_s if lifetime_s is not None else None,
            rate=rate,
            addresses=addresses,
        )
        self._store.add_key(record)
        return made.text(), record

    def rotate(self, key_id: str, overlap_s: float) -> tuple[str, KeyRecord] | None:
        """A successor with the same rights and as long a life; the old key ends after the overlap. None where there
        is no such key, or it ended or is being replaced."""
        old = self._store.key(key_id)
        if old is None or old.revoked is not None or (old.expires is not None and old.expires <= self._now()):
            return None
        life = old.expires - old.created if old.expires is not None else None
        made = self.issue(
            old.name,
            old.roles,
            tenant=old.tenant,
            scopes=old.scopes,
            subject=old.subject,
            lifetime_s=life,
            rate=old.rate,
            addresses=old.addresses,
        )
        self._store.end_key(key_id, self._now() + overlap_s)
        return made

    def used(self, key_id: str) -> None:
        """A key was used: written down once a minute at most, so that no request waits for the disk."""
        now = self._now()
        if now - self._noted.get(key_id, 0.0) < NOTED_S:
            return
        self._noted[key_id] = now
        if len(self._noted) > _MANY:
            self._noted.pop(next(iter(self._noted)), None)
        self._store.key_used(key_id, now)

    def revoke(self, key_id: str) -> bool:
        """End a key now. False where there is none, or it ended before."""
        return self._store.end_key(key_id, self._now())

    def list(self) -> list[KeyRecord]:
        """All keys, oldest first."""
        return self._store.keys()
