"""Every flaw of a token is refused for its own reason, and the honest token beside it is accepted."""

import json
import random

import pytest
from cryptography.hazmat.primitives import serialization

from engines.tokens.token_forge import ALGS, CLAIMS, ED, JWK, NOW, RSA, SECRET, b64, number, raw, signature, token
from ringwall.engines.tokens import LONGEST, Claims, Expectation, Flaw, KeySet, Payload, Refused, verify, verify_jws
from ringwall.engines.tokens.strength import _P25519, _SMALL_ORDER, is_roca

EXPECT = Expectation("https://issuer.test", "clinic")


def judge(
    text: str, key: str = "EdDSA", /, expect: Expectation = EXPECT, now: float = NOW, **jwk: object
) -> Flaw | None:
    members = {name: value for name, value in {**JWK[key], **jwk}.items() if value is not ...}
    outcome = verify(text, KeySet.from_jwks({"keys": [members]}), expect, now)
    assert isinstance(outcome, Claims | Refused)
    return outcome.reason if isinstance(outcome, Refused) else None


def test_an_honest_token_of_every_algorithm_is_accepted() -> None:
    for alg in ALGS:
        assert judge(token(alg), alg) is None, alg
        assert judge(token(alg), alg, alg=alg, use="sig", key_ops=["verify"]) is None, alg
        assert judge(token(alg, kid=...), alg) is None, "without a kid every key is tried"
        assert judge(token(alg), alg, kid=...) is None, "a key without a name is tried for every token"


HEADER, PAYLOAD = b'{"alg":"EdDSA","kid":"ed"}', json.dumps(CLAIMS).encode()
HONEST = raw("EdDSA", HEADER, PAYLOAD)
H, P, S = HONEST.split(".")
NONE, NONE_ODDLY = b64(b'{"alg":"none"}'), b64(b'{"alg":"nOnE","kid":"ed"}')
NONCANONICAL = {c: chr(ord(c) + 1) for c in "AQgw"}  # the last digit of 64 bytes carries four unused bits


