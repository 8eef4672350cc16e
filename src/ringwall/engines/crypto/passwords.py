"""Passwords, hashed and checked with Argon2id. It knows no account, and must not run on an event loop's thread."""

from __future__ import annotations

import secrets
import unicodedata
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHash
from argon2.low_level import Type

# OWASP Password Storage Cheat Sheet: 2 passes over 19 MiB with one lane, one of its equivalent least settings.
PASSES: Final = 2
MEMORY_KIB: Final = 19_456
LANES: Final = 1


class Passwords:
    """Argon2id (RFC 9106) with fixed parameters; hashes are PHC strings that state theirs."""

    __slots__ = ("_absent", "_hasher")

    def __init__(self, passes: int = PASSES, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, lanes, hash_len=32, salt_len=16, type=Type.ID)
        self._absent = self._hasher.hash(secrets.token_bytes(32))

    def hash(self, password: str) -> str:
        """The PHC string to store for a password."""
        return self._hasher.hash(_prepared(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether it is the password; `stored` None, for a missing account, costs the same work and is False.

        A stored string that is no Argon2 hash is False too.
        """
        try:
            fits = self._hasher.verify(stored or self._absent, _prepared(password))
        except (Argon2Error, InvalidHash):
            return False
        return fits and stored is not None

    def needs_rehash(self, stored: str) -> bool:
        """Whether a stored hash was made with other parameters; asked after a password was verified."""
        return self._hasher.check_needs_rehash(stored)


def _prepared(password: str) -> bytes:
    """NFKC, as NIST SP 800-63B-4, section 3.1.1.2, asks, so that two keyboards type one password."""
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
