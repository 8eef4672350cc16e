"""What tokens, field encryption and password hashing cost on this machine, each beside the bare library.

Run: python bench/tokens.py [--json]. The least of several rounds is told, which is what a quiet machine would show.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
import timeit
from collections.abc import Callable
from pathlib import Path

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from ringwall.build.assemble import assemble, prepare
from ringwall.build.load import load_contract
from ringwall.build.runtime import open_runtime
from ringwall.core.known import Known
from ringwall.core.message import RawHead
from ringwall.core.ports import Account
from ringwall.core.verdict import Ask, Learned, Refuse
from ringwall.engines.crypto import (
    FieldContext,
    KeyRing,
    MappedKeys,
    Passwords,
    RootKey,
    decrypt_value,
    encrypt_value,
)
from ringwall.engines.tokens import Claims, Expectation, Json, KeySet, Remembered, verify
from ringwall.engines.tokens.encoding import encode

NOW = 1_700_000_000.0
CLAIMS = {
    "iss": "https://login.example.com",
    "sub": "5b0c6a5e-1d2f-4c3b-9a7e-0f1e2d3c4b5a",
    "aud": "clinic-api",
    "exp": NOW + 300,
    "iat": NOW,
    "jti": "c0ffee",
    "roles": ["doctor", "nurse"],
    "scope": "patients:read visits:read",
}
EXPECT = Expectation("https://login.example.com", "clinic-api", frozenset({"at+jwt"}))


def least(work: Callable[[], object], number: int) -> float:
    """The least of seven rounds, in microseconds a call."""
    return min(timeit.repeat(work, number=number, repeat=7)) / number * 1e6


def tokens() -> dict[str, float]:
    """First verification of each kind of token, the bare library on the same bytes, and a remembered token."""
    figures, memory = dict[str, float](), Remembered(1000)
    for alg, (jwk, sign, bare) in _signers().items():
        header = json.dumps({"alg": alg, "kid": "k", "typ": "at+jwt"}).encode()
        message = f"{encode(header)}.{encode(orjson.dumps(CLAIMS))}"
        signature, library = sign(message.encode())
        text, keys = f"{message}.{encode(signature)}", KeySet.from_jwks({**jwk, "kid": "k"})
        claims = verify(text, keys, EXPECT, NOW)
        if not isinstance(claims, Claims):
            raise SystemExit(f"{alg}: {claims}")
        first = least(lambda text=text, keys=keys: verify(text, keys, EXPECT, NOW), 200)  # type: ignore[misc]
        signed = message.encode()
        raw = least(lambda bare=bare, s=library, m=signed: bare(s, m), 200)  # type: ignore[misc]
        figures |= {f"{alg} first": first, f"{alg} library": raw, f"{alg} ratio": first / raw}
        memory.put(text, claims)
    figures["remembered token"] = least(lambda: memory.get(text, NOW), 20_000)
    return figures


Signer = tuple[dict[str, Json], Callable[[bytes], tuple[bytes, bytes]], Callable[[bytes, bytes], None]]


def _signers() -> dict[str, Signer]:
    ed, curve, big = (
        ed25519.Ed25519PrivateKey.generate(),
        ec.generate_private_key(ec.SECP256R1()),
        rsa.generate_private_key(65537, 2048),
    )
    point, numbers = curve.public_key().public_numbers(), big.public_key().public_numbers()
    es256, sha256, pkcs1 = ec.ECDSA(hashes.SHA256()), hashes.SHA256(), padding.PKCS1v15()
    ed_public, ec_public, rsa_public = ed.public_key(), curve.public_key(), big.public_key()

    def both(message: bytes) -> tuple[bytes, bytes]:
        der = curve.sign(message, es256)
        r, s = decode_dss_signature(der)
        return r.to_bytes(32) + s.to_bytes(32), der

    return {
        "EdDSA": (
            {"kty": "OKP", "crv": "Ed25519", "x": encode(ed_public.public_bytes_raw())},
            lambda m: (ed.sign(m),) * 2,
            ed_public.verify,
        ),
        "ES256": (
            {"kty": "EC", "crv": "P-256", "x": encode(point.x.to_bytes(32)), "y": encode(point.y.to_bytes(32))},
            both,
            lambda s, m: ec_public.verify(s, m, es256),
        ),
        "RS256": (
            {"kty": "RSA", "n": encode(numbers.n.to_bytes(256)), "e": "AQAB"},
            lambda m: (big.sign(m, pkcs1, sha256),) * 2,
            lambda s, m: rsa_public.verify(s, m, pkcs1, sha256),
        ),
    }


CONTRACT = """
ringwall: 1
api: openapi.json
authentication: {accounts: true}
roles: {reader: {}}
operations: {"GET /me": {allow: [reader]}}
staleness: 3600
"""
DOCUMENT = (
    '{"openapi": "3.1.0", "info": {"title": "bench", "version": "1"}, "paths": {"/me": {"get": {"responses": {}}}}}'
)


def layer() -> dict[str, float]:
    """What the layer adds in a wall for a token that is remembered."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        (directory / "openapi.json").write_text(DOCUMENT)
        (directory / "ringwall.yaml").write_text(CONTRACT)
        runtime = open_runtime(directory / "data")
        wall = assemble(prepare(load_contract(directory / "ringwall.yaml")), runtime)
        token = runtime.tokens.issue(Account("acc-1", "bench", frozenset({"reader"}), None), lifetime_s=3600)
        fields = ((b"host", b"x"), (b"authorization", b"Bearer " + token.encode()))
        head = wall.admit(RawHead(b"GET", b"/me", fields, "127.0.0.1", True), "r")
        if isinstance(head, Refuse):
            raise SystemExit(str(head))
        plan, known, figures = wall.route(head)[0], Known("GET /me", time.time(), {}, "127.0.0.1", "r"), {}
        for guard in plan.guards.head:
            verdict = guard.check(head, known)
            while isinstance(verdict, Ask):
                verdict = verdict.then(wall.ports.answer(verdict.question))
            if guard.layer == "authentication":
                figures[f"remembered {guard.name}"] = least(lambda g=guard, k=known: g.check(head, k), 5000)  # type: ignore[misc]
            known = verdict.known if isinstance(verdict, Learned) else known
        runtime.close()
    return figures


def crypto() -> dict[str, float]:
    """One field written and read, and one password."""
    ring = KeyRing([RootKey.new(os.urandom)], MappedKeys({}), os.urandom)
    where = FieldContext("patient", "/diagnosis", "clinic-1", "account-1", "1042")
    text = encrypt_value("influenza A, moderate", where, ring)
    if not isinstance(text, str):
        raise SystemExit(str(text))
    write = least(lambda: encrypt_value("influenza A, moderate", where, ring), 2000)
    read = least(lambda: decrypt_value(text, where, ring), 2000)
    passwords = Passwords()
    stored = passwords.hash("correct horse battery staple")
    hashing = least(lambda: passwords.verify("correct horse battery staple", stored), 2)
    return {"field encrypt": write, "field decrypt": read, "field both": write + read, "argon2id verify": hashing}


def main() -> None:
    """Print the figures, in microseconds but for the ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    figures = {name: round(value, 2) for name, value in (tokens() | layer() | crypto()).items()}
    if parser.parse_args().json:
        sys.stdout.write(json.dumps(figures) + "\n")
        return
    for name, value in figures.items():
        sys.stdout.write(f"{name:20} {value:12,.2f} {'x' if name.endswith('ratio') else 'µs'}\n")


if __name__ == "__main__":
    main()
