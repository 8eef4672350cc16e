"""A set of keys to verify with: which of them a token may be tried against, decided by the keys alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Self

from ringwall.engines.tokens.encoding import Json
from ringwall.engines.tokens.flaws import Flaw, Refused
from ringwall.engines.tokens.jwk import VerifyKey, bind

MOST_KEYS: Final = 256


@dataclass(frozen=True, slots=True)
class Skipped:
    """A key of the set that is not used: its `kid` where it has one, and why."""

    kid: str | None
    why: Refused


@dataclass(frozen=True, slots=True)
class KeySet:
    """Usable keys, by name and without one, and those that were left out."""

    named: Mapping[str, VerifyKey]
    unnamed: tuple[VerifyKey, ...]
    skipped: tuple[Skipped, ...] = ()

    @classmethod
    def from_jwks(cls, jwks: Mapping[str, Json]) -> Self:
        """Read a JWK Set (RFC 7517, section 5) or one JWK. Never raises: what cannot be used is in `skipped`.

        A set that mixes shared secrets with public keys is not used at all: a confusion of the two is how
        tokens are forged. A `kid` that names two keys names none.
        """
        entries = _entries(jwks)
        if entries is None:
            return cls({}, (), (Skipped(None, Refused(Flaw.KEY_MALFORMED, "neither a JWK Set nor a JWK")),))
        if len(entries) > MOST_KEYS or _is_mixed(entries):
            return cls({}, (), (Skipped(None, Refused(Flaw.KEY_SET)),))
        names = Counter(kid for kid in map(_kid, entries) if kid is not None)
        bound = [(_kid(entry), _bind_once(entry, names)) for entry in entries]
        return cls(
            {key.kid: key for _, key in bound if isinstance(key, VerifyKey) and key.kid is not None},
            tuple(key for _, key in bound if isinstance(key, VerifyKey) and key.kid is None),
            tuple(Skipped(kid, key) for kid, key in bound if isinstance(key, Refused)),
        )

    def candidates(self, kid: str | None, alg: str) -> tuple[VerifyKey, ...] | Refused:
        """The keys that a token of this `kid` and `alg` may be tried against: at least one, or why none.

        Keys without a name are tried for every token; a token without a `kid` is tried against every key.
        """
        pool = self._pool(kid)
        if not pool:
            return self._missing(kid)
        fitting = tuple(key for key in pool if alg in key.algs)
        if fitting:
            return fitting
        weak = any(alg in key.weak_for for key in pool)
        return Refused(Flaw.KEY_WEAK, "the secret is too short for its alg") if weak else Refused(Flaw.ALG)

    def _pool(self, kid: str | None) -> tuple[VerifyKey, ...]:
        if kid is None:
            return (*self.named.values(), *self.unnamed)
        key = self.named.get(kid)
        return self.unnamed if key is None else (key, *self.unnamed)

    def _missing(self, kid: str | None) -> Refused:
        """Why there is no key: that of the skipped key which would have been meant, else that there is none."""
        meant = [s.why for s in self.skipped if kid is None or s.kid is None or s.kid == kid]
        return meant[0] if meant else Refused(Flaw.KEY_UNKNOWN)


def _entries(jwks: Mapping[str, Json]) -> list[Json] | None:
    if "keys" in jwks:
        keys = jwks["keys"]
        return keys if isinstance(keys, list) else None
    return [dict(jwks)] if "kty" in jwks else None


def _kid(entry: Json) -> str | None:
    kid = entry.get("kid") if isinstance(entry, dict) else None
    return kid if isinstance(kid, str) else None


def _is_mixed(entries: list[Json]) -> bool:
    secret = {entry.get("kty") == "oct" for entry in entries if isinstance(entry, dict)}
    return len(secret) > 1


def _bind_once(entry: Json, names: Counter[str]) -> VerifyKey | Refused:
    kid = _kid(entry)
    return Refused(Flaw.KEY_SET, "two keys of one kid") if kid is not None and names[kid] > 1 else bind(entry)
