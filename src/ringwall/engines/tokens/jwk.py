"""One JSON Web Key (RFC 7517, RFC 7518 section 6, RFC 8037) bound to the algorithms that it may verify.

Only public members are read: a private key that is handed in is never kept. It knows no token.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from ringwall.engines.tokens import strength
from ringwall.engines.tokens.encoding import Json, decode, encode
from ringwall.engines.tokens.flaws import Flaw, Refused
from ringwall.engines.tokens.signature import Check, public_check, secret_check

_RSA: Final = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_HMAC: Final = frozenset({"HS256", "HS384", "HS512"})
_EC: Final = {"P-256": ("ES256", 32), "P-384": ("ES384", 48), "P-521": ("ES512", 66), "secp256k1": ("ES256K", 32)}
_EDWARDS: Final = {"Ed25519": 32, "Ed448": 57}
_SIGNING_OPS: Final = ("sign", "verify")
_ALL_OPS: Final = 8  # as many as RFC 7517, section 4.3, names


@dataclass(frozen=True, slots=True)
class VerifyKey:
    """A key that may verify the algorithms `algs`, and is too short for those in `weak_for`. `checks` has what checks
    a signature, for each of `algs`: the key itself is read once, when it is bound."""

    kid: str | None
    algs: frozenset[str]
    weak_for: frozenset[str]
    checks: Mapping[str, Check] = field(repr=False, compare=False)

    def verifies(self, alg: str, message: bytes, signature: bytes) -> bool:
        """Whether `signature` is this key's over `message` under `alg`, which must be one of `algs`."""
        return self.checks[alg](message, signature)


@dataclass(frozen=True, slots=True)
class _Material:
    check: Callable[[str], Check]
    algs: frozenset[str]
    weak_for: frozenset[str] = frozenset()


def bind(jwk: Json) -> VerifyKey | Refused:
    """The key that `jwk` describes, or why it may not be used to verify a signature."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kid", ""), str):
        return Refused(Flaw.KEY_MALFORMED, "not a JSON Web Key")
    purpose = _purpose(jwk)
    if purpose:
        return Refused(Flaw.KEY_USE, purpose)
    try:
        material = _material(jwk)
    except (ValueError, TypeError, JoseError, UnsupportedAlgorithm):
        return Refused(Flaw.KEY_MALFORMED, "its members do not make a key")
    return material if isinstance(material, Refused) else _narrow(jwk, material)


def _narrow(jwk: Mapping[str, Json], material: _Material) -> VerifyKey | Refused:
    """Hold the key to the one algorithm that it states, where it states one."""
    kid, alg = jwk.get("kid"), jwk.get("alg")
    algs, weak_for = material.algs, material.weak_for
    if alg is not None:
        if isinstance(alg, str) and alg in weak_for:
            return Refused(Flaw.KEY_WEAK, f"the secret is too short for {alg}")
        if not isinstance(alg, str) or alg not in algs:
            return Refused(Flaw.KEY_USE, "its alg does not sign, or does not fit its kind")
        algs, weak_for = frozenset({alg}), frozenset()
    checks = {name: material.check(name) for name in algs}
    return VerifyKey(kid if isinstance(kid, str) else None, algs, weak_for, checks)


def _purpose(jwk: Mapping[str, Json]) -> str:
    """What in `use` and `key_ops` (RFC 7517, sections 4.2 and 4.3) forbids verifying, or ""."""
    if "use" in jwk and jwk["use"] != "sig":
        return "use is not sig"
    if "key_ops" not in jwk:
        return ""
    ops = jwk["key_ops"]
    if not isinstance(ops, list) or "verify" not in ops:
        return "key_ops does not include verify"
    if len(ops) > _ALL_OPS or any(ops.count(op) > 1 for op in ops):
        return "key_ops repeats an operation"
    foreign = any(op not in _SIGNING_OPS for op in ops)
    return "key_ops contradicts use" if foreign and "use" in jwk else ""


def _material(jwk: Mapping[str, Json]) -> _Material | Refused:
    kty = jwk.get("kty")
    read = _READERS.get(kty) if isinstance(kty, str) else None
    return read(jwk) if read else Refused(Flaw.KEY_MALFORMED, "unknown kty")


def _octets(jwk: Mapping[str, Json], name: str, length: int | None = None) -> bytes:
    """A member's bytes; raises ValueError unless canonical base64url, and of `length` where one is given."""
    text = jwk.get(name)
    data = decode(text) if isinstance(text, str) else None
    if data is None or (length is not None and len(data) != length):
        raise ValueError(name)
    return data


def _rsa(jwk: Mapping[str, Json]) -> _Material | Refused:
    modulus, exponent = _octets(jwk, "n"), _octets(jwk, "e")
    weakness = strength.rsa(int.from_bytes(modulus), int.from_bytes(exponent))
    if weakness:
        return Refused(Flaw.KEY_WEAK, weakness)
    return _public(RSAKey.import_key({"kty": "RSA", "n": encode(modulus), "e": encode(exponent)}), _RSA)


def _ec(jwk: Mapping[str, Json]) -> _Material | Refused:
    curve = jwk.get("crv")
    if not isinstance(curve, str) or curve not in _EC:
        return Refused(Flaw.KEY_MALFORMED, "unknown curve")
    alg, size = _EC[curve]
    x, y = (encode(_octets(jwk, name, size)) for name in ("x", "y"))
    key = ECKey.import_key({"kty": "EC", "crv": curve, "x": x, "y": y})  # refuses a point that is not on the curve
    return _public(key, frozenset({alg}))


def _okp(jwk: Mapping[str, Json]) -> _Material | Refused:
    curve = jwk.get("crv")
    if not isinstance(curve, str) or curve not in _EDWARDS:
        return Refused(Flaw.KEY_USE, "a curve that does not sign")
    point = _octets(jwk, "x", _EDWARDS[curve])
    weakness = strength.edwards(curve, point)
    if weakness:
        return Refused(Flaw.KEY_WEAK, weakness)
    key = OKPKey.import_key({"kty": "OKP", "crv": curve, "x": encode(point)})
    return _public(key, frozenset({"EdDSA", curve}))  # RFC 8037 and, fully specified, RFC 9864


def _oct(jwk: Mapping[str, Json]) -> _Material | Refused:
    value = _octets(jwk, "k")
    weakness = strength.secret(value)
    if weakness:
        return Refused(Flaw.KEY_WEAK, weakness)
    algs = strength.hmac_algorithms(value)
    OctKey.import_key({"kty": "oct", "k": encode(value)})  # refuses a public key in DER in the place of a secret
    return _Material(lambda alg: secret_check(alg, value), algs, _HMAC - algs)


def _public(key: RSAKey | ECKey | OKPKey, algs: frozenset[str]) -> _Material:
    native = key.public_key
    return _Material(lambda alg: public_check(alg, native), algs)


_READERS: Final[dict[str, Callable[[Mapping[str, Json]], _Material | Refused]]] = {
    "RSA": _rsa,
    "EC": _ec,
    "OKP": _okp,
    "oct": _oct,
}
