"""The keys of encrypted fields: kept wrapped in `state.db`, opened under the root key, and what seals with them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Protocol

import orjson

from ringwall.core.message import JSON
from ringwall.core.ports import Opened, Place, Seal, Unavailable, Unopened, Unseal
from ringwall.engines.crypto.fields import (
    RECORD_BYTES,
    FieldContext,
    decrypt_value,
    encrypt_equal,
    encrypt_value,
)
from ringwall.engines.crypto.flaws import CryptoRefused
from ringwall.engines.crypto.keyring import KeyRing, StoredKey
from ringwall.engines.crypto.rootkey import RootKey


class SealedStore(Protocol):
    """Where wrapped keys lie."""

    def sealed_keys(self) -> dict[str, bytes]: ...
    def seal(self, key_id: str, sealed: bytes) -> None: ...
    def seal_first(self, key_id: str, sealed: bytes) -> None: ...
    def unseal(self, key_id: str) -> None: ...


class WrappedKeys:
    """The engine's key store over `state.db`, read anew when another process may have added a key."""

    def __init__(self, store: SealedStore) -> None:
        self._store = store
        self._known: dict[str, StoredKey] = {}

    def get(self, kid: str) -> StoredKey | None:
        """The key of that name."""
        if kid not in self._known:
            self._read()
        return self._known.get(kid)

    def of(self, holder: str) -> Sequence[StoredKey]:
        """A holder's keys."""
        found = [key for key in self._known.values() if key.holder == holder]
        if not found:
            self._read()
            found = [key for key in self._known.values() if key.holder == holder]
        return found

    def put(self, key: StoredKey) -> None:
        """Add a key, or replace the one of its name."""
        self._store.seal(key.kid, _encoded(key))
        self._known[key.kid] = key

    def add(self, key: StoredKey) -> None:
        """Keep a key unless there is one of its name; whoever else made it first has made it."""
        self._store.seal_first(key.kid, _encoded(key))
        self._read()

    def remove(self, kid: str) -> None:
        """Destroy a key."""
        self._store.unseal(kid)
        self._known.pop(kid, None)

    def every(self) -> Iterable[StoredKey]:
        """All keys."""
        self._read()
        return tuple(self._known.values())

    def _read(self) -> None:
        self._known = {kid: _decoded(raw) for kid, raw in self._store.sealed_keys().items()}


class FieldKeys:
    """Seals and opens the values of fields. Answers the questions `Seal` and `Unseal`."""

    def __init__(self, store: SealedStore, roots: Sequence[RootKey]) -> None:
        self.ring = KeyRing(roots, WrappedKeys(store), os.urandom)
        missing = self.ring.missing_roots()
        if missing:
            raise Unavailable(f"keys/root.key: the root key {', '.join(sorted(missing))} is needed and is not here")

    def seal(self, asked: Seal) -> tuple[str, ...]:
        """Encrypt every value; those of one object that has no id yet share a record id."""
        record = os.urandom(RECORD_BYTES)
        return tuple(self._sealed(value, place, record) for value, place in asked.values)

    def _sealed(self, value: JSON, place: Place, record: bytes) -> str:
        if place.equal:
            text = encrypt_equal(value, _context(place), self.ring)
        else:
            text = encrypt_value(value, _context(place), self.ring, None if place.object_id else record)
        if isinstance(text, CryptoRefused):
            raise Unavailable(text.reason.value)
        return text

    def unseal(self, asked: Unseal) -> tuple[Opened | Unopened, ...]:
        """Open every text, or say of each why not."""
        return tuple(self._opened(text, place) for text, place in asked.texts)

    def _opened(self, text: str, place: Place) -> Opened | Unopened:
        value = decrypt_value(text, _context(place), self.ring)
        return Unopened(value.reason.value) if isinstance(value, CryptoRefused) else Opened(value.json)


def _context(place: Place) -> FieldContext:
    return FieldContext(place.resource, place.field, place.tenant, place.owner, place.object_id)


def _encoded(key: StoredKey) -> bytes:
    return orjson.dumps([key.holder, key.generation, key.root, key.wrapped.hex(), key.kid])


def _decoded(raw: bytes) -> StoredKey:
    holder, generation, root, wrapped, kid = orjson.loads(raw)
    return StoredKey(kid, holder, generation, root, bytes.fromhex(wrapped))