@pytest.mark.parametrize(
    ("flaw", "text"),
    [
        (Flaw.MALFORMED, ""),
        (Flaw.MALFORMED, H),
        (Flaw.MALFORMED, f"{H}.{P}"),
        (Flaw.MALFORMED, f"{HONEST}."),
        (Flaw.MALFORMED, json.dumps({"payload": P, "signatures": [{"protected": H, "signature": S}]})),
        (Flaw.MALFORMED, raw("EdDSA", b'{"alg":"EdDSA","kid":null}', PAYLOAD)),
        (Flaw.MALFORMED, raw("EdDSA", b'{"alg":"EdDSA","kid":["ed"]}', PAYLOAD)),
        (Flaw.OVERSIZE, HONEST + "A" * LONGEST),
        (Flaw.ENCRYPTED, f"{H}.{P}.{S}.{P}.{S}"),
        (Flaw.BASE64, f"{HONEST}="),
        (Flaw.BASE64, f"{HONEST}=="),
        (Flaw.BASE64, f"{HONEST}\n"),
        (Flaw.BASE64, f" {HONEST}"),
        (Flaw.BASE64, f"{HONEST}A?"),
        (Flaw.BASE64, f"{HONEST}\u00e9"),
        (Flaw.BASE64, f"{HONEST}\ud800"),
        (Flaw.BASE64, HONEST[:-1] + NONCANONICAL[HONEST[-1]]),
        (Flaw.BASE64, f"{H}.{P}.{S}AAA"),
        (Flaw.BASE64, raw("EdDSA", H[:4] + "?" + H[4:], P)),
        (Flaw.BASE64, raw("EdDSA", H + "=", P)),
        (Flaw.BASE64, raw("EdDSA", H, "####" + P)),
        (Flaw.BASE64, raw("EdDSA", H, "AB")),
        (Flaw.BASE64, raw("EdDSA", H, P + "+/")),
        (Flaw.JSON, raw("EdDSA", b"", PAYLOAD)),
        (Flaw.JSON, f".{P}.{S}"),
        (Flaw.JSON, raw("EdDSA", b"[]", PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'"EdDSA"', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"none","alg":"EdDSA","kid":"ed"}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","kid":"ed","x":{"a":1,"a":2}}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", HEADER + b"{}", PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b"\xef\xbb\xbf" + HEADER, PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","kid":"ed\xff"}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","kid":"\\ud800"}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","x":NaN}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","x":1e999}', PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","x":' + b"[" * 4000 + b"]" * 4000 + b"}", PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", b'{"alg":"EdDSA","x":' + b"9" * 5000 + b"}", PAYLOAD)),
        (Flaw.JSON, raw("EdDSA", HEADER, b"")),
        (Flaw.JSON, raw("EdDSA", HEADER, b"foo")),
        (Flaw.JSON, raw("EdDSA", HEADER, b"[1]")),
        (Flaw.JSON, raw("EdDSA", HEADER, PAYLOAD[:-1] + b',"sub":"root"}')),
        (Flaw.JSON, raw("EdDSA", HEADER, PAYLOAD[:-1] + b',"x":Infinity}')),
        (Flaw.ALG_NONE, f"{NONE}.{P}."),
        (Flaw.ALG_NONE, f"{NONE_ODDLY}.{P}.{S}"),
        (Flaw.ALG_NONE, raw("EdDSA", b'{"alg":" none ","kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":null,"kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":["EdDSA"],"kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":"eddsa","kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":"Ed448","kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":"HS256","kid":"ed"}', PAYLOAD)),
        (Flaw.ALG, raw("EdDSA", b'{"alg":"","kid":"ed"}', PAYLOAD)),
        (Flaw.CRIT, token("EdDSA", crit=["exp"])),
        (Flaw.CRIT, token("EdDSA", crit=[])),
        (Flaw.CRIT, token("EdDSA", crit=None)),
        (Flaw.CRIT, token("EdDSA", crit=["http://example.invalid/UNDEFINED"])),
        (Flaw.CRIT, token("EdDSA", b64=False, crit=["b64"])),
        (Flaw.CRIT, token("EdDSA", b64=False)),
        (Flaw.CRIT, token("EdDSA", b64=True)),
        (Flaw.KEY_EMBEDDED, token("EdDSA", jwk=JWK["EdDSA"])),
        (Flaw.KEY_EMBEDDED, token("EdDSA", jku="https://attacker.test/jwks.json")),
        (Flaw.KEY_EMBEDDED, token("EdDSA", x5u="https://attacker.test/cert.pem")),
        (Flaw.KEY_EMBEDDED, token("EdDSA", x5c=["MIIB"])),
        (Flaw.KEY_EMBEDDED, token("EdDSA", jwk=None)),
        (Flaw.KEY_UNKNOWN, token("EdDSA", kid="other")),
        (Flaw.KEY_UNKNOWN, token("EdDSA", kid="")),
        (Flaw.KEY_UNKNOWN, token("EdDSA", kid="../../../dev/null")),
        (Flaw.KEY_UNKNOWN, token("EdDSA", kid="ed' UNION SELECT 'x")),
        (Flaw.SIGNATURE, f"{H}.{P}."),
        (Flaw.SIGNATURE, f"{H}.{P}.{b64(bytes(64))}"),
        (Flaw.SIGNATURE, f"{H}.{P}.{b64(b'x')}"),
        (Flaw.SIGNATURE, f"{H}.{b64(PAYLOAD.replace(b'u1', b'u2'))}.{S}"),
        (Flaw.SIGNATURE, f"{b64(HEADER + b' ')}.{P}.{S}"),
        (Flaw.SIGNATURE, f"{H}..{S}"),
        (Flaw.TYP, token("EdDSA", typ=7)),
        (Flaw.TYP, token("EdDSA", typ=None)),
        (Flaw.EXP_MISSING, token("EdDSA", {"iss": "https://issuer.test", "aud": "clinic"})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"exp": str(NOW + 60)})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"exp": True})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"exp": None})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"nbf": [NOW]})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"iat": "now"})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"sub": 7})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"jti": None})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"iss": ["https://issuer.test"]})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"aud": {"clinic": 1}})),
        (Flaw.CLAIMS, token("EdDSA", CLAIMS | {"aud": ["clinic", 1]})),
        (Flaw.EXPIRED, token("EdDSA", CLAIMS | {"exp": NOW})),
        (Flaw.EXPIRED, token("EdDSA", CLAIMS | {"exp": -1e300})),
        (Flaw.NOT_YET, token("EdDSA", CLAIMS | {"nbf": NOW + 1})),
        (Flaw.NOT_YET, token("EdDSA", CLAIMS | {"iat": NOW + 1})),
        (Flaw.ISSUER, token("EdDSA", CLAIMS | {"iss": "https://issuer.test/"})),
        (Flaw.ISSUER, token("EdDSA", {"aud": "clinic", "exp": NOW + 1})),
        (Flaw.AUDIENCE, token("EdDSA", CLAIMS | {"aud": "Clinic"})),
        (Flaw.AUDIENCE, token("EdDSA", CLAIMS | {"aud": []})),
        (Flaw.AUDIENCE, token("EdDSA", CLAIMS | {"aud": ["other", "clinic-admin"]})),
        (Flaw.AUDIENCE, token("EdDSA", {"iss": "https://issuer.test", "exp": NOW + 1})),
    ],
)
def test_a_flaw_is_refused_for_its_reason(flaw: Flaw, text: str) -> None:
    assert judge(HONEST) is None
    assert judge(text) is flaw


