"""Tokens that were verified before, remembered until they expire, by hash: no token can be read from memory here."""

from __future__ import annotations

import hashlib
from threading import Lock

from ringwall.engines.tokens.claims import Claims


class Remembered:
    """A bounded memory of verified tokens; the oldest gives way. Safe to share among threads.

    One serves one key set and one expectation: `clear` it when either changes. It does not know revocation,
    which its user asks each time.
    """

    __slots__ = ("_claims", "_lock", "_most")

    def __init__(self, most: int) -> None:
        self._most = most
        self._claims: dict[bytes, Claims] = {}
        self._lock = Lock()

    def get(self, token: str, now: float) -> Claims | None:
        """The claims of a token that was put here and has not expired at `now` (epoch seconds)."""
        name = _name(token)
        claims = self._claims.get(name)
        if claims is None or now < claims.expires:
            return claims
        self._claims.pop(name, None)
        return None

    def put(self, token: str, claims: Claims) -> None:
        """Remember a token that was just verified."""
        with self._lock:
            if len(self._claims) >= self._most:
                self._claims.pop(next(iter(self._claims)), None)
            self._claims[_name(token)] = claims

    def forget(self, token: str) -> None:
        """Forget one token, as when it is revoked."""
        self._claims.pop(_name(token), None)

    def clear(self) -> None:
        """Forget all, as when a key is withdrawn."""
        with self._lock:
            self._claims = {}

    def __len__(self) -> int:
        return len(self._claims)


def _name(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
