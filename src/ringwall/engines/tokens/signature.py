"""What checks one signature: a function of a key that was read once, so that a token pays for the signature alone.

`cryptography` does the arithmetic. joserfc does the same through a key object that asks for its permissions again with
each call, which costs a tenth of an ES256 verification; a test holds the two against each other.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

Check = Callable[[bytes, bytes], bool]
"""(message, signature) -> whether it fits. Never raises for what a token may hold."""

_HASHES: Final = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}
_CURVES: Final = {"ES256": 32, "ES256K": 32, "ES384": 48, "ES512": 66}
"""The bytes of one of the two numbers of a signature (RFC 7518, section 3.4; RFC 8812, section 3.2)."""


def secret_check(alg: str, secret: bytes) -> Check:
    """The check of HS256, HS384 or HS512 (RFC 7518, section 3.2), in constant time."""
    name = f"sha{alg[2:]}"
    return lambda message, signature: hmac.compare_digest(hmac.digest(secret, message, name), signature)


def public_check(alg: str, key: object) -> Check:
    """The check of a public key under `alg`. Raises ValueError for a key that is not of its kind."""
    if isinstance(key, RSAPublicKey):
        return _rsa(alg, key)
    if isinstance(key, EllipticCurvePublicKey):
        return _ecdsa(alg, key)
    if isinstance(key, Ed25519PublicKey | Ed448PublicKey):
        return _fits(key.verify)
    raise ValueError("no key that verifies signatures")


def _rsa(alg: str, key: RSAPublicKey) -> Check:
    hashed = _HASHES[alg[2:]]
    pads = padding.PKCS1v15() if alg.startswith("RS") else padding.PSS(padding.MGF1(hashed), hashed.digest_size)
    verify = key.verify
    return _fits(lambda signature, message: verify(signature, message, pads, hashed))


def _ecdsa(alg: str, key: EllipticCurvePublicKey) -> Check:
    size, scheme, verify = _CURVES[alg], ECDSA(_HASHES[alg[2:5]]), key.verify
    number = int.from_bytes

    def check(message: bytes, signature: bytes) -> bool:
        if len(signature) != 2 * size:
            return False
        try:
            verify(encode_dss_signature(number(signature[:size]), number(signature[size:])), message, scheme)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    return check


def _fits(verify: Callable[[bytes, bytes], None]) -> Check:
    def check(message: bytes, signature: bytes) -> bool:
        try:
            verify(signature, message)
        except (InvalidSignature, ValueError, UnsupportedAlgorithm):
            return False
        return True

    return check