def test_a_time_that_is_not_a_number_lets_nothing_pass() -> None:
    assert judge(HONEST, now=float("nan")) is Flaw.EXPIRED
    assert judge(HONEST, now=float("inf")) is Flaw.EXPIRED
    assert judge(HONEST, now=float("-inf")) is Flaw.NOT_YET


def test_leeway_forgives_to_the_second_and_no_further() -> None:
    lenient = Expectation("https://issuer.test", "clinic", leeway_s=5)
    assert judge(HONEST, now=NOW + 60) is Flaw.EXPIRED
    assert judge(HONEST, expect=lenient, now=NOW + 64) is None
    assert judge(HONEST, expect=lenient, now=NOW + 65) is Flaw.EXPIRED
    assert judge(HONEST, expect=lenient, now=NOW - 5) is None
    assert judge(HONEST, expect=lenient, now=NOW - 6) is Flaw.NOT_YET


def test_a_typ_is_compared_as_a_media_type() -> None:
    expect = Expectation("https://issuer.test", "clinic", frozenset({"at+jwt"}))
    for typ in ("at+jwt", "AT+JWT", "application/at+jwt"):
        assert judge(token("EdDSA", typ=typ), expect=expect) is None
    for typ in ("JWT", "at+jwt;x", "", "application/application/at+jwt"):
        assert judge(token("EdDSA", typ=typ), expect=expect) is Flaw.TYP
    assert judge(HONEST, expect=expect) is Flaw.TYP


def test_who_expects_no_audience_takes_no_token_for_another() -> None:
    assert judge(HONEST, expect=Expectation()) is Flaw.AUDIENCE
    assert judge(token("EdDSA", {"exp": NOW + 1}), expect=Expectation()) is None


def test_the_key_decides_the_algorithm() -> None:
    for alg in ALGS:
        for claimed in (*ALGS, "HS512", "RS512", "ES384", "ES256K", "RSA-OAEP", "dir", "A256KW"):
            text = raw(alg, json.dumps({"alg": claimed}).encode(), PAYLOAD)
            expected = None if claimed == alg else Flaw.SIGNATURE if _same_key(alg, claimed) else Flaw.ALG
            assert judge(text, alg) is expected, (alg, claimed)
            assert judge(text, alg, alg=alg) is (None if claimed == alg else Flaw.ALG), (alg, claimed)


