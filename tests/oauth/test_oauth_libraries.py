"""Other people's client libraries, unchanged, against a running server: Authlib, an OpenID Connect relying party,
requests-oauthlib, pyoidc and requests_oauth2client."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from authlib.integrations.requests_client import OAuth2Session
from joserfc.jwk import ECKey

from oauth.oauth_world import BACK, OAUTH, Pkce, World
from ringwall.identity.oauth.device import DEVICE_CODE


def browse(there: World, address: str, browser: dict[str, str] | None = None) -> str:
    """Where a browser whose person is signed in, and allows what is asked, is sent back to."""
    browser = browser or there.sign_in()
    with there.client() as client:
        reply = there.follow(browser, client.get(address, headers=browser))
    assert reply.status_code == 303, reply.text
    return str(reply.headers["location"])


@pytest.fixture(scope="module")
def app(there: World) -> tuple[str, str]:
    client_id, secret = there.register(
        proof="secret",
        grants=frozenset({"authorization_code", "refresh_token", "client_credentials", "device_code"}),
        scopes=frozenset({"notes.read", "notes.write"}),
        logout_uris=("https://app.example/bye",),
    )
    return client_id, str(secret)


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
def authlib(there: World, app: tuple[str, str], request: pytest.FixtureRequest) -> Iterator[OAuth2Session]:
    meta = there.get("/.well-known/oauth-authorization-server").json()
    with OAuth2Session(
        *app,
        scope="openid notes.read",
        redirect_uri=BACK,
        code_challenge_method="S256",
        token_endpoint=meta["token_endpoint"],
        token_endpoint_auth_method=request.param,
        revocation_endpoint_auth_method=request.param,
    ) as client:
        client.verify, client.trust_env, client.server = there.running.ready["ca"], False, meta
        yield client


def test_authlib_has_a_code_refreshes_revokes_and_introspects(there: World, authlib: Any) -> None:
    verifier, meta = "v" * 64, authlib.server
    address, state = authlib.create_authorization_url(meta["authorization_endpoint"], code_verifier=verifier)
    back = browse(there, address)
    token = authlib.fetch_token(authorization_response=back, code_verifier=verifier, state=state)
    assert authlib.get(f"{there.url}/notes").json() == {"notes": 1}
    assert authlib.get(meta["userinfo_endpoint"]).json()["sub"] == there.people["ana"].subject
    told = authlib.introspect_token(meta["introspection_endpoint"], token=token["access_token"])
    assert told.json()["active"] is True
    again = authlib.refresh_token(meta["token_endpoint"])
    assert again["refresh_token"] != token["refresh_token"]
    assert authlib.get(f"{there.url}/notes").status_code == 200
    assert authlib.revoke_token(meta["revocation_endpoint"], token=again["refresh_token"]).status_code == 200
    assert authlib.get(f"{there.url}/notes").status_code == 401


def test_authlib_speaks_for_itself(there: World, authlib: Any) -> None:
    token = authlib.fetch_token(grant_type="client_credentials", scope="notes.read")
    assert token["scope"] == "notes.read"
    assert authlib.get(f"{there.url}/notes").status_code == 200


def test_authlib_waits_for_a_device(there: World, app: tuple[str, str], authlib: Any) -> None:
    with there.client() as client:
        begun = client.post(
            authlib.server["device_authorization_endpoint"], data={"client_id": app[0], "client_secret": app[1]}
        ).json()
    browser = there.sign_in()
    with there.client() as client:
        page = client.get(begun["verification_uri_complete"], headers=browser)
    assert "connected" in there.follow(browser, page).text
    token = authlib.fetch_token(grant_type=DEVICE_CODE, device_code=begun["device_code"])
    assert token["access_token"]


@pytest.mark.filterwarnings("default::authlib.deprecate.AuthlibDeprecationWarning")
def test_a_relying_party_signs_people_in_by_discovery(there: World, app: tuple[str, str]) -> None:
    """Authlib's own integration for Starlette: discovery, state, nonce, PKCE, key set, id_token, userinfo."""
    from authlib.integrations.starlette_client import OAuth
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    oauth = OAuth()
    oauth.register(
        "ringwall", client_id=app[0], client_secret=app[1],
        server_metadata_url=f"{there.url}/.well-known/openid-configuration",
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "verify": there.running.trust(),
                       "trust_env": False},
    )  # fmt: skip

    async def login(request: Request) -> Response:
        answer: Response = await oauth.ringwall.authorize_redirect(request, BACK)
        return answer

    async def callback(request: Request) -> Response:
        token = await oauth.ringwall.authorize_access_token(request)
        return JSONResponse({**token["userinfo"], "more": await oauth.ringwall.userinfo(token=token)})

    site = Starlette(
        routes=[Route("/login", login), Route("/callback", callback)],
        middleware=[Middleware(SessionMiddleware, secret_key="for this test")],
    )

    async def visit() -> dict[str, Any]:
        transport = httpx.ASGITransport(site)
        async with httpx.AsyncClient(transport=transport, base_url="https://app.example") as person:
            sent = await person.get("/login")
            back = await asyncio.to_thread(browse, there, sent.headers["location"])
            reply = await person.get(back)
            assert reply.status_code == 200, reply.text
            found: dict[str, Any] = reply.json()
            return found

    said = asyncio.run(visit())
    assert (said["sub"], said["iss"], said["aud"]) == (there.people["ana"].subject, there.url, app[0])
    assert said["nonce"]
    assert said["acr"] == "urn:ringwall:pwd"
    assert said["more"]["preferred_username"] == "ana"


