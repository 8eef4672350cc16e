"""What tokens are good for, who may ask about them and end them, and how their keys change under running workers."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from e2e.e2e_process import ringwall
from oauth.oauth_world import BACK, OAUTH, PASSWORD, Pkce, World, answer, claims, error
from ringwall.engines.tokens import Claims, Expectation, KeySet, verify


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


@pytest.fixture(scope="module")
def server(there: World) -> dict[str, str]:
    """A resource server, by the header that it proves itself with."""
    client_id, secret = there.register(proof="secret", introspects=True, redirect_uris=(),
                                       grants=frozenset({"client_credentials"}))  # fmt: skip
    return basic(client_id, str(secret))


@pytest.fixture(scope="module")
def confidential(there: World) -> tuple[str, dict[str, str]]:
    client_id, secret = there.register(proof="secret")
    return client_id, basic(client_id, str(secret))


def header(token: str) -> Any:
    part = token.split(".")[0]
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def introspect(there: World, token: str, headers: dict[str, str]) -> Any:
    return there.post("introspect", {"token": token}, headers=headers).json()


def test_a_resource_server_learns_of_tokens_and_strangers_of_none(
    there: World, server: dict[str, str], confidential: tuple[str, dict[str, str]]
) -> None:
    found = there.tokens("portal", scope="openid notes.read")
    told = introspect(there, found["access_token"], server)
    assert told["active"] is True
    assert told["scope"] == "openid notes.read"
    assert told["sub"] == there.people["ana"].subject
    assert told["client_id"] == "portal"
    inactive = {"active": False}
    assert introspect(there, found["access_token"], confidential[1]) == inactive, "another client's token"
    assert introspect(there, found["refresh_token"], server) == inactive, "a refresh token is its client's alone"
    for text in ("x", found["id_token"], found["access_token"][:-2], found["access_token"] + "x"):
        assert introspect(there, text, server) == inactive
    for headers in ({}, basic("portal", "x"), {"Authorization": f"Bearer {found['access_token']}"}):
        reply = there.post("introspect", {"token": found["access_token"]}, headers=headers)
        assert (reply.status_code, error(reply)) == (401, "invalid_client")
    reply = there.post("introspect", {"token": found["access_token"], "client_id": "portal"})
    assert (reply.status_code, error(reply)) == (401, "invalid_client"), "a public client proves nothing"


def test_a_client_learns_of_its_own(there: World, confidential: tuple[str, dict[str, str]]) -> None:
    client_id, header = confidential
    pkce = Pkce()
    code = there.code(client_id, pkce, scope="notes.read")
    data = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": pkce.verifier}
    assert error(there.post("token", {**data, "client_id": client_id})) == "invalid_client"
    found = there.post("token", data, headers=header).json()
    assert introspect(there, found["access_token"], header)["active"] is True
    assert introspect(there, found["refresh_token"], header)["active"] is True
    assert there.post("revoke", {"token": found["refresh_token"]}, headers=header).status_code == 200
    assert introspect(there, found["refresh_token"], header) == {"active": False}
    assert introspect(there, found["access_token"], header) == {"active": False}, "its family did not end"
    assert there.get("/notes", found["access_token"]).status_code == 401


def test_revocation_is_of_a_client_s_own_tokens_and_tells_nothing(
    there: World, confidential: tuple[str, dict[str, str]]
) -> None:
    found = there.tokens("portal", scope="openid")
    assert there.post("revoke", {"token": found["access_token"]}, headers=confidential[1]).status_code == 401
    assert there.post("revoke", {"token": found["refresh_token"]}, headers=confidential[1]).status_code == 401
    assert there.get("/own", found["access_token"]).status_code == 200
    for text in ("x", "a.b.c", found["id_token"]):
        assert there.post("revoke", {"token": text, "client_id": "portal"}).status_code == 200
    assert there.post("revoke", {"token": found["access_token"], "client_id": "portal"}).status_code == 200
    assert there.get("/own", found["access_token"]).status_code == 401
    assert there.refresh(found["refresh_token"], "portal").status_code == 200, "the end of one was the end of all"
    assert error(there.post("revoke", {})) == "invalid_request"


def test_an_id_token_opens_nothing(there: World) -> None:
    found = there.tokens("portal", scope="openid")
    assert there.get("/own", found["id_token"]).status_code == 401
    assert there.get(f"{OAUTH}/userinfo", found["id_token"]).status_code == 401
    keys = KeySet.from_jwks(there.get("/.ringwall/jwks.json").json())
    for_client = Expectation(issuer=there.url, audience="portal", typ=frozenset({"jwt"}))
    assert isinstance(verify(found["id_token"], keys, for_client, time.time()), Claims)
    assert not isinstance(verify(found["access_token"], keys, for_client, time.time()), Claims)


def test_userinfo_is_for_tokens_with_the_scope(there: World) -> None:
    whole = there.tokens("portal", scope="openid profile")["access_token"]
    assert there.get(f"{OAUTH}/userinfo", whole).json() == {
        "sub": there.people["ana"].subject, "preferred_username": "ana",
    }  # fmt: skip
    less = there.tokens("portal", scope="openid")["access_token"]
    assert there.get(f"{OAUTH}/userinfo", less).json() == {"sub": there.people["ana"].subject}
    none = there.tokens("portal", scope="notes.read")["access_token"]
    refused = there.get(f"{OAUTH}/userinfo", none)
    assert (refused.status_code, error(refused)) == (403, "insufficient_scope")
    assert there.get(f"{OAUTH}/userinfo").status_code == 401


def test_a_token_for_another_audience_opens_nothing_here(there: World) -> None:
    app = there.register(resources=frozenset({"https://files.example"}), first_party=True)[0]
    pkce = Pkce()
    browser = there.sign_in()
    code = answer(there.ask(browser, pkce, client_id=app, scope="openid", resource="https://files.example"))["code"]
    found = there.redeem(code, pkce, app).json()
    assert claims(found["access_token"])["aud"] == "https://files.example"
    assert there.get("/own", found["access_token"]).json()["reason"] == "authn.token.audience"
    assert error(there.refresh(found["refresh_token"], app, resource=there.url)) == "invalid_target"


def test_step_up_names_what_is_missing_and_the_client_comes_back_with_it(there: World) -> None:
    token = there.tokens("portal", scope="openid")["access_token"]
    refused = there.get("/vault", token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "authz.mfa")
    challenge = refused.headers["www-authenticate"]
    assert 'error="insufficient_user_authentication"' in challenge
    assert 'acr_values="urn:ringwall:mfa"' in challenge
    assert "next" in answer(there.ask(there.sign_in(), client_id="portal", acr_values="urn:ringwall:mfa"))
    strong = there.sign_in("ana", "pwd", "otp", "mfa")
    token = there.tokens("portal", strong, scope="openid", acr_values="urn:ringwall:mfa")["access_token"]
    assert claims(token)["acr"] == "urn:ringwall:mfa"
    assert there.get("/vault", token).status_code == 200
    assert there.get("/fresh", token).status_code == 200
    keeper = there.tokens("portal", there.sign_in("kim", "pwd", "otp", "mfa"), scope="openid")["access_token"]
    assert there.get("/keep", keeper).status_code == 200


def test_a_sign_in_that_is_too_old_is_told_so(there: World) -> None:
    old = there.sign_in("ana", "pwd", "otp", "mfa", ago=600.0)
    token = there.tokens("portal", old, scope="openid")["access_token"]
    assert there.get("/vault", token).status_code == 200
    refused = there.get("/fresh", token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "authz.recent")
    assert 'max_age="60"' in refused.headers["www-authenticate"]
    assert "next" in answer(there.ask(old, client_id="portal", max_age="60"))


def test_who_may_not_anyway_is_not_told_what_it_would_take(there: World) -> None:
    there.store.change_account("ben", "roles", frozenset())
    try:
        token = there.tokens("portal", there.sign_in("ben"), scope="openid")["access_token"]
        assert there.get("/vault", token).json()["reason"] == "authz.operation"
    finally:
        there.store.change_account("ben", "roles", frozenset({"reader"}))


def test_a_pushed_request_is_used_once_by_its_client(there: World) -> None:
    app, other, pkce = there.register(pushed=True)[0], there.register()[0], Pkce()
    data = {"client_id": app, "response_type": "code", "redirect_uri": BACK, "code_challenge": pkce.challenge,
            "code_challenge_method": "S256", "state": "pushed"}  # fmt: skip
    browser = there.sign_in()
    assert answer(there.ask(browser, client_id=app))["error"] == "invalid_request", "it has to be pushed"

    def push() -> dict[str, str]:
        reply = there.post("par", data)
        assert reply.status_code == 201, reply.text
        assert reply.json()["expires_in"] == 90
        return {"request_uri": reply.json()["request_uri"]}

    with there.client(**browser) as client:
        pushed = push()
        stolen = client.get(f"{OAUTH}/authorize", params={"client_id": other, **pushed})
        assert (stolen.status_code, "location" in stolen.headers) == (400, False)
        pushed = push()
        evil = {"redirect_uri": "https://evil.example", "state": "x", "scope": "openid"}
        shown = client.get(f"{OAUTH}/authorize", params={"client_id": app, **pushed, **evil})
        told = answer(there.follow(browser, shown))
        assert told["state"] == "pushed", "the browser changed what the client had pushed"
        assert there.redeem(told["code"], pkce, app).status_code == 200
        again = client.get(f"{OAUTH}/authorize", params={"client_id": app, **pushed})
        assert (again.status_code, "location" in again.headers) == (400, False)
        for uri in ("urn:ietf:params:oauth:request_uri:x", "https://evil.example/request", "x"):
            reply = client.get(f"{OAUTH}/authorize", params={"client_id": app, "request_uri": uri})
            assert reply.status_code == 400
    wrong = [
        ({"redirect_uri": "https://evil.example"}, "invalid_request"),
        ({"scope": "x"}, "invalid_scope"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"request_uri": "x"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ]
    for changed, code in wrong:
        assert error(there.post("par", {**data, **changed})) == code, changed


def test_the_metadata_name_what_is_there(there: World) -> None:
    one, two = (there.get(f"/.well-known/{n}").json() for n in ("oauth-authorization-server", "openid-configuration"))
    assert one == two
    assert one["code_challenge_methods_supported"] == ["S256"]
    assert one["response_types_supported"] == ["code"]
    assert one["tls_client_certificate_bound_access_tokens"] is False, "nobody is asked for a certificate here"
    assert not {"implicit", "token"} & set(one["grant_types_supported"] + one["response_types_supported"])
    with there.client() as client:
        for name, address in one.items():
            if name.endswith(("_endpoint", "_uri")):
                path = address.removeprefix(there.url)
                statuses = {client.get(path).status_code, client.post(path).status_code}
                assert statuses - {404, 405}, name
    kinds = {key["alg"] for key in there.get("/.ringwall/jwks.json").json()["keys"]}
    assert kinds == {"EdDSA", "RS256"}
    assert "d" not in {member for key in there.get("/.ringwall/jwks.json").json()["keys"] for member in key}


def test_keys_rotate_under_running_workers_and_nobody_is_refused(there: World) -> None:
    """With the lead left out, as ten minutes later: every worker signs by the new key and takes the old one's."""
    from ringwall.build.runtime import SIGNING
    from ringwall.state.signing import SigningKeys

    before = there.tokens("portal", scope="openid")
    done = ringwall("signing", "rotate", "--data", str(there.running.data))
    assert done.returncode == 0, done.stderr
    new = {line.split()[0] for line in done.stdout.splitlines()}
    assert new < {key["kid"] for key in there.get("/.ringwall/jwks.json").json()["keys"]}
    assert there.get("/own", there.tokens("portal", scope="openid")["access_token"]).status_code == 200
    ring = SigningKeys(there.running.data / "keys" / SIGNING, time.time)
    made = {key.kid for key in ring.rotate(960.0, lead_s=0.0)}
    kids = set()
    for _ in range(8):
        found = there.tokens("portal", scope="openid")
        kids |= {header(found[name])["kid"] for name in ("access_token", "id_token")}
        assert there.get("/own", found["access_token"]).status_code == 200
        assert there.get("/own", before["access_token"]).status_code == 200
    assert kids == made, "a worker went on with an older key"