def _same_key(alg: str, claimed: str) -> bool:
    return (alg[:2] in ("RS", "PS") and claimed[:2] in ("RS", "PS") and claimed[2:].isdigit()) or (
        alg[:2] == claimed[:2] == "HS"
    )


def test_no_public_key_serves_as_an_hmac_secret() -> None:
    """CVE-2015-9235: a verifier that takes the algorithm from the token takes the public key for a secret."""
    public = RSA.public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, spki)
    der = public.public_bytes(serialization.Encoding.DER, spki)
    ssh = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    jwk = json.dumps(JWK["RS256"]).encode()
    forged = raw("HS256", b'{"alg":"HS256","kid":"rsa"}', PAYLOAD)
    assert judge(forged, "RS256") is Flaw.ALG
    for secret in (pem, b"\n" + pem, ssh, jwk):
        assert judge(token("HS256"), "HS256", k=b64(secret)) is Flaw.KEY_WEAK
    assert judge(token("HS256"), "HS256", k=b64(der)) is Flaw.KEY_MALFORMED
    assert judge(token("HS256"), "HS256") is None


def test_ecdsa_signatures_have_one_form() -> None:
    header = b64(b'{"alg":"ES256","kid":"ec"}')
    message = f"{header}.{P}"
    honest = signature("ES256", message.encode())
    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # FIPS 186-4, D.1.2.3
    r, s = int.from_bytes(honest[:32]), int.from_bytes(honest[32:])
    edges = [0, 1, n - 1, n, 2**256 - 1]
    hostile = [a.to_bytes(32) + b.to_bytes(32) for a in edges for b in edges]
    hostile += [honest[:-1], honest + b"\0", b"\0" + honest, b"\0" + honest[:32] + b"\0" + honest[32:], b""]
    hostile += [r.to_bytes(33) + s.to_bytes(33), bytes(300) + honest, honest[32:] + honest[:32]]
    hostile += [
        (r + n).to_bytes(33)[-32:] + s.to_bytes(32),
        b"\x30\x44\x02\x20" + honest[:32] + b"\x02\x20" + honest[32:],
    ]
    assert judge(f"{message}.{b64(honest)}", "ES256") is None
    for forged in hostile:
        assert judge(f"{message}.{b64(forged)}", "ES256") is Flaw.SIGNATURE, forged.hex()


