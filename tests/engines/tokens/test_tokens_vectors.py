"""Published examples: RFC 7515 appendix A, RFC 7520 section 4, RFC 7638, RFC 7797 and RFC 8037 appendix A."""

from ringwall.engines.tokens import Claims, Expectation, Flaw, KeySet, Payload, Refused, SigningKey, verify, verify_jws

RFC7515_CLAIMS = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
A1_KEY = {
    "kty": "oct",
    "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
}
A1 = f"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{RFC7515_CLAIMS}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
A3_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
}
A3 = (
    f"eyJhbGciOiJFUzI1NiJ9.{RFC7515_CLAIMS}."
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)
A5 = f"eyJhbGciOiJub25lIn0.{RFC7515_CLAIMS}."
ED_KEY = {
    "kty": "OKP",
    "crv": "Ed25519",
    "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
}
ED = (
    "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
)


def test_rfc_7515_appendix_a() -> None:
    before, after = 1300819379, 1300819380
    for token, key in ((A1, A1_KEY), (A3, A3_KEY)):
        claims = verify(token, KeySet.from_jwks(key), Expectation(issuer="joe"), before)
        assert isinstance(claims, Claims)
        assert claims.values["http://example.com/is_root"] is True
        late = verify(token, KeySet.from_jwks(key), Expectation(issuer="joe"), after)
        assert isinstance(late, Refused)
        assert late.reason is Flaw.EXPIRED
        changed = verify_jws(token[:-10] + "A" + token[-9:], KeySet.from_jwks(key))
        assert isinstance(changed, Refused)
        assert changed.reason is Flaw.SIGNATURE


def test_rfc_7515_a5_is_not_signed() -> None:
    outcome = verify_jws(A5, KeySet.from_jwks(A1_KEY))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Flaw.ALG_NONE


def test_rfc_8037_appendix_a() -> None:
    signed = verify_jws(ED, KeySet.from_jwks(ED_KEY))
    assert isinstance(signed, Payload)
    assert signed.data == b"Example of Ed25519 signing"
    assert SigningKey.from_private_jwk(ED_KEY).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_rfc_7797_is_refused_on_purpose() -> None:
    """Section 4.2: an unencoded, detached payload; valid there, and not understood here."""
    token = "eyJhbGciOiJIUzI1NiIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..A5dxf2s96_n5FLueVuW1Z_vh161FwXZC4YLPff6dmDY"
    outcome = verify_jws(token, KeySet.from_jwks(A1_KEY))
    assert isinstance(outcome, Refused)
    assert outcome.reason is Flaw.CRIT
