"""Data keys: random, one or more for each holder, stored only wrapped by a root key.

A holder is whoever a key is destroyed for: a subject, else a tenant, else a resource. Destroying its keys makes all
that was encrypted under them unreadable, wherever copies of it lie. It reads no file and knows no request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from ringwall.engines.crypto.encoding import joined, to_text
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.rootkey import KEY_BYTES, Random, RootKey
from ringwall.engines.crypto.secret import Secret

_KID_BYTES: Final = 9
_MOST_OPEN: Final = 4096


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A data key as it is stored. `root` names the root key that wraps it; the highest `generation` is current, a
    negative one is prepared and not yet in use."""

    kid: str
    holder: str
    generation: int
    root: str
    wrapped: bytes


@dataclass(frozen=True, slots=True)
class DataKey:
    """An opened data key."""

    kid: str
    holder: str
    secret: Secret
    cipher: AESGCMSIV = field(repr=False)


class Keys(Protocol):
    """Where encryption finds its keys."""

    def current(self, holder: str) -> DataKey | CryptoRefused:
        """The key to encrypt with."""
        ...

    def find(self, kid: str) -> DataKey | CryptoRefused:
        """The key of that name, current or older."""
        ...

    def fixed(self, holder: str) -> DataKey | CryptoRefused:
        """The holder's one key, the same for every process and for good."""
        ...

    def random(self, count: int) -> bytes:
        """So many unpredictable bytes."""
        ...


class KeyStore(Protocol):
    """Where wrapped keys last. Whatever it raises goes through: nothing is encrypted or opened without it."""

    def get(self, kid: str) -> StoredKey | None: ...

    def of(self, holder: str) -> Sequence[StoredKey]: ...

    def put(self, key: StoredKey) -> None: ...

    def add(self, key: StoredKey) -> None:
        """Keep a key unless there is one of its name."""
        ...

    def renew(self, key: StoredKey) -> None:
        """Replace the key of this name; nothing where it was destroyed meanwhile."""
        ...

    def remove(self, kid: str) -> None: ...

    def every(self) -> Iterable[StoredKey]: ...


class MappedKeys:
    """A key store over a mapping that is given: a dict, or one that lasts."""

    def __init__(self, keys: MutableMapping[str, StoredKey]) -> None:
        self._keys = keys

    def get(self, kid: str) -> StoredKey | None:
        """The key of that name."""
        return self._keys.get(kid)

    def of(self, holder: str) -> Sequence[StoredKey]:
        """A holder's keys, in any order."""
        return [key for key in self._keys.values() if key.holder == holder]

    def put(self, key: StoredKey) -> None:
        """Add a key."""
        self._keys[key.kid] = key

    def add(self, key: StoredKey) -> None:
        """Keep a key unless there is one of its name."""
        self._keys.setdefault(key.kid, key)

    def renew(self, key: StoredKey) -> None:
        """Replace the key of this name; nothing where it was destroyed meanwhile."""
        if key.kid in self._keys:
            self._keys[key.kid] = key

    def remove(self, kid: str) -> None:
        """Destroy a key."""
        self._keys.pop(kid, None)

    def every(self) -> Iterable[StoredKey]:
        """All keys."""
        return list(self._keys.values())


