"""Makes tokens, honest and hostile, byte by byte, without the code under test: `cryptography` and hmac alone."""

import base64
import hashlib
import hmac
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SECRET = bytes(range(64))
RSA = rsa.generate_private_key(65537, 2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
NOW = 1_700_000_000
CLAIMS = {"iss": "https://issuer.test", "aud": "clinic", "sub": "u1", "exp": NOW + 60, "iat": NOW}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int, size: int | None = None) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


def _rsa_jwk() -> dict[str, object]:
    public = RSA.public_key().public_numbers()
    return {"kty": "RSA", "kid": "rsa", "n": number(public.n), "e": number(public.e)}


def _ec_jwk() -> dict[str, object]:
    public = EC.public_key().public_numbers()
    return {"kty": "EC", "kid": "ec", "crv": "P-256", "x": number(public.x, 32), "y": number(public.y, 32)}


JWK: dict[str, dict[str, object]] = {
    "HS256": {"kty": "oct", "kid": "oct", "k": b64(SECRET)},
    "RS256": _rsa_jwk(),
    "PS256": _rsa_jwk(),
    "ES256": _ec_jwk(),
    "EdDSA": {"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": b64(ED.public_key().public_bytes_raw())},
}
ALGS = tuple(JWK)


def signature(alg: str, message: bytes) -> bytes:
    if alg == "HS256":
        return hmac.digest(SECRET, message, hashlib.sha256)
    if alg == "RS256":
        return RSA.sign(message, padding.PKCS1v15(), hashes.SHA256())
    if alg == "PS256":
        return RSA.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    if alg == "ES256":
        r, s = decode_dss_signature(EC.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    return ED.sign(message)


def raw(alg: str, header: bytes | str, payload: bytes | str) -> str:
    """A token with a fitting signature over exactly these parts; bytes are encoded, text is taken as it is."""
    parts = [part if isinstance(part, str) else b64(part) for part in (header, payload)]
    message = ".".join(parts)
    return f"{message}.{b64(signature(alg, message.encode()))}"


def token(alg: str, claims: object = CLAIMS, **header: object) -> str:
    """A token of `alg` with a fitting signature; `header` adds to its header or replaces members of it."""
    members = {"alg": alg, "kid": JWK[alg]["kid"], **header}
    members = {name: value for name, value in members.items() if value is not ...}
    return raw(alg, json.dumps(members).encode(), json.dumps(claims).encode())
