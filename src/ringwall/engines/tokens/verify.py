"""Verification of compact JWS and JWT (RFC 7515, RFC 7519, with the advice of RFC 8725). Values in, values out.

It raises nothing, fetches nothing and reads no clock: keys and the time are handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from ringwall.engines.tokens import header as jose
from ringwall.engines.tokens.claims import Claims, Expectation, check, check_typ
from ringwall.engines.tokens.encoding import decode, parse
from ringwall.engines.tokens.flaws import Flaw, Refused
from ringwall.engines.tokens.header import Header
from ringwall.engines.tokens.keyset import KeySet

LONGEST: Final = 16_384  # characters; servers take no longer header line


@dataclass(frozen=True, slots=True)
class Payload:
    """The payload of a JWS whose signature fits, and its header."""

    data: bytes
    header: Header


def verify_jws(token: str, keys: KeySet) -> Payload | Refused:
    """Verify signature and header alone, whatever the payload is."""
    signed = _signed(token, keys)
    return signed if isinstance(signed, Refused) else Payload(*signed)


def _signed(token: str, keys: KeySet) -> tuple[bytes, Header] | Refused:
    """The payload of a token whose signature fits, and its header."""
    parts = _split(token)
    if isinstance(parts, Refused):
        return parts
    header = jose.read(parts[0])
    if isinstance(header, Refused):
        return header
    payload, signature = decode(parts[1]), decode(parts[2])
    if payload is None or signature is None:
        return Refused(Flaw.BASE64, "payload" if payload is None else "signature")
    candidates = keys.candidates(header.kid, header.alg)
    if isinstance(candidates, Refused):
        return candidates
    message = token[: len(parts[0]) + len(parts[1]) + 1].encode()
    for key in candidates:
        if key.verifies(header.alg, message, signature):
            return payload, header
    return Refused(Flaw.SIGNATURE)


def verify(token: str, keys: KeySet, expect: Expectation, now: float) -> Claims | Refused:
    """Verify a JWT: signature, header, and claims against `expect` at `now` (epoch seconds)."""
    signed = _signed(token, keys)
    if isinstance(signed, Refused):
        return signed
    data, header = signed
    flaw = check_typ(header, expect)
    if flaw is not None:
        return flaw
    try:
        values = parse(data)
    except ValueError:
        return Refused(Flaw.JSON, "payload")
    if not isinstance(values, dict):
        return Refused(Flaw.JSON, "payload")
    expires = check(values, expect, now)
    return expires if isinstance(expires, Refused) else Claims(MappingProxyType(values), expires, header)


def _split(token: str) -> list[str] | Refused:
    if len(token) > LONGEST:
        return Refused(Flaw.OVERSIZE, f"over {LONGEST} characters")
    parts = token.split(".")
    if len(parts) == 5:
        return Refused(Flaw.ENCRYPTED)
    if len(parts) != 3:
        return Refused(Flaw.MALFORMED, f"{len(parts)} parts")
    return parts if token.isascii() else Refused(Flaw.BASE64, "not ASCII")