class KeyRing:
    """Opens data keys and keeps the last few thousand open. The first root key is current; the others only read.

    Keys kept open outlive their destruction in other processes until `forget` reaches them: who shares a store among
    processes says within how many seconds that is.
    """

    def __init__(self, roots: Sequence[RootKey], store: KeyStore, random: Random) -> None:
        if not roots:
            raise ValueError("a key ring needs a root key")
        self._root = roots[0]
        self._roots: Mapping[str, RootKey] = {root.id: root for root in roots}
        self._store = store
        self._random = random
        self._open: dict[str, DataKey] = {}
        self._current: dict[str, str] = {}
        self._next: dict[str, str | None] = {}

    def random(self, count: int) -> bytes:
        """So many unpredictable bytes."""
        return self._random(count)

    def current(self, holder: str) -> DataKey | CryptoRefused:
        """The key to encrypt with for a holder; made now if there is none yet."""
        kid = self._current.get(holder)
        if kid is not None:
            return self.find(kid)
        stored = self._store.of(holder)
        if not stored:
            return self.rotate(holder)
        key = self.find(max(stored, key=_order).kid)
        if isinstance(key, DataKey):
            self._remember(key, current=True)
        return key

    def find(self, kid: str) -> DataKey | CryptoRefused:
        """The key of that name, current or older, or why it cannot be had."""
        opened = self._open.get(kid)
        if opened is not None:
            return opened
        stored = self._store.get(kid)
        if stored is None:
            return CryptoRefused(CryptoFlaw.KEY_UNKNOWN)
        secret = self._unwrap(stored)
        if isinstance(secret, CryptoRefused):
            return secret
        return self._remember(_opened(stored, secret))

    def fixed(self, holder: str) -> DataKey | CryptoRefused:
        """The one key of a holder whose values are to be found by equality. Its name follows from the holder and its
        generation, so that of two processes that make it at once one has made it."""
        kid = self._current.get(holder)
        if kid is not None:
            return self.find(kid)
        current = max((key.generation for key in self._store.of(holder)), default=0)
        key = self._fixed(holder, max(current, 1), current > 0)
        return self._remember(key, current=True) if isinstance(key, DataKey) else key

    def prepare(self, holder: str) -> DataKey | CryptoRefused:
        """The next fixed key of a holder, which opens and does not yet seal; the same one until it is put to use."""
        generations = [key.generation for key in self._store.of(holder)]
        pending = [generation for generation in generations if generation < 0]
        self._next.pop(holder, None)
        return self._fixed(holder, min(pending) if pending else -max((*generations, 0)) - 1, bool(pending))

    def prepared(self, holder: str) -> DataKey | CryptoRefused | None:
        """The fixed key that was prepared for a holder, if one was."""
        if holder not in self._next:
            pending = [key for key in self._store.of(holder) if key.generation < 0]
            self._next[holder] = pending[0].kid if pending else None
        kid = self._next[holder]
        return None if kid is None else self.find(kid)

    def put_to_use(self, kid: str) -> None:
        """Let a prepared key seal from now on; the ones before it only open."""
        stored = self._store.get(kid)
        if stored is not None and stored.generation < 0:
            self._store.renew(replace(stored, generation=-stored.generation))
        self.forget()

    def _fixed(self, holder: str, generation: int, there: bool) -> DataKey | CryptoRefused:
        number = () if abs(generation) == 1 else (abs(generation).to_bytes(4, "big"),)
        name = hashlib.sha256(joined(b"ringwall/fixed/1", holder.encode(), *number)).digest()
        kid = to_text(name[:_KID_BYTES])
        if not there:
            wrapped = self._root.wrap(Secret(self._random(KEY_BYTES)), kid, holder, self._random)
            self._store.add(StoredKey(kid, holder, generation, self._root.id, wrapped))
        return self.find(kid)

    def rotate(self, holder: str) -> DataKey:
        """Give a holder a new current key; what the older ones encrypted stays readable."""
        generation = max((key.generation for key in self._store.of(holder)), default=0) + 1
        kid, secret = _named(self._random(_KID_BYTES)), Secret(self._random(KEY_BYTES))
        wrapped = self._root.wrap(secret, kid, holder, self._random)
        stored = StoredKey(kid, holder, generation, self._root.id, wrapped)
        self._store.put(stored)
        return self._remember(_opened(stored, secret), current=True)

    def retire(self, kid: str) -> None:
        """Destroy one key that nothing uses any more. Counting its uses is its caller's duty."""
        self._store.remove(kid)
        self.forget()

    def destroy(self, holder: str) -> tuple[str, ...]:
        """Destroy all keys of a holder; returns their names. Nothing undoes it, but for a backup of the store."""
        gone = tuple(key.kid for key in self._store.of(holder))
        for kid in gone:
            self._store.remove(kid)
        self.forget()
        return gone

    def rewrap(self) -> int:
        """Wrap every key that an older root key wraps with the current one; returns how many. Repeating it resumes."""
        done = 0
        for stored in self._store.every():
            secret = self._unwrap(stored) if stored.root != self._root.id else None
            if isinstance(secret, Secret):
                wrapped = self._root.wrap(secret, stored.kid, stored.holder, self._random)
                self._store.renew(replace(stored, root=self._root.id, wrapped=wrapped))
                done += 1
        return done

    def missing_roots(self) -> frozenset[str]:
        """The root keys that stored keys need and that are not here: to be asked at start, not at the first read."""
        return frozenset(key.root for key in self._store.every()) - self._roots.keys()

    def take(self, roots: Sequence[RootKey]) -> None:
        """Go on with these root keys, the first of which is current."""
        self._root, self._roots = roots[0], {root.id: root for root in roots}
        self.forget()

    def roots(self) -> frozenset[str]:
        """The names of the root keys that are here."""
        return frozenset(self._roots)

    def forget(self) -> None:
        """Close all opened keys."""
        self._open, self._current, self._next = {}, {}, {}

    def _unwrap(self, stored: StoredKey) -> Secret | CryptoRefused:
        root = self._roots.get(stored.root)
        if root is None:
            return CryptoRefused(CryptoFlaw.ROOT_UNKNOWN)
        return root.unwrap(stored.wrapped, stored.kid, stored.holder) or CryptoRefused(CryptoFlaw.TAMPERED)

    def _remember(self, key: DataKey, current: bool = False) -> DataKey:
        if len(self._open) >= _MOST_OPEN:
            self.forget()
        self._open[key.kid] = key
        if current:
            self._current[key.holder] = key.kid
        return key


def _named(drawn: bytes) -> str:
    """A key's name; none begins with a dash, which a command line would read as an option."""
    kid = to_text(drawn)
    return f"A{kid[1:]}" if kid.startswith("-") else kid


def _opened(stored: StoredKey, secret: Secret) -> DataKey:
    return DataKey(stored.kid, stored.holder, secret, AESGCMSIV(secret.reveal()))


def _order(key: StoredKey) -> tuple[int, str]:
    return key.generation, key.kid
