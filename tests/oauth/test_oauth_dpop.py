"""DPoP (RFC 9449): a stolen token is worth nothing without its key, and a stolen proof nothing a second time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from oauth.oauth_proofs import Holder, b64, proof
from oauth.oauth_world import BACK, OAUTH, Pkce, World, answer, claims, error


def bound(there: World, holder: Holder, client_id: str = "portal", **stated: Any) -> dict[str, Any]:
    pkce = Pkce()
    code = there.code(client_id, pkce, scope="openid", **stated)
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": pkce.verifier}
    reply = holder.token({**data, "client_id": client_id})
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


@pytest.fixture(scope="module")
def holder(there: World) -> Holder:
    return Holder(there)


@pytest.fixture(scope="module")
def token(there: World, holder: Holder) -> str:
    return str(bound(there, holder)["access_token"])


def test_a_token_is_bound_to_the_key_that_asked_and_opens_with_its_proof(there: World) -> None:
    holder = Holder(there)
    found = bound(there, holder)
    assert found["token_type"] == "DPoP"
    assert claims(found["access_token"])["cnf"] == {"jkt": holder.jkt}
    assert holder.call("/own", found["access_token"]).status_code == 200
    assert holder.call(f"{OAUTH}/userinfo", found["access_token"]).json()["sub"] == there.people["ana"].subject


def test_a_bound_token_is_no_bearer_token(there: World, holder: Holder, token: str) -> None:
    refused = there.get("/own", token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.proof.missing")
    assert refused.headers["www-authenticate"].startswith("DPoP ")
    with there.client(Authorization=f"DPoP {token}") as client:
        assert client.get("/own").json()["reason"] == "authn.proof.missing"
    made = proof(holder.key, "GET", f"{there.url}/own", nonce=holder.nonce, token=token)
    assert there.get("/own", token, DPoP=made).json()["reason"] == "authn.proof.missing"


def test_a_bearer_token_is_no_bound_token(there: World, holder: Holder) -> None:
    plain = there.tokens("portal", scope="openid")["access_token"]
    assert there.get("/own", plain).status_code == 200
    assert holder.call("/own", plain).json()["reason"] == "authn.proof.unbound"


def test_a_thief_with_another_key_has_nothing(there: World, token: str) -> None:
    assert Holder(there).call("/own", token).json()["reason"] == "authn.proof.foreign"


def test_a_proof_without_our_nonce_is_asked_for_one(there: World, holder: Holder, token: str) -> None:
    for nonce in (None, "", "x", "x" * 5000, holder.nonce + "x" if holder.nonce else "y"):
        made = proof(holder.key, "GET", f"{there.url}/own", nonce=nonce, token=token)
        with there.client(Authorization=f"DPoP {token}", DPoP=made) as client:
            refused = client.get("/own")
        assert refused.status_code == 401
        assert refused.json()["reason"] == "authn.proof.nonce"
        assert refused.headers["dpop-nonce"]
        assert 'error="use_dpop_nonce"' in refused.headers["www-authenticate"]


WRONG: list[tuple[str, dict[str, Any]]] = [
    ("authn.proof.method", {"htm": "POST"}),
    ("authn.proof.method", {"htm": "get"}),
    ("authn.proof.method", {"htm": None}),
    ("authn.proof.url", {"htu": "https://localhost/own"}),
    ("authn.proof.url", {"htu": "https://evil.example/own"}),
    ("authn.proof.url", {"htu": "/own"}),
    ("authn.proof.url", {"htu": None}),
    ("authn.proof.url", {"htu": ["x"]}),
    ("authn.proof.time", {"iat": int(time.time()) - 3600}),
    ("authn.proof.time", {"iat": int(time.time()) + 3600}),
    ("authn.proof.malformed", {"iat": "now"}),
    ("authn.proof.malformed", {"iat": None}),
    ("authn.proof.malformed", {"iat": True}),
    ("authn.proof.malformed", {"jti": None}),
    ("authn.proof.malformed", {"jti": ""}),
    ("authn.proof.malformed", {"jti": 7}),
    ("authn.proof.malformed", {"jti": "x" * 600}),
    ("authn.proof.malformed", {"nonce": 7}),
    ("authn.proof.token", {"ath": None}),
    ("authn.proof.token", {"ath": "x"}),
    ("authn.proof.token", {"ath": 7}),
]


@pytest.mark.parametrize(("reason", "changed"), WRONG)
def test_a_proof_for_something_else_is_none(
    there: World, holder: Holder, token: str, reason: str, changed: dict[str, Any]
) -> None:
    refused = holder.call("/own", token, **changed)
    assert (refused.status_code, refused.json()["reason"]) == (401, reason)


def test_a_proof_for_the_address_in_another_spelling_is_one(there: World, holder: Holder, token: str) -> None:
    assert holder.call("/own", token, htu=f"{there.url.replace('https', 'HTTPS')}/%6Fwn?x=1#y").status_code == 200


def test_a_proof_made_for_another_host_is_not_passed_on(there: World, holder: Holder, token: str) -> None:
    """What a hostile server was sent, token, proof and our nonce, it sends on to us with its own name as Host."""
    assert holder.call("/own", token).status_code == 200
    made = proof(holder.key, "GET", "https://evil.example/own", nonce=holder.nonce, token=token)
    with there.client(Authorization=f"DPoP {token}", DPoP=made, Host="evil.example") as client:
        refused = client.get("/own")
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.proof.url")


def test_a_proof_of_a_key_that_proves_nothing_is_none(there: World, token: str, holder: Holder) -> None:
    key, shared = holder.key, OctKey.import_key(b"k" * 32)
    private = key.as_dict(private=True)
    tries = [
        (key, {"alg": "none"}, "authn.proof.alg"),
        (key, {"alg": "NONE"}, "authn.proof.alg"),
        (shared, {"alg": "HS256", "jwk": {"kty": "oct", "k": b64(b"k" * 32)}}, "authn.proof.alg"),
        (shared, {"alg": "HS256", "jwk": key.as_dict(private=False)}, "authn.proof.alg"),
        (key, {"jwk": private}, "authn.proof.key"),
        (key, {"jwk": None}, "authn.proof.key"),
        (key, {"jwk": {"kty": "EC"}}, "authn.proof.key"),
        (key, {"jwk": {**key.as_dict(private=False), "x": b64(b"\1" * 32)}}, "authn.proof.key"),
        (key, {"jwk": {"kty": "oct", "k": b64(b"k" * 32)}}, "authn.proof.key"),
        (key, {"typ": "JWT"}, "authn.proof.malformed"),
        (key, {"typ": None}, "authn.proof.malformed"),
        (key, {"crit": ["x"], "x": 1}, "authn.proof.malformed"),
        (ECKey.generate_key("P-256"), {"jwk": key.as_dict(private=False)}, "authn.proof.signature"),
    ]
    for signer, header, reason in tries:
        made = proof(signer, "GET", f"{there.url}/own", nonce=holder.nonce, token=token, header=header)
        with there.client(Authorization=f"DPoP {token}", DPoP=made) as client:
            refused = client.get("/own")
        assert (refused.status_code, refused.json()["reason"]) == (401, reason), header
    for text in ("x", "a.b.c", "..", "", made[:-1], made + "=", made + ", " + made, "é.é.é"):
        with there.client() as client:
            headers = [(b"authorization", f"DPoP {token}".encode()), (b"dpop", text.encode("latin-1"))]
            refused = client.get("/own", headers=headers)
        assert refused.status_code == 401, text
        assert refused.json()["reason"] in ("authn.proof.malformed", "authn.proof.signature")


def test_a_proof_is_used_once_among_all_workers(there: World, holder: Holder, token: str) -> None:
    assert holder.call("/own", token).status_code == 200
    made = proof(holder.key, "GET", f"{there.url}/own", nonce=holder.nonce, token=token)

    def send(_: int) -> Any:
        with there.client(Authorization=f"DPoP {token}", DPoP=made) as client:
            return client.get("/own")

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(send, range(8)))
    assert sorted(r.status_code for r in replies) == [200, *[401] * 7]
    assert {r.json()["reason"] for r in replies if r.status_code == 401} == {"authn.proof.replay"}


def test_the_token_endpoint_takes_a_proof_once_and_for_itself(there: World) -> None:
    client_id, secret = there.register(
        proof="secret", bound="dpop", grants=frozenset({"client_credentials"}), scopes=frozenset({"jobs.run"})
    )
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": str(secret)}
    assert error(there.post("token", data)) == "invalid_dpop_proof", "this client's tokens are bound"
    holder = Holder(there)
    found = holder.token(data).json()
    assert holder.call("/jobs", found["access_token"]).status_code == 200
    for changed in ({"htm": "GET"}, {"htu": f"{there.url}/jobs"}, {"iat": 5}, {"header": {"alg": "none"}}):
        assert error(holder.token(data, **changed)) == "invalid_dpop_proof", changed
    made = proof(holder.key, "POST", f"{there.url}{OAUTH}/token", nonce=holder.nonce)
    twice = [there.post("token", data, headers={"DPoP": made}) for _ in range(2)]
    assert [r.status_code for r in twice] == [200, 400]
    assert error(twice[1]) == "invalid_dpop_proof"


def test_a_public_client_s_refresh_token_is_bound_to_its_key(there: World) -> None:
    holder = Holder(there)
    found = bound(there, holder)
    data = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"], "client_id": "portal"}
    assert error(there.post("token", data)) == "invalid_grant", "a thief without the key"
    assert error(Holder(there).token(data)) == "invalid_grant", "a thief with another"
    again = holder.token(data)
    assert again.status_code == 200, again.text
    assert claims(again.json()["access_token"])["cnf"] == {"jkt": holder.jkt}


def test_a_code_bound_to_a_key_is_of_no_use_to_another(there: World) -> None:
    holder, thief, pkce = Holder(there), Holder(there), Pkce()
    code = there.code("portal", pkce, scope="openid", dpop_jkt=holder.jkt)
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "client_id": "portal",
            "code_verifier": pkce.verifier}  # fmt: skip
    assert error(thief.token(data)) == "invalid_grant"
    code = there.code("portal", pkce, scope="openid", dpop_jkt=holder.jkt)
    assert holder.token({**data, "code": code}).status_code == 200


def test_a_pushed_request_binds_the_code_to_the_key_of_its_proof(there: World) -> None:
    holder, pkce = Holder(there), Pkce()
    data = {"client_id": "portal", "response_type": "code", "redirect_uri": BACK, "scope": "openid",
            "code_challenge": pkce.challenge, "code_challenge_method": "S256"}  # fmt: skip
    pushed = holder.token(data, "par")
    assert pushed.status_code == 201, pushed.text
    assert error(holder.token({**data, "dpop_jkt": Holder(there).jkt}, "par")) == "invalid_dpop_proof"
    with there.client(**there.sign_in()) as client:
        reply = client.get(f"{OAUTH}/authorize", params={"client_id": "portal", **pushed.json()})
    redeemed = {"grant_type": "authorization_code", "code": answer(reply)["code"], "redirect_uri": BACK,
                "client_id": "portal", "code_verifier": pkce.verifier}  # fmt: skip
    assert error(Holder(there).token(redeemed)) == "invalid_grant"


def test_a_binding_that_nobody_can_check_opens_nothing() -> None:
    from ringwall.core.known import Known, Principal
    from ringwall.core.verdict import Learned, Refuse
    from ringwall.engines.tokens.dpop import Nonces
    from ringwall.layers.authentication.bound import Proofs, held
    from ringwall.layers.authentication.credential import Credential

    known = Known("GET /x", 1000.0, {}, "127.0.0.1", "r")
    for cnf in ({"kid": "x"}, {}, "x", {"x5t#S256": "x"}, {"jwk": {}}):
        principal = Principal("acc-1", frozenset(), "token", claims={"cnf": cnf})
        learned = Learned(known.with_principal(principal))
        verdict = held(
            _head(), Credential("token", "t", "authorization"), known, learned, Proofs(Nonces(b"k"), "https://a")
        )
        assert isinstance(verdict, Refuse), cnf


def _head() -> Any:
    from ringwall.core.admit import Admission, admit
    from ringwall.core.message import Head, RawHead

    found = admit(RawHead(b"GET", b"/x", ((b"host", b"a"),), "127.0.0.1", secure=True), Admission(), "r")
    assert isinstance(found, Head)
    return found


def test_claims_of_a_proof_are_one_strict_object(there: World, holder: Holder, token: str) -> None:
    head, _, signature = proof(holder.key, "GET", f"{there.url}/own", nonce=holder.nonce, token=token).split(".")
    twice = b64(b'{"jti":"a","jti":"b","htm":"GET","htu":"x","iat":1}')
    with there.client(Authorization=f"DPoP {token}", DPoP=f"{head}.{twice}.{signature}") as client:
        assert client.get("/own").json()["reason"] == "authn.proof.malformed"
