"""Every kind of key against a token of every algorithm, signed by PyJWT: the key that signed it fits, and no other."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import product
from typing import Any

import jwt
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from ringwall.cli import cli
from ringwall.engines.tokens import Flaw, KeySet, Payload, verify_jws

NOW = 1_700_000_000
CLAIMS = {"sub": "u", "exp": NOW + 60}
SECRETS = {f"oct{size * 8}": bytes(range(1, size + 1)) for size in (16, 32, 48, 64)}
KEYS: dict[str, Any] = {
    "RSA2048": rsa.generate_private_key(65537, 2048),
    "RSA1024": rsa.generate_private_key(65537, 1024),
    "RSA-e3": rsa.generate_private_key(3, 2048),
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "Ed448": ed448.Ed448PrivateKey.generate(),
    **SECRETS,
}
RSA_ALGS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512")
SIGNS = {
    "RSA2048": RSA_ALGS, "RSA1024": RSA_ALGS[:3], "RSA-e3": RSA_ALGS[:3], "P-256": ("ES256",), "P-384": ("ES384",),
    "P-521": ("ES512",), "secp256k1": ("ES256K",), "Ed25519": ("EdDSA",), "Ed448": ("EdDSA",), "oct128": ("HS256",),
    "oct256": ("HS256", "HS384"), "oct384": ("HS384", "HS512"), "oct512": ("HS512",),
}  # fmt: skip
WEAK = {("RSA1024", a) for a in RSA_ALGS} | {("RSA-e3", a) for a in RSA_ALGS} | {("oct128", "HS256")}
SHORT = {("oct256", "HS384"), ("oct384", "HS512")}


def jwk_of(name: str) -> dict[str, Any]:
    key = KEYS[name]
    if name in SECRETS:
        return {"kty": "oct", "k": jwt.utils.base64url_encode(key).decode()}
    made: Callable[..., Any] = RSAAlgorithm.to_jwk if "RSA" in name else (
        OKPAlgorithm.to_jwk if name.startswith("Ed") else ECAlgorithm.to_jwk)  # fmt: skip
    told: dict[str, Any] = made(key.public_key(), as_dict=True)
    told.pop("key_ops", None)
    return told


@pytest.fixture(scope="module")
def tokens() -> dict[tuple[str, str], str]:
    with pytest.warns(jwt.warnings.InsecureKeyLengthWarning):  # it warns of what is refused here
        return {(name, alg): jwt.encode(CLAIMS, KEYS[name], alg) for name, algs in SIGNS.items() for alg in algs}


def test_the_key_that_signed_fits_and_no_other_does(tokens: dict[tuple[str, str], str]) -> None:
    sets = {name: KeySet.from_jwks(jwk_of(name)) for name in KEYS}
    accepted = set()
    for (signer, alg), name in product(tokens, KEYS):
        if isinstance(verify_jws(tokens[signer, alg], sets[name]), Payload):
            accepted.add((signer, alg, name))
    assert accepted == {(name, alg, name) for name, alg in tokens if (name, alg) not in WEAK | SHORT}


@pytest.mark.parametrize(("name", "alg"), sorted((WEAK & {(n, a) for n, s in SIGNS.items() for a in s}) | SHORT))
def test_a_weak_key_is_called_so(tokens: dict[tuple[str, str], str], name: str, alg: str) -> None:
    refused = verify_jws(tokens[name, alg], KeySet.from_jwks(jwk_of(name)))
    assert refused.reason is Flaw.KEY_WEAK  # type: ignore[union-attr]


def test_odd_lines_of_a_batch_have_each_its_reason(tokens: dict[tuple[str, str], str]) -> None:
    good, ed, oct_key, curve = tokens["Ed25519", "EdDSA"], jwk_of("Ed25519"), jwk_of("oct512"), jwk_of("P-256")
    head, body, signature = good.split(".")
    serialized = json.dumps({"payload": body, "protected": head, "signature": signature})
    odd: list[tuple[str, Any, str | None]] = [
        (good, ed, None),
        (good, {"keys": [ed]}, None),
        (good, {"keys": [ed, curve]}, None),
        (good, {**ed, "x5c": ["AAAA"], "use": "sig", "alg": "EdDSA", "key_ops": ["verify"]}, None),
        (good, {**ed, "key_ops": ["sign"]}, "authn.token.key_use"),
        (good, {**ed, "use": "enc"}, "authn.token.key_use"),
        (good, {**ed, "alg": "ES256"}, "authn.token.key_use"),
        (good, {"keys": []}, "authn.token.key_unknown"),
        (good, {"keys": [ed, oct_key]}, "authn.token.key_set"),
        (good, {"keys": [{**ed, "kid": "a"}, {**curve, "kid": "a"}]}, "authn.token.key_set"),
        (good, {**oct_key, "alg": "RS256"}, "authn.token.key_use"),
        (good, {**curve, "alg": "ES384"}, "authn.token.key_use"),
        (good, {**curve, "crv": "P-384"}, "authn.token.key_malformed"),
        (good, {**ed, "x": ed["x"] + "="}, "authn.token.key_malformed"),
        (good, {"kty": "OKP", "crv": "X25519", "x": ed["x"]}, "authn.token.key_use"),
        (good, {"keys": ["x", 7, None]}, "authn.token.key_malformed"),
        (f" {good}", ed, "authn.token.base64"),
        (f"{good}\n", ed, "authn.token.base64"),
        (f"{head}.{body}.{signature}.", ed, "authn.token.malformed"),
        (f"{head}..{signature}", ed, "authn.token.signature"),
        (f"{head}.{body}.", ed, "authn.token.signature"),
        (f"{head}.{body}", ed, "authn.token.malformed"),
        (serialized, ed, "authn.token.malformed"),
        (f"{head}.{body}.{signature}.{body}.{body}", ed, "authn.token.encrypted"),
        (good + "A" * 20_000, ed, "authn.token.oversize"),
        ("", ed, "authn.token.malformed"),
        ("..", ed, "authn.token.json"),
    ]
    lines = [json.dumps({"id": n, "token": token, "jwks": jwks, "now": NOW}) for n, (token, jwks, _) in enumerate(odd)]
    done = CliRunner().invoke(cli, ["token", "verify", "--jsonl"], input="\n".join(lines))
    told = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(one["id"], one["reason"]) for one in told] == [(n, reason) for n, (_, _, reason) in enumerate(odd)]
