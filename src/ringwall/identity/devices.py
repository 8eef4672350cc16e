"""Known devices: a browser that an account signed in with before is not held by what others fail at that account."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import Final, Protocol

COOKIE: Final = "__Host-ringwall-device"
KEPT_S: Final = 180 * 86_400.0


class DeviceStore(Protocol):
    """Where they are kept."""

    def keep_device(self, digest: bytes, name: str, at: float, oldest: float) -> None: ...
    def knows_device(self, digest: bytes, name: str, oldest: float) -> bool: ...
    def forget_devices(self, name: str) -> None: ...


class Devices:
    """The known devices of one store."""

    def __init__(self, store: DeviceStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def known(self, value: str, name: str) -> str:
        """What the device is counted under, or nothing where this account never signed in with it."""
        digest = _digest(value)
        seen = len(value) == _LENGTH and self._store.knows_device(digest, name, self._now() - KEPT_S)
        return digest.hex() if seen else ""

    def remember(self, value: str, name: str) -> str:
        """The device cookie's value for a browser that this account just signed in with: the one it has, or a new
        one."""
        kept = value if len(value) == _LENGTH else secrets.token_urlsafe(32)
        now = self._now()
        self._store.keep_device(_digest(kept), name, now, now - KEPT_S)
        return kept

    def forget(self, name: str) -> None:
        """Let no browser be known to an account."""
        self._store.forget_devices(name)


_LENGTH: Final = 43


def _digest(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()
