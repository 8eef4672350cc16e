"""Whatever is accepted here, PyJWT, told the right algorithm, accepts too; and nothing makes the verifier raise."""

import json
import time

import jwt
from hypothesis import given, settings
from hypothesis import strategies as st

from engines.tokens.token_forge import ALGS, JWK, b64, raw
from ringwall.engines.tokens import Claims, Expectation, KeySet, Refused, verify
from ringwall.engines.tokens.encoding import decode, encode, parse

NOW = int(time.time())
SETS = {alg: KeySet.from_jwks(JWK[alg]) for alg in ALGS}
ORACLES = {alg: jwt.PyJWK({**JWK[alg]}, alg) for alg in ALGS}
EXPECT = Expectation("i", "a")

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
times = st.integers(-100_000, 100_000).map(lambda offset: NOW + offset) | scalars
claims = st.fixed_dictionaries(
    {},
    optional={
        "exp": times,
        "nbf": times,
        "iat": times,
        "iss": st.just("i") | scalars,
        "aud": st.sampled_from(["a", ["a"], ["b", "a"], [], "b"]) | scalars,
        "sub": scalars,
        "jti": scalars,
    },
)
honest = {"exp": NOW + 1000, "iss": "i", "aud": "a"}
headers = st.fixed_dictionaries(
    {},
    optional={
        "alg": st.sampled_from([*ALGS, "none", "HS512", ""]),
        "kid": st.sampled_from(["rsa", "ec", "ed", "oct", "x"]) | scalars,
        "typ": scalars,
        "crit": st.lists(st.text(max_size=4), max_size=2),
        "b64": st.booleans(),
        "jwk": scalars,
    },
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(ALGS), headers, claims, st.booleans(), st.data())
def test_what_is_accepted_pyjwt_accepts(
    alg: str, header: dict[str, object], extra: dict[str, object], bent: bool, data: st.DataObject
) -> None:
    text = raw(alg, json.dumps({"alg": alg} | header).encode(), json.dumps(honest | extra).encode())
    if bent:
        at = data.draw(st.integers(0, len(text) - 1))
        text = text[:at] + data.draw(st.sampled_from("AZaz09-_.=+/ \n")) + text[at + data.draw(st.integers(0, 1)) :]
    outcome = verify(text, SETS[alg], EXPECT, NOW)
    if isinstance(outcome, Claims):
        told = jwt.decode(text, ORACLES[alg], algorithms=[alg], audience="a", issuer="i", leeway=2)
        assert told == dict(outcome.values)


def test_the_honest_ones_are_accepted_by_both() -> None:
    for alg in ALGS:
        text = raw(alg, json.dumps({"alg": alg, "kid": JWK[alg]["kid"]}).encode(), json.dumps(honest).encode())
        assert isinstance(verify(text, SETS[alg], EXPECT, NOW), Claims)
        assert jwt.decode(text, ORACLES[alg], algorithms=[alg], audience="a", issuer="i") == honest


@settings(max_examples=300, deadline=None)
@given(st.text() | st.lists(st.text(max_size=30) | st.binary(max_size=60).map(b64), max_size=6).map(".".join))
def test_no_text_makes_it_raise(text: str) -> None:
    assert isinstance(verify(text, SETS["EdDSA"], EXPECT, NOW), Refused)


json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
)
members = st.sampled_from(["kty", "kid", "use", "key_ops", "alg", "crv", "x", "y", "n", "e", "k", "keys"])


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(ALGS),
    st.dictionaries(members, json_values | st.sampled_from(["RSA", "EC", "OKP", "oct", "sig", "AQAB"]), max_size=3),
)
def test_no_jwk_makes_it_raise(alg: str, bent: dict[str, object]) -> None:
    text = raw(alg, json.dumps({"alg": alg, "kid": JWK[alg]["kid"]}).encode(), json.dumps(honest).encode())
    outcome = verify(text, KeySet.from_jwks(JWK[alg] | bent), EXPECT, NOW)  # type: ignore[arg-type]
    if isinstance(outcome, Claims):
        assert all(bent.get(name, value) == value for name, value in JWK[alg].items() if name != "kid")


@given(st.binary())
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert encode(data) == b64(data)
    assert decode(encode(data)) == data


@given(st.text(st.sampled_from("AQgwZ-_+/= \n"), max_size=9))
def test_whatever_decodes_is_how_it_encodes(text: str) -> None:
    data = decode(text)
    assert data is None or encode(data) == text


@given(st.dictionaries(st.text(max_size=5), json_values, max_size=4))
def test_strict_json_reads_what_the_lenient_one_does(value: dict[str, object]) -> None:
    text = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
    try:
        assert parse(text) == json.loads(text)
    except ValueError:
        assert b"\xed" in text or "Infinity" in text.decode("utf-8", "replace")