@pytest.mark.parametrize(
    ("flaw", "alg", "jwk"),
    [
        (Flaw.KEY_WEAK, "RS256", {"n": number(2**1023 + 1)}),
        (Flaw.KEY_WEAK, "RS256", {"n": number(2**2046 + 1)}),
        (Flaw.KEY_WEAK, "RS256", {"n": number(2**9000 + 1)}),
        (Flaw.KEY_WEAK, "RS256", {"e": "AQ"}),
        (Flaw.KEY_WEAK, "RS256", {"e": "Aw"}),
        (Flaw.KEY_WEAK, "RS256", {"e": number(2**17)}),
        (Flaw.KEY_MALFORMED, "RS256", {"n": ...}),
        (Flaw.KEY_MALFORMED, "RS256", {"n": 7}),
        (Flaw.KEY_MALFORMED, "RS256", {"n": "?" + str(JWK["RS256"]["n"])}),
        (Flaw.KEY_MALFORMED, "ES256", {"kty": "RSA"}),
        (Flaw.KEY_MALFORMED, "ES256", {"crv": "P-384"}),
        (Flaw.KEY_MALFORMED, "ES256", {"crv": "P-192"}),
        (Flaw.KEY_MALFORMED, "ES256", {"y": JWK["ES256"]["x"]}),
        (Flaw.KEY_MALFORMED, "ES256", {"x": b64(bytes(32)), "y": b64(bytes(32))}),
        (Flaw.KEY_MALFORMED, "ES256", {"x": number(2**263, 33)}),
        (Flaw.KEY_MALFORMED, "EdDSA", {"x": b64(bytes(31))}),
        (Flaw.KEY_MALFORMED, "EdDSA", {"kty": "okp"}),
        (Flaw.KEY_MALFORMED, "EdDSA", {"kty": ["OKP"]}),
        (Flaw.KEY_USE, "EdDSA", {"crv": "X25519"}),
        (Flaw.KEY_WEAK, "EdDSA", {"x": b64(_P25519.to_bytes(32, "little"))}),
        (Flaw.KEY_WEAK, "HS256", {"k": ""}),
        (Flaw.KEY_WEAK, "HS256", {"k": b64(SECRET[:31])}),
        (Flaw.KEY_WEAK, "HS256", {"k": b64(SECRET[:47]), "alg": "HS384"}),
        (Flaw.KEY_WEAK, "HS256", {"k": b64(bytes(32))}),
        (Flaw.KEY_WEAK, "HS256", {"k": b64(b"\xff" * 64)}),
        (Flaw.KEY_USE, "EdDSA", {"use": "enc"}),
        (Flaw.KEY_USE, "EdDSA", {"use": None}),
        (Flaw.KEY_USE, "EdDSA", {"use": ["sig"]}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": ["encrypt"]}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": ["sign, verify"]}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": "verify"}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": []}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": ["verify", "verify"]}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": ["verify", "encrypt"], "use": "sig"}),
        (Flaw.KEY_USE, "EdDSA", {"alg": "ES256"}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": ["verify", {"a": 1}], "use": "sig"}),
        (Flaw.KEY_USE, "EdDSA", {"key_ops": [str(i) for i in range(100_000)] + ["verify"]}),
        (Flaw.KEY_USE, "EdDSA", {"alg": 7}),
        (Flaw.KEY_USE, "EdDSA", {"alg": ["EdDSA"]}),
        (Flaw.KEY_USE, "RS256", {"alg": "RSA-OAEP"}),
        (Flaw.KEY_USE, "ES256", {"alg": "ES521"}),
        (Flaw.KEY_USE, "ES256", {"alg": "ES384"}),
        (Flaw.KEY_USE, "HS256", {"alg": "A256KW"}),
        (Flaw.KEY_USE, "HS256", {"alg": "none"}),
    ],
)
def test_a_key_that_may_not_verify_is_named(flaw: Flaw, alg: str, jwk: dict[str, object]) -> None:
    assert judge(token(alg), alg) is None
    assert judge(token(alg), alg, **jwk) is flaw


def test_a_secret_too_short_for_the_algorithm_is_weak_only_for_that() -> None:
    short = {"k": b64(SECRET[:32])}
    text = raw("HS256", b'{"alg":"HS512","kid":"oct"}', PAYLOAD)
    assert judge(text, "HS256", **short) is Flaw.KEY_WEAK
    assert judge(text, "HS256") is Flaw.SIGNATURE


def test_points_of_small_order_are_no_keys() -> None:
    """With the neutral element as key, R = the neutral element and S = 0 would sign every message."""
    forged = f"{H}.{P}.{b64(bytes((1, *bytes(63))))}"
    for y in _SMALL_ORDER["Ed25519"]:
        for sign in (0, 1 << 255):
            assert judge(forged, x=b64((y | sign).to_bytes(32, "little"))) is Flaw.KEY_WEAK
    assert judge(forged) is Flaw.SIGNATURE
    assert len(_SMALL_ORDER["Ed25519"]) == 5


