"""Signing of JWTs with a key of one's own, and the public half for others to verify with. joserfc does the work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from joserfc.jws import JWSRegistry

from ringwall.engines.tokens.encoding import Json, encode

_ALG: Final = "EdDSA"  # RFC 8037; the fully specified name of RFC 9864 is not yet understood widely


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key pair. `kid` is its RFC 7638 thumbprint, so a name can never be given to another key."""

    kid: str
    _key: OKPKey = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """A new key pair, from the operating system's randomness."""
        key = OKPKey.generate_key("Ed25519")
        return cls(key.thumbprint(), key)

    @classmethod
    def from_private_jwk(cls, jwk: Mapping[str, str]) -> Self:
        """A key pair from what `private_jwk` gave. Raises ValueError for anything else."""
        try:
            key = OKPKey.import_key({name: jwk[name] for name in ("kty", "crv", "x", "d")})
        except (KeyError, JoseError) as error:
            raise ValueError("not a private Ed25519 key") from error
        if key.curve_name != "Ed25519" or not key.is_private:
            raise ValueError("not a private Ed25519 key")
        return cls(key.thumbprint(), key)

    def private_jwk(self) -> dict[str, str]:
        """The whole key, to be stored as the secret that it is."""
        return {name: str(value) for name, value in self._key.as_dict(private=True).items()}

    def public_jwk(self) -> dict[str, Json]:
        """What a verifier needs (RFC 7517), with its name, purpose and algorithm."""
        public = self._key.as_dict(private=False)
        return {"kty": "OKP", "crv": "Ed25519", "x": str(public["x"]), "kid": self.kid, "use": "sig", "alg": _ALG}

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature of `message`, 64 bytes (RFC 8032)."""
        return JWSRegistry.algorithms[_ALG].sign(message, self._key)


def jwks(keys: Iterable[SigningKey]) -> dict[str, Json]:
    """The public JWK Set (RFC 7517, section 5) of several keys."""
    return {"keys": [key.public_jwk() for key in keys]}


def sign(claims: Mapping[str, Json], key: SigningKey, typ: str = "at+jwt") -> str:
    """A compact JWT of `claims` (RFC 7519; `at+jwt` is RFC 9068's). The claims are taken as they are."""
    header = {"alg": _ALG, "kid": key.kid, "typ": typ}
    message = f"{encode(orjson.dumps(header))}.{encode(orjson.dumps(dict(claims)))}"
    return f"{message}.{encode(key.sign(message.encode()))}"
