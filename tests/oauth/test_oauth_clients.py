"""How clients prove themselves, and what those may that speak for themselves."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from oauth.oauth_world import World, claims, error
from ringwall.identity.oauth.clients import ASSERTION

MACHINE = {"grants": frozenset({"client_credentials"}), "redirect_uris": (), "scopes": frozenset({"jobs.run"})}
KEY = ECKey.generate_key("P-256", {"kid": "k1"})


def basic(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


def ask(there: World, data: dict[str, str] | None = None, **headers: str) -> Any:
    return there.post("token", {"grant_type": "client_credentials", **(data or {})}, headers=headers)


@pytest.fixture(scope="module")
def secretive(there: World) -> tuple[str, str]:
    client_id, secret = there.register(proof="secret", **MACHINE)
    return client_id, str(secret)


def test_a_client_with_a_secret_speaks_for_itself_by_header_or_form(there: World, secretive: tuple[str, str]) -> None:
    client_id, secret = secretive
    by_form = {"client_id": client_id, "client_secret": secret}
    for reply in (ask(there, **basic(client_id, secret)), ask(there, by_form)):
        assert reply.status_code == 200, reply.text
        found = reply.json()
        assert "refresh_token" not in found
        assert (found["scope"], found["token_type"]) == ("jobs.run", "Bearer")
        said = claims(found["access_token"])
        assert said["sub"] == client_id
        assert "auth_time" not in said
        assert there.get("/jobs", found["access_token"]).status_code == 200
        assert there.get("/own", found["access_token"]).status_code == 403


def test_a_client_has_its_own_roles_and_no_more(there: World) -> None:
    client_id, secret = there.register(proof="secret", **{**MACHINE, "roles": frozenset({"reader", "keeper"})})
    token = ask(there, **basic(client_id, str(secret))).json()["access_token"]
    assert there.get("/own", token).status_code == 200
    refused = there.get("/keep", token)
    assert (refused.status_code, refused.json()["reason"]) == (401, "authz.mfa"), "a program has no second factor"


def test_a_wrong_proof_is_refused_alike_whichever_part_is_wrong(there: World, secretive: tuple[str, str]) -> None:
    client_id, secret = secretive
    public = there.register()[0]
    tries = [
        basic(client_id, secret + "x"),
        basic(client_id, ""),
        basic("client-0000000000000000", secret),
        basic(public, secret),
        basic("portal", "x"),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": "Bearer x"},
        {"Authorization": "Basic " + base64.b64encode(b"\xff:\xff").decode()},
    ]
    replies = [ask(there, **headers) for headers in tries]
    assert {(r.status_code, error(r)) for r in replies} == {(401, "invalid_client")}
    assert all(r.headers["www-authenticate"].startswith("Basic ") for r in replies)
    told = {r.text for r in replies[:5]}
    assert len(told) == 1
    for data in ({"client_id": client_id}, {"client_id": client_id, "client_secret": "x"}, {}, {"client_id": "nobody"}):
        reply = ask(there, data)
        assert (reply.status_code, error(reply)) == (401, "invalid_client"), data


def test_two_proofs_at_once_are_none(there: World, secretive: tuple[str, str]) -> None:
    client_id, secret = secretive
    reply = ask(there, {"client_id": client_id, "client_secret": secret}, **basic(client_id, secret))
    assert error(reply) == "invalid_request"
    reply = ask(there, {"client_id": "portal"}, **basic(client_id, secret))
    assert error(reply) == "invalid_client"


def test_a_secret_is_rotated_with_an_overlap(there: World) -> None:
    client_id, old = there.register(proof="secret", **MACHINE)
    new = there.clients().secret(client_id, 3600.0)
    assert all(ask(there, **basic(client_id, secret)).status_code == 200 for secret in (str(old), new))
    newest = there.clients().secret(client_id, 0.0)
    assert [ask(there, **basic(client_id, s)).status_code for s in (str(old), new, newest)] == [401, 401, 200]


def test_no_secret_is_kept_in_clear(there: World, secretive: tuple[str, str]) -> None:
    found = there.tokens("portal")
    raw = b"".join(p.read_bytes() for p in there.running.data.glob("state.db*"))
    raw += b"".join(p.read_bytes() for p in (there.running.data / "journal").rglob("*") if p.is_file())
    for secret in (secretive[1], found["refresh_token"], found["access_token"].split(".")[2]):
        assert secret.encode() not in raw


def test_a_public_client_may_not_speak_for_itself(there: World) -> None:
    app = there.register(**{**MACHINE, "proof": "none"})[0]
    assert error(ask(there, {"client_id": app})) == "unauthorized_client"


@pytest.fixture(scope="module")
def keyed(there: World) -> str:
    return there.register(proof="key", keys=json.dumps({"keys": [KEY.as_dict(private=False)]}), **MACHINE)[0]


def assertion(there: World, client_id: str, key: Any = KEY, header: Any = None, **changed: Any) -> dict[str, str]:
    now = int(time.time())
    said = {"iss": client_id, "sub": client_id, "aud": there.url, "iat": now, "exp": now + 60,
            "jti": str(time.monotonic_ns()), **changed}  # fmt: skip
    text = jwt.encode(header or {"alg": "ES256", "kid": "k1"}, {k: v for k, v in said.items() if v is not None}, key,
                      algorithms=["ES256", "Ed25519", "RS256", "HS256"])  # fmt: skip
    return {"client_assertion_type": ASSERTION, "client_assertion": text}


def test_a_client_with_a_key_proves_itself_by_a_signed_assertion(there: World, keyed: str) -> None:
    for aud in (there.url, f"{there.url}/.ringwall/oauth/token", [there.url]):
        reply = ask(there, assertion(there, keyed, aud=aud))
        assert reply.status_code == 200, reply.text
    assert ask(there, {"client_id": keyed, **assertion(there, keyed)}).status_code == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "https://other.example"},
        {"aud": None},
        {"aud": []},
        {"iss": "portal"},
        {"sub": "portal"},
        {"sub": None},
        {"jti": None},
        {"jti": ""},
        {"exp": None},
        {"exp": 1},
        {"exp": int(time.time()) + 86_400},
        {"iat": int(time.time()) + 3600},
        {"nbf": int(time.time()) + 3600},
    ],
)
def test_an_assertion_that_says_something_else_is_none(there: World, keyed: str, changed: dict[str, Any]) -> None:
    assert error(ask(there, assertion(there, keyed, **changed))) == "invalid_client"


def test_an_assertion_for_us_and_others_is_none(there: World, keyed: str) -> None:
    assert error(ask(there, assertion(there, keyed, aud=[there.url, "https://other.example"]))) == "invalid_client"


def test_an_assertion_is_used_once(there: World, keyed: str) -> None:
    once = assertion(there, keyed)
    assert [ask(there, once).status_code for _ in range(4)] == [200, 401, 401, 401]


def test_an_assertion_by_another_key_is_none(there: World, keyed: str) -> None:
    public = json.dumps(KEY.as_dict(private=False)).encode()
    others = [
        (ECKey.generate_key("P-256"), None),
        (OKPKey.generate_key("Ed25519"), {"alg": "Ed25519"}),
        (RSAKey.generate_key(2048), {"alg": "RS256"}),
        (OctKey.import_key(public), {"alg": "HS256", "kid": "k1"}),
        (ECKey.generate_key("P-256"), {"alg": "ES256", "kid": "k1", "jku": "https://evil.example/keys"}),
    ]
    for key, header in others:
        assert error(ask(there, assertion(there, keyed, key, header))) == "invalid_client"
    head = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
    body = assertion(there, keyed)["client_assertion"].split(".")[1]
    for text in (f"{head}.{body}.", "x", "a.b.c", "..", "", f"{head}.{body}"):
        reply = ask(there, {"client_assertion_type": ASSERTION, "client_assertion": text})
        assert (reply.status_code, error(reply)) == (401, "invalid_client")


def test_an_assertion_does_not_stand_in_for_a_secret(there: World, secretive: tuple[str, str]) -> None:
    assert error(ask(there, assertion(there, secretive[0]))) == "invalid_client"
    assert error(ask(there, {**assertion(there, secretive[0]), "client_assertion_type": "x"})) == "invalid_client"


def test_a_client_asks_for_its_own_scopes_and_audiences_alone(there: World) -> None:
    client_id, secret = there.register(proof="secret", resources=frozenset({"https://files.example/api"}), **MACHINE)
    header = basic(client_id, str(secret))
    assert error(ask(there, {"scope": "notes.read"}, **header)) == "invalid_scope"
    assert error(ask(there, {"scope": "openid"}, **header)) == "invalid_scope"
    assert error(ask(there, {"resource": "https://other.example"}, **header)) == "invalid_target"
    elsewhere = ask(there, {"resource": "https://files.example/api"}, **header).json()["access_token"]
    assert claims(elsewhere)["aud"] == "https://files.example/api"
    refused = there.get("/jobs", elsewhere)
    assert refused.json()["reason"] == "authn.token.audience", "a token for another's audience was taken"
    here = ask(there, {"resource": there.url}, **header).json()["access_token"]
    assert there.get("/jobs", here).status_code == 200


@pytest.mark.parametrize("named", ["portal", "client-nobody"])
def test_no_client_is_given_a_password(there: World, named: str) -> None:
    from oauth.oauth_world import PASSWORD

    data = {"grant_type": "password", "username": "ana", "password": PASSWORD}
    assert there.post("token", data).status_code == 200
    assert error(there.post("token", {**data, "client_id": named})) == "unauthorized_client"
    assert error(there.post("token", data, headers=basic(named, "x"))) == "unauthorized_client"
