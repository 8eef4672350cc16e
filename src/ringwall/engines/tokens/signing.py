"""Signing of JWTs with a key of one's own, and the public half for others to verify with. joserfc does the work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey, RSAKey
from joserfc.jws import JWSRegistry

from ringwall.engines.tokens.encoding import Json, encode

EDDSA: Final = "EdDSA"  # RFC 8037; the fully specified name of RFC 9864 is not yet understood widely
RS256: Final = "RS256"  # what every OpenID Connect client can read (OpenID Connect Core 1.0, section 15.1)
_MEMBERS: Final = {"OKP": ("kty", "crv", "x", "d"), "RSA": ("kty", "n", "e", "d", "p", "q", "dp", "dq", "qi")}
_PUBLIC: Final = {"OKP": ("kty", "crv", "x"), "RSA": ("kty", "n", "e")}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair and its one algorithm. `kid` is its RFC 7638 thumbprint, so a name can never be given to another
    key."""

    kid: str
    _key: OKPKey | RSAKey = field(repr=False)
    alg: str = EDDSA

    @classmethod
    def generate(cls, alg: str = EDDSA) -> Self:
        """A new key pair, from the operating system's randomness: Ed25519, or RSA of 2048 bits."""
        key = RSAKey.generate_key(2048) if alg == RS256 else OKPKey.generate_key("Ed25519")
        return cls(key.thumbprint(), key, RS256 if alg == RS256 else EDDSA)

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, str]) -> Self:
        """A key pair from what `private_jwk` gave. Raises ValueError for anything else."""
        kty = jwk.get("kty")
        try:
            given: dict[str, str | list[str]] = {name: jwk[name] for name in _MEMBERS[str(kty)]}
            key = RSAKey.import_key(given) if kty == "RSA" else OKPKey.import_key(given)
        except (KeyError, ValueError, TypeError, JoseError) as error:
            raise ValueError("not a private Ed25519 or RSA key") from error
        if not key.is_private or (isinstance(key, OKPKey) and key.curve_name != "Ed25519"):
            raise ValueError("not a private Ed25519 or RSA key")
        return cls(key.thumbprint(), key, RS256 if kty == "RSA" else EDDSA)

    def private_jwk(self) -> dict[str, str]:
        """The whole key, to be stored as the secret that it is."""
        return {name: str(value) for name, value in self._key.as_dict(private=True).items()}

    def public_jwk(self) -> dict[str, Json]:
        """What a verifier needs (RFC 7517), with its name, purpose and algorithm."""
        public = self._key.as_dict(private=False)
        members = {name: str(public[name]) for name in _PUBLIC[str(public["kty"])]}
        return {**members, "kid": self.kid, "use": "sig", "alg": self.alg}

    def sign(self, message: bytes) -> bytes:
        """The signature of `message`: Ed25519 (RFC 8032) or RSASSA-PKCS1-v1_5 (RFC 8017, section 8.2)."""
        return JWSRegistry.algorithms[self.alg].sign(message, self._key)


def jwks(keys: Iterable[SigningKey]) -> dict[str, Json]:
    """The public JWK Set (RFC 7517, section 5) of several keys."""
    return {"keys": [key.public_jwk() for key in keys]}


def sign(claims: Mapping[str, Json], key: SigningKey, typ: str = "at+jwt") -> str:
    """A compact JWT of `claims` (RFC 7519; `at+jwt` is RFC 9068's). The claims are taken as they are."""
    header = {"alg": key.alg, "kid": key.kid, "typ": typ}
    message = f"{encode(orjson.dumps(header))}.{encode(orjson.dumps(dict(claims)))}"
    return f"{message}.{encode(key.sign(message.encode()))}"