def test_the_fingerprint_of_broken_rsa_keys_is_seen() -> None:
    """Moduli made as the broken library made its primes: a multiple of many small primes, and a power of 65537."""
    draw = random.Random(7)
    product = 1
    for prime in (p for p in range(2, 702) if all(p % q for q in range(2, p))):
        product *= prime
    for _ in range(5):
        broken = draw.getrandbits(2047 - product.bit_length()) * product + pow(65537, draw.getrandbits(200), product)
        broken += 2**2047 // product * product
        assert is_roca(broken)
        assert judge(token("RS256"), "RS256", n=number(broken)) is Flaw.KEY_WEAK
        assert not is_roca(broken + 2)
    assert not is_roca(RSA.public_key().public_numbers().n)


def outcome(text: str, jwks: object) -> Flaw | None:
    assert isinstance(jwks, dict)
    result = verify(text, KeySet.from_jwks(jwks), EXPECT, NOW)
    return result.reason if isinstance(result, Refused) else None


def test_a_key_set_is_not_ambiguous() -> None:
    ed, ec, secret = JWK["EdDSA"], JWK["ES256"], JWK["HS256"]
    assert outcome(HONEST, {"keys": [ed, ec]}) is None
    assert outcome(HONEST, ed) is None, "one JWK in place of a set"
    assert outcome(HONEST, {"keys": [ed, secret]}) is Flaw.KEY_SET, "secret and public keys do not mix"
    assert outcome(HONEST, {"keys": [ed, ec | {"kid": "ed"}]}) is Flaw.KEY_SET, "one kid, one key"
    assert outcome(token("ES256"), {"keys": [ed, ec, ed]}) is None, "the other keys are not touched"
    assert outcome(HONEST, {"keys": [ed] + [ec | {"kid": str(i)} for i in range(256)]}) is Flaw.KEY_SET
    assert outcome(HONEST, {"keys": []}) is Flaw.KEY_UNKNOWN
    for junk in ({}, {"keys": None}, {"keys": {"0": ed}}, {"keys": ["ed"]}, {"keys": [ed | {"kid": 7}]}):
        assert outcome(HONEST, junk) is Flaw.KEY_MALFORMED


def test_skipped_keys_are_listed_and_do_not_spoil_the_others() -> None:
    keys = KeySet.from_jwks({"keys": [JWK["EdDSA"], JWK["RS256"] | {"use": "enc"}, {"kty": "XYZ", "kid": "new"}]})
    assert [(s.kid, s.why.reason) for s in keys.skipped] == [("rsa", Flaw.KEY_USE), ("new", Flaw.KEY_MALFORMED)]
    assert isinstance(verify_jws(HONEST, keys), Payload)


def test_a_private_key_verifies_and_is_not_kept() -> None:
    private = b64(ED.private_bytes_raw())
    keys = KeySet.from_jwks(JWK["EdDSA"] | {"d": private})
    assert isinstance(verify_jws(HONEST, keys), Payload)
    assert private not in repr(keys)
    held = [cell.cell_contents for cell in keys.named["ed"].checks["EdDSA"].__closure__ or ()]
    assert [type(one.__self__).__name__ for one in held] == ["Ed25519PublicKey"]


def test_jws_alone_takes_any_payload() -> None:
    keys = KeySet.from_jwks(JWK["EdDSA"])
    for payload in (b"", b"foo", b"\x00\xff", PAYLOAD):
        signed = verify_jws(raw("EdDSA", b'{\r\n "alg" : "EdDSA" }', payload), keys)
        assert isinstance(signed, Payload)
        assert signed.data == payload


def test_a_refusal_repeats_nothing_of_the_token() -> None:
    mark = "EVIL<script>"
    texts = [token("EdDSA", CLAIMS | {"iss": mark, "aud": mark}), token("EdDSA", kid=mark), token("EdDSA", typ=mark)]
    for text in texts:
        result = verify(text, KeySet.from_jwks(JWK["EdDSA"]), Expectation("x", "y", frozenset({"z"})), NOW)
        assert isinstance(result, Refused)
        assert "EVIL" not in result.sentence + repr(result)
