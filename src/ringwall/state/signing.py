"""The keys that tokens are signed with: one private file, shared by all workers, that can change while they run.

A key is published before it signs and verifies after it has stopped signing, so that a rotation is seen by nobody.
Each process looks whether the file has changed when it is about to sign or to verify something new.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import orjson

from ringwall.core.ports import Unavailable
from ringwall.engines.tokens import KeySet, SigningKey, jwks
from ringwall.engines.tokens.signing import EDDSA
from ringwall.state.keyfiles import load_or_create

LEAD_S: Final = 600.0
"""For how long a new key is only published: longer than anyone may keep the key set (five minutes)."""


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the ring: it signs from `signs` on and verifies until `ends` (epoch seconds; None: no end)."""

    key: SigningKey
    created: float
    signs: float
    ends: float | None

    def verifies(self, now: float) -> bool:
        """Whether it is still published."""
        return self.ends is None or self.ends > now


@dataclass(frozen=True, slots=True)
class _Ring:
    """What the file says. `distrusted`: nothing issued before then stands, since a key may have been in foreign
    hands."""

    keys: tuple[RingKey, ...]
    distrusted: float
    access: KeySet

    @classmethod
    def of(cls, keys: tuple[RingKey, ...], distrusted: float) -> _Ring:
        return cls(keys, distrusted, KeySet.from_jwks(jwks(k.key for k in keys if k.key.alg == EDDSA)))


class SigningKeys:
    """The ring in one file. Safe to use from many threads and processes."""

    def __init__(self, path: Path, now: Callable[[], float]) -> None:
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        load_or_create(path, self._first)
        self._ring = self._read()

    # Reading

    def signer(self, alg: str = EDDSA) -> SigningKey:
        """The key that signs now. One for another algorithm than the first key's is made when it is first needed."""
        now = self._now()
        found = _signing(self._fresh(), alg, now)
        if found is not None:
            return found.key
        with self._changing():
            ring = self._fresh()
            found = _signing(ring, alg, now)
            if found is None:
                found = RingKey(SigningKey.generate(alg), now, now, None)
                self._write((*ring.keys, found), ring.distrusted)
        return found.key

    def access_keys(self) -> KeySet:
        """The keys that verify access tokens. The same object as before where nothing has changed."""
        ring, now = self._fresh(), self._now()
        if all(k.verifies(now) for k in ring.keys):
            return ring.access
        return _Ring.of(tuple(k for k in ring.keys if k.verifies(now)), 0.0).access

    def published(self) -> list[SigningKey]:
        """All keys that someone may meet: those to come, those that sign, and those that have signed."""
        now = self._now()
        return [k.key for k in self._fresh().keys if k.verifies(now)]

    def trusts(self, issued: float) -> bool:
        """Whether what was issued then was signed after the last withdrawal of a key."""
        return issued >= self._fresh().distrusted

    def all(self) -> tuple[RingKey, ...]:
        """Every key of the file, oldest first."""
        return self._fresh().keys

    # Changing

    def rotate(self, tail_s: float, *, lead_s: float = LEAD_S) -> list[SigningKey]:
        """A successor for each key that signs: published at once, signing after the lead. The old ones verify for
        `tail_s` longer, which is how long what they signed lives."""
        with self._changing():
            ring, now = self._fresh(), self._now()
            old = [k for k in ring.keys if k.ends is None]
            made = [RingKey(SigningKey.generate(k.key.alg), now, now + lead_s, None) for k in old]
            kept = [k if k not in old else replace(k, ends=now + lead_s + tail_s) for k in ring.keys if k.verifies(now)]
            self._write((*kept, *made), ring.distrusted)
        return [k.key for k in made]

    def withdraw(self) -> list[SigningKey]:
        """All keys end now, and new ones sign: for when a key may be in foreign hands. What was issued before stands
        no more."""
        with self._changing():
            ring, now = self._fresh(), self._now()
            algs = dict.fromkeys(k.key.alg for k in ring.keys)
            made = tuple(RingKey(SigningKey.generate(alg), now, now, None) for alg in algs)
            self._write(made, now)
        return [k.key for k in made]

    # The file

    def _fresh(self) -> _Ring:
        try:
            state = self._path.stat()
        except OSError as failure:
            raise Unavailable(f"{self._path.name}: {failure.strerror}") from failure
        if (state.st_mtime_ns, state.st_ino, state.st_size) == self._seen:
            return self._ring
        with self._lock:
            self._ring = self._read()
            return self._ring

    def _read(self) -> _Ring:
        state = self._path.stat()
        content = load_or_create(self._path, self._first)
        try:
            ring = _parsed(orjson.loads(content))
        except (ValueError, TypeError, KeyError, AttributeError) as flaw:
            raise Unavailable(f"{self._path.name}: not private keys") from flaw
        self._seen = (state.st_mtime_ns, state.st_ino, state.st_size)
        return ring

    def _write(self, keys: tuple[RingKey, ...], distrusted: float) -> None:
        document = {"keys": [_document(k) for k in keys], "distrusted": distrusted}
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}.{threading.get_ident()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, orjson.dumps(document))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(self._path)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        """Alone among all processes and threads."""
        descriptor = os.open(self._path.with_name(f"{self._path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _first(self) -> bytes:
        return orjson.dumps({"keys": [_document(RingKey(SigningKey.generate(), self._now(), 0.0, None))]})


def _signing(ring: _Ring, alg: str, now: float) -> RingKey | None:
    able = [k for k in ring.keys if k.key.alg == alg and k.signs <= now and k.verifies(now)]
    return max(able, key=lambda k: k.signs, default=None)


def _document(entry: RingKey) -> dict[str, object]:
    return {"jwk": entry.key.private_jwk(), "created": entry.created, "signs": entry.signs, "ends": entry.ends}


def _parsed(data: dict[str, object]) -> _Ring:
    """The ring of a file; one JWK alone is the form of earlier versions."""
    if "kty" in data:
        key = SigningKey.from_private_jwk({name: str(value) for name, value in data.items()})
        return _Ring.of((RingKey(key, 0.0, 0.0, None),), 0.0)
    listed = data["keys"]
    if not isinstance(listed, list) or not listed:
        raise ValueError("no keys")
    keys = tuple(
        RingKey(
            SigningKey.from_private_jwk(k["jwk"]),
            float(k["created"]),
            float(k["signs"]),
            None if k["ends"] is None else float(k["ends"]),
        )
        for k in listed
    )
    distrusted = data.get("distrusted", 0.0)
    return _Ring.of(keys, float(distrusted) if isinstance(distrusted, (int, float)) else 0.0)