def test_requests_oauthlib_has_a_code_and_refreshes(there: World, app: tuple[str, str]) -> None:
    from requests_oauthlib import OAuth2Session

    session = OAuth2Session(app[0], redirect_uri=BACK, scope=["openid", "notes.read"], pkce="S256")
    session.verify, session.trust_env = there.running.ready["ca"], False
    address, _ = session.authorization_url(f"{there.url}{OAUTH}/authorize")
    back = browse(there, address)
    endpoint = f"{there.url}{OAUTH}/token"
    token = session.fetch_token(endpoint, authorization_response=back, client_secret=app[1], include_client_id=True)
    assert session.get(f"{there.url}/notes").json() == {"notes": 1}
    again = session.refresh_token(endpoint, client_id=app[0], client_secret=app[1])
    assert again["access_token"] != token["access_token"]
    assert session.get(f"{there.url}/notes").status_code == 200


@pytest.mark.filterwarnings("default")  # of the library's own use of what is deprecated
def test_pyoidc_verifies_our_id_token(there: World, app: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    from oic import rndstr
    from oic.oic import Client
    from oic.oic.message import AuthorizationResponse, RegistrationResponse
    from oic.utils.authn.client import CLIENT_AUTHN_METHOD

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", there.running.ready["ca"])
    client = Client(client_authn_method=CLIENT_AUTHN_METHOD)
    client.provider_config(there.url)
    told = {"client_id": app[0], "client_secret": app[1], "redirect_uris": [BACK]}
    client.store_registration_info(RegistrationResponse(**told, id_token_signed_response_alg="RS256"))
    state, nonce, verifier = rndstr(), rndstr(), "w" * 64
    asked = client.construct_AuthorizationRequest(request_args={
        "client_id": app[0], "response_type": "code", "scope": ["openid"], "nonce": nonce, "redirect_uri": BACK,
        "state": state, "code_challenge": Pkce(verifier).challenge, "code_challenge_method": "S256",
    })  # fmt: skip
    back = browse(there, str(asked.request(client.authorization_endpoint)))
    told = client.parse_response(AuthorizationResponse, info=urlsplit(back).query, sformat="urlencoded")
    assert told["state"] == state
    reply = client.do_access_token_request(
        state=state, request_args={"code": told["code"], "redirect_uri": BACK, "code_verifier": verifier},
        authn_method="client_secret_basic",
    )  # fmt: skip
    assert reply["id_token"]["nonce"] == nonce
    assert reply["id_token"]["sub"] == there.people["ana"].subject
    assert client.do_user_info_request(method="GET", state=state)["sub"] == there.people["ana"].subject


@pytest.fixture
def modern(there: World) -> Any:
    """requests_oauth2client, which does what is newer: pushed requests, assertions and DPoP."""
    import requests
    from requests_oauth2client import OAuth2Client as Modern
    from requests_oauth2client import PrivateKeyJwt

    key = ECKey.generate_key("P-256", {"kid": "m1"})
    client_id, _ = there.register(
        proof="key",
        keys=json.dumps({"keys": [key.as_dict(private=False)]}),
        first_party=True,
        pushed=True,
        bound="dpop",
        grants=frozenset({"authorization_code", "refresh_token", "client_credentials"}),
        scopes=frozenset({"jobs.run"}),
    )
    session = requests.Session()
    session.verify, session.trust_env = there.running.ready["ca"], False
    made = Modern.from_discovery_endpoint(
        f"{there.url}/.well-known/openid-configuration",
        there.url,
        auth=PrivateKeyJwt(client_id, {**key.as_dict(private=True), "alg": "ES256"}),
        session=session,
        redirect_uri=BACK,
        dpop_bound_access_tokens=True,
        id_token_signed_response_alg="RS256",
    )
    return made, session


def test_requests_oauth2client_pushes_proves_by_key_and_holds_its_token_by_dpop(there: World, modern: Any) -> None:
    client, session = modern
    request = client.authorization_request(scope="openid", dpop=True)
    pushed = client.pushed_authorization_request(request)
    back = browse(there, str(pushed.uri))
    answer = request.validate_callback(back)
    token = client.authorization_code(answer, validate=False)  # it cannot validate an id_token beside a DPoP token
    assert token.token_type == "DPoP"
    reply = session.get(f"{there.url}/own", auth=token)
    assert reply.json() == {"own": 1}, reply.text
    assert session.get(f"{there.url}/own", headers={"Authorization": f"Bearer {token.access_token}"}).status_code == 401
    again = client.refresh_token(token)
    assert session.get(f"{there.url}/own", auth=again).status_code == 200


def test_requests_oauth2client_speaks_for_itself_by_dpop(there: World, modern: Any) -> None:
    client, session = modern
    token = client.client_credentials(scope="jobs.run", dpop=True)
    assert session.get(f"{there.url}/jobs", auth=token).json() == {"jobs": 1}
    assert time.time() < token.expires_at.timestamp()
