"""API keys: `rw_` + id + `_` + secret + `_` + checksum, so that secret scanners can tell them from noise.

Only a SHA-256 of a key is stored. A slow hash would protect nothing more: the secret has 178 bits, not a person's few.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import zlib
from dataclasses import dataclass, field
from typing import Final

from ringwall.engines.crypto.rootkey import Random
from ringwall.engines.crypto.secret import Secret

PREFIX: Final = "rw_"
"""How every key begins."""
PATTERN: Final = PREFIX + r"[0-9A-Za-z]{8}_[0-9A-Za-z]{30}_[0-9A-Za-z]{6}"
_FORM: Final = re.compile(PATTERN, re.ASCII)
_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_NO_DIGEST: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A well-formed key. `id` is public and finds its record; the digest of `secret` decides."""

    id: str
    secret: Secret = field(repr=False)

    def digest(self) -> bytes:
        """What is stored: SHA-256 of the whole key, 32 bytes."""
        return hashlib.sha256(self.secret.reveal()).digest()

    def matches(self, stored: bytes | None) -> bool:
        """Whether the stored digest is this key's, in constant time; `stored` None is a key that does not exist."""
        fits = hmac.compare_digest(self.digest(), _NO_DIGEST if stored is None else stored)
        return fits and stored is not None

    def text(self) -> str:
        """The key as its holder keeps it: shown once."""
        return self.secret.reveal().decode()


def issue(random: Random) -> ApiKey:
    """A new key."""
    body = f"{PREFIX}{_digits(int.from_bytes(random(8)), 8)}_{_digits(int.from_bytes(random(40)), 30)}"
    return _key(f"{body}_{_checksum(body)}")


def parse(text: str) -> ApiKey | None:
    """The key in `text`, or None unless its form and its checksum are exactly right."""
    if _FORM.fullmatch(text) is None:
        return None
    body, _, checksum = text.rpartition("_")
    return _key(text) if checksum == _checksum(body) else None


def _key(text: str) -> ApiKey:
    return ApiKey(text[3:11], Secret(text.encode()))


def _checksum(body: str) -> str:
    """CRC-32 in base 62: it finds typing errors and false alarms, and protects nothing."""
    return _digits(zlib.crc32(body.encode()), 6)


def _digits(number: int, length: int) -> str:
    """The last `length` digits of a number in base 62."""
    digits = ""
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits = _ALPHABET[digit] + digits
    return digits
