"""Whether key material can prove anything: sizes, exponents, and kinds of key that are known to be broken.

Arithmetic on public values only; no cryptography happens here.
"""

from __future__ import annotations

from typing import Final

RSA_BITS: Final = range(2048, 8193)  # below: RFC 7518, section 3.3; above: minutes of work for one key
_HMAC_BYTES: Final = {"HS256": 32, "HS384": 48, "HS512": 64}
_PUBLIC_MARKS: Final = (b"BEGIN ", b"ssh-", b"ecdsa-sha2-", b'"kty"')
_ROCA_PRIMES: Final = tuple(p for p in range(3, 168) if all(p % q for q in range(2, p)))
_P25519: Final = 2**255 - 19
_P448: Final = 2**448 - 2**224 - 1


def _powers(prime: int) -> frozenset[int]:
    found, value = set[int](), 1
    while value not in found:
        found.add(value)
        value = value * 65537 % prime
    return frozenset(found)


_ROCA_RESIDUES: Final = tuple((prime, _powers(prime)) for prime in _ROCA_PRIMES)


def is_roca(modulus: int) -> bool:
    """Whether an RSA modulus has the fingerprint of Infineon's broken prime generation (CVE-2017-15361).

    Nemec, Sys, Svenda, Klinec, Matyas: The Return of Coppersmith's Attack, CCS 2017, section 2: such a modulus is
    a power of 65537 modulo every small prime, which a sound one is with a chance below one in 2^100.
    """
    return all(modulus % prime in residues for prime, residues in _ROCA_RESIDUES)


def rsa(modulus: int, exponent: int) -> str:
    """What is weak about an RSA public key, or "". The exponent's bounds are those of FIPS 186-5, A.1.1."""
    if modulus.bit_length() not in RSA_BITS:
        return f"RSA of {modulus.bit_length()} bits"
    if exponent % 2 == 0 or not 2**16 < exponent < 2**256:
        return "RSA public exponent out of bounds"
    return "RSA key with the ROCA fingerprint" if is_roca(modulus) else ""


def hmac_algorithms(secret: bytes) -> frozenset[str]:
    """The HMAC algorithms that a secret is long enough for (RFC 7518, section 3.2)."""
    return frozenset(alg for alg, least in _HMAC_BYTES.items() if len(secret) >= least)


def secret(value: bytes) -> str:
    """What is weak about a shared secret, or "".

    A public key in the place of a secret is how RS256 tokens are forged as HS256 (CVE-2015-9235); a run of one
    byte is memory that was never filled (RFC 8725, section 3.5, asks for entropy).
    """
    if len(value) < min(_HMAC_BYTES.values()):
        return f"a secret of {len(value) * 8} bits"
    if len(set(value)) == 1:
        return "a secret of one repeated byte"
    return "a public key used as a secret" if any(mark in value for mark in _PUBLIC_MARKS) else ""


def edwards(curve: str, public: bytes) -> str:
    """What is weak about an Ed25519 or Ed448 public key, or "".

    A point of small order makes signatures that fit every message; a coordinate that is not reduced is a second
    spelling of a key (RFC 8032, sections 5.1.3 and 5.2.3).
    """
    prime = _P25519 if curve == "Ed25519" else _P448
    bits = 255 if curve == "Ed25519" else 448
    y = int.from_bytes(public, "little") & ((1 << bits) - 1)
    if y >= prime:
        return "a point that is not canonical"
    return "a point of small order" if y in _SMALL_ORDER[curve] else ""


def _order_eight() -> tuple[int, int]:
    """The two y of the points of order 8 on edwards25519 (RFC 8032, section 5.1, has the curve).

    Doubled, they have y = 0, so y^2 = -x^2; with the curve's equation that leaves d y^4 + 2 y^2 - 1 = 0.
    """
    p = _P25519
    d = -121665 * pow(121666, -1, p) % p
    root = _square_root((1 + d) % p)
    for sign in (root, -root):
        square = (sign - 1) * pow(d, -1, p) % p
        if pow(square, (p - 1) // 2, p) == 1:
            y = _square_root(square)
            return y, p - y
    raise ArithmeticError("edwards25519 has points of order 8")


def _square_root(value: int) -> int:
    """A square root modulo 2^255 - 19 (RFC 8032, section 5.1.1)."""
    root = pow(value, (_P25519 + 3) // 8, _P25519)
    return root if root * root % _P25519 == value else root * pow(2, (_P25519 - 1) // 4, _P25519) % _P25519


_SMALL_ORDER: Final = {
    "Ed25519": frozenset({0, 1, _P25519 - 1, *_order_eight()}),
    "Ed448": frozenset({0, 1, _P448 - 1}),
}