def test_withdrawn_keys_end_what_they_signed_in_every_worker_and_refresh_tokens_go_on(there: World) -> None:
    found = there.tokens("portal", scope="openid")
    assert all(there.get("/own", found["access_token"]).status_code == 200 for _ in range(4))
    done = ringwall("signing", "withdraw", "--yes", "--data", str(there.running.data))
    assert done.returncode == 0, done.stderr
    assert {there.get("/own", found["access_token"]).status_code for _ in range(6)} == {401}
    time.sleep(1.1)  # an `iat` is a whole second, and what was issued in the second of the withdrawal is not trusted
    again = there.refresh(found["refresh_token"], "portal").json()
    assert there.get("/own", again["access_token"]).status_code == 200
    listed = ringwall("signing", "list", "--json", "--data", str(there.running.data))
    assert '"d"' not in listed.stdout


def grant(there: World, **more: str) -> Any:
    return there.post("token", {"grant_type": "password", "username": "ana", "password": PASSWORD, **more})


def test_the_password_grant_serves_the_account_s_holder_as_before(there: World) -> None:
    reply = grant(there)
    assert there.get("/own", reply.json()["access_token"]).status_code == 200
    refused = there.get("/vault", reply.json()["access_token"])
    assert refused.json()["reason"] == "authz.mfa"
    for wrong in ({"password": "x" * 20}, {"username": "nobody"}):
        assert (grant(there, **wrong).status_code, error(grant(there, **wrong))) == (400, "invalid_grant")


def test_the_password_alone_opens_no_account_with_a_second_factor(there: World) -> None:
    totp, recovery = there.enrol("kim"), there.factors().new_recovery(there.people["kim"].subject)
    asked, wrong = grant(there, username="kim"), grant(there, username="kim", password="x" * 20)
    assert "otp" in asked.json()["error_description"]
    assert (error(asked), error(wrong)) == ("invalid_grant", "invalid_grant")
    assert "otp" not in wrong.json()["error_description"], "the factor is told to whoever guesses"
    assert error(grant(there, username="kim", otp="000000")) == "invalid_grant"
    code = totp.at(time.time() + 30)
    token = grant(there, username="kim", otp=code).json()["access_token"]
    assert claims(token)["acr"] == "urn:ringwall:mfa"
    assert there.get("/keep", token).status_code == 200
    assert error(grant(there, username="kim", otp=code)) == "invalid_grant", "a code was used twice"
    assert there.get("/vault", grant(there, username="kim", otp=recovery[0]).json()["access_token"]).status_code == 200
    assert error(grant(there, username="kim", otp=recovery[0])) == "invalid_grant"
