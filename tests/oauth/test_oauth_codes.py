"""The authorization code: whoever it was given to has tokens for it, once; every trick with it ends what came of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from oauth.oauth_world import BACK, NATIVE, OAUTH, Pkce, World, answer, claims, error


@pytest.fixture(scope="module")
def app(there: World) -> str:
    """A public client of a third party."""
    return there.register()[0]


def test_a_person_lets_a_client_have_a_token_that_opens_what_was_granted(there: World, app: str) -> None:
    found = there.tokens(app, scope="notes.read openid")
    assert found["token_type"] == "Bearer"
    assert found["scope"] == "notes.read openid"
    said = claims(found["access_token"])
    assert (said["sub"], said["client_id"], said["iss"]) == (there.people["ana"].subject, app, there.url)
    assert said["acr"] == "urn:ringwall:pwd"
    assert there.get("/notes", found["access_token"]).status_code == 200


def test_a_client_that_acts_for_a_person_has_no_more_than_was_granted_and_no_more_than_the_person(
    there: World, app: str
) -> None:
    token = there.tokens(app, scope="notes.read")["access_token"]
    with there.client(Authorization=f"Bearer {token}") as client:
        refused = client.post("/notes")
        assert (refused.status_code, refused.json()["reason"]) == (403, "authz.scope")
        assert 'error="insufficient_scope", scope="notes.write"' in refused.headers["www-authenticate"]
        assert client.get("/own").json()["reason"] == "authz.scope", "a role of the person's opened what no scope names"
        assert client.get("/jobs").json()["reason"] == "authz.scope"
    jobs, _ = there.register(scopes=frozenset({"jobs.run"}))
    token = there.tokens(jobs, scope="jobs.run")["access_token"]
    refused = there.get("/jobs", token)
    assert refused.json()["reason"] == "authz.operation", "a scope gave a client what the person has not"


def test_the_owners_own_client_acts_as_the_person_and_asks_for_no_consent(there: World) -> None:
    browser = there.sign_in()
    told = answer(there.ask(browser, client_id="portal", scope="openid"))
    assert told["state"] == "s-1"
    token = there.tokens("portal", browser, scope="openid")["access_token"]
    assert there.get("/own", token).status_code == 200
    narrowed = there.tokens("portal", browser, scope="notes.read")["access_token"]
    assert there.get("/own", narrowed).status_code == 403


def test_the_issuer_is_in_every_answer_against_mix_up(there: World, app: str) -> None:
    browser = there.sign_in()
    granted = answer(there.follow(browser, there.ask(browser, client_id=app)))
    denied = answer(there.ask(browser, client_id=app, response_type="token"))
    assert granted["iss"] == denied["iss"] == there.url
    meta = there.get("/.well-known/oauth-authorization-server").json()
    assert meta["authorization_response_iss_parameter_supported"] is True
    assert meta["issuer"] == there.url


def test_a_code_that_comes_again_ends_the_tokens_that_came_of_it(there: World, app: str) -> None:
    pkce = Pkce()
    code = there.code(app, pkce)
    found = there.redeem(code, pkce, app).json()
    assert there.get("/notes", found["access_token"]).status_code == 200
    assert error(there.redeem(code, pkce, app)) == "invalid_grant"
    refused = there.get("/notes", found["access_token"])
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.token.revoked")
    assert error(there.refresh(found["refresh_token"], app)) == "invalid_grant"
    told = [event["principal"] for event in there.told("oauth.code.replayed")]
    assert told
    assert all(principal.startswith("rwp1.") for principal in told), "whose it was is sealed under the person's key"


def test_of_many_who_redeem_a_code_at_once_at_most_one_has_tokens_and_none_keeps_them(there: World, app: str) -> None:
    pkce = Pkce()
    code = there.code(app, pkce)
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: there.redeem(code, pkce, app), range(8)))
    good = [r for r in replies if r.status_code == 200]
    assert len(good) == 1
    assert {r.status_code for r in replies} == {200, 400}
    assert there.get("/notes", good[0].json()["access_token"]).status_code == 401


def test_a_code_is_of_no_use_to_another_client(there: World, app: str) -> None:
    other, pkce = there.register()[0], Pkce()
    code = there.code(app, pkce)
    assert error(there.redeem(code, pkce, other)) == "invalid_grant"
    assert error(there.redeem(code, pkce, app)) == "invalid_grant", "a stolen code still worked"
    assert there.told("oauth.code.stolen")


@pytest.mark.parametrize("verifier", [None, "", "short", "a" * 43, "a" * 129, "ü" * 50])
def test_a_code_without_its_verifier_is_worth_nothing(there: World, app: str, verifier: str | None) -> None:
    pkce = Pkce()
    code = there.code(app, pkce)
    data = {"grant_type": "authorization_code", "code": code, "client_id": app, "redirect_uri": BACK}
    reply = there.post("token", data if verifier is None else {**data, "code_verifier": verifier})
    assert error(reply) == "invalid_grant"


def test_the_challenge_itself_is_no_verifier(there: World, app: str) -> None:
    pkce = Pkce()
    code = there.code(app, pkce)
    assert error(there.redeem(code, Pkce(pkce.challenge), app)) == "invalid_grant"


@pytest.mark.parametrize(
    ("stated", "wanted"),
    [
        ({"code_challenge": None, "code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": "a" * 44}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": None}, "invalid_request"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"scope": "notes.read nothing"}, "invalid_scope"),
        ({"scope": "jobs.run"}, "invalid_scope"),
        ({"scope": 'a"b'}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "surprise"}, "invalid_request"),
        ({"max_age": "-1"}, "invalid_request"),
        ({"max_age": "1e9"}, "invalid_request"),
        ({"request": "eyJhbGciOiJub25lIn0.e30."}, "request_not_supported"),
        ({"resource": "https://elsewhere.example"}, "invalid_target"),
        ({"dpop_jkt": "x"}, "invalid_request"),
        ({"prompt": "none"}, "consent_required"),
    ],
)
def test_what_is_wrong_is_told_the_client_by_the_name_that_the_rfcs_give_it(
    there: World, stated: dict[str, str | None], wanted: str
) -> None:
    fresh, browser = there.register()[0], there.sign_in()
    told = answer(there.ask(browser, **{"client_id": fresh, **stated}))
    assert (told["error"], told["state"], told["iss"]) == (wanted, "s-1", there.url)
    assert "code" not in told


REGISTERED = "https://app.example/callback?tenant=1"


@pytest.mark.parametrize(
    "uri",
    [
        "https://app.example/callback?tenant=1&x=2",
        "https://app.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback/?tenant=1",
        "https://app.example/callback/../evil?tenant=1",
        "https://app.example/callbackevil?tenant=1",
        "https://app.example.evil.example/callback?tenant=1",
        "https://app.example@evil.example/callback?tenant=1",
        "https://evil.example/callback?tenant=1",
        "https://APP.example/callback?tenant=1",
        "https://app.example/CALLBACK?tenant=1",
        "https://app.example/%63allback?tenant=1",
        "https://app.example:443/callback?tenant=1",
        "https://app.example/callback?tenant=1#",
        "https://app.example/callback?tenant=1#x",
        "http://app.example/callback?tenant=1",
        "//app.example/callback?tenant=1",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://app.example\\@evil.example/callback?tenant=1",
        " https://app.example/callback?tenant=1",
        "https://app.example/callback?tenant=1\r\nSet-Cookie: a=b",
        "https://app.example/callback?tenant=1\x00",
        "http://127.0.0.1/callback?tenant=1",
    ],
)
def test_nobody_is_sent_to_an_address_that_only_looks_registered(there: World, uri: str) -> None:
    app, browser = there.register(redirect_uris=(REGISTERED,))[0], there.sign_in()
    right = there.ask(browser, client_id=app, redirect_uri=REGISTERED)
    assert right.status_code == 200
    reply = there.ask(browser, client_id=app, redirect_uri=uri)
    assert reply.status_code == 400
    assert "location" not in reply.headers
    assert "evil" not in reply.text


def test_the_answer_keeps_the_query_of_the_redirect_uri(there: World) -> None:
    app, browser = there.register(redirect_uris=(REGISTERED,))[0], there.sign_in()
    reply = there.follow(browser, there.ask(browser, client_id=app, redirect_uri=REGISTERED, state='a&b="<x>'))
    assert reply.headers["location"].startswith(REGISTERED + "&code=")
    assert answer(reply)["state"] == 'a&b="<x>'


NOT_ITS_OWN = (
    "http://127.0.0.1:49152/other",
    "http://127.0.0.2:1/done",
    "http://localhost:1/done",
    "https://127.0.0.1/done",
    "http://127.0.0.1:1@evil.example/done",
    "http://127.0.0.1:99999/done",
    "http://[::1]:1/done",
)


def test_a_native_application_has_any_port_of_the_loopback_and_nothing_else(there: World) -> None:
    app, browser = there.register(redirect_uris=(NATIVE,))[0], there.sign_in()
    for uri in (NATIVE, "http://127.0.0.1:49152/done"):
        assert there.ask(browser, client_id=app, redirect_uri=uri).status_code == 200
    for uri in NOT_ITS_OWN:
        assert there.ask(browser, client_id=app, redirect_uri=uri).status_code == 400, uri


def test_a_redirect_uri_that_the_code_was_not_sent_to_ends_it(there: World) -> None:
    app, pkce = there.register(redirect_uris=(BACK, REGISTERED))[0], Pkce()
    code = there.code(app, pkce)
    assert error(there.redeem(code, pkce, app, redirect_uri=REGISTERED)) == "invalid_grant"


def test_a_request_with_a_parameter_twice_is_no_request(there: World, app: str) -> None:
    with there.client(**there.sign_in()) as client:
        for twice in ("client_id", "redirect_uri", "scope", "state"):
            reply = client.get(
                f"{OAUTH}/authorize?response_type=code&client_id={app}&redirect_uri={BACK}&{twice}=a&{twice}=b"
            )
            assert (reply.status_code, "location" in reply.headers) == (400, False), twice


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_page_and_back(there: World) -> None:
    app = there.register()[0]
    reply = there.ask({}, client_id=app, acr_values="urn:ringwall:mfa")
    told = answer(reply)
    assert reply.headers["location"].startswith("/.ringwall/account/signin?")
    assert told["next"].startswith("/.ringwall/oauth/continue?request=")
    assert told["acr"] == "mfa"
    browser = there.sign_in("ana", "pwd", "otp", "mfa")
    with there.client() as client:
        back = client.get(told["next"], headers=browser)
        assert back.status_code == 200, "the consent page"
        assert answer(client.get(told["next"], headers=there.sign_in())) == told, "one factor did where two were asked"
        assert answer(there.follow(browser, back))["code"]
        assert client.get(told["next"], headers=browser).status_code == 400, "the request was granted twice"


def test_how_recent_a_sign_in_must_be_is_held(there: World) -> None:
    old, new = there.sign_in("ana", ago=600.0), there.sign_in()
    for stated in ({"max_age": "60"}, {"prompt": "login"}, {"max_age": "0"}):
        assert "next" in answer(there.ask(old, client_id="portal", **stated)), stated
    told = answer(there.ask(old, client_id="portal", max_age="60", prompt="none"))
    assert told["error"] == "login_required"
    assert "code" in answer(there.ask(new, client_id="portal", max_age="60"))
    assert "code" in answer(there.ask(old, client_id="portal", max_age="3600"))
    asked = answer(there.ask(new, client_id="portal", prompt="login"))
    assert "next" in asked
    with there.client() as client:
        assert "next" in answer(client.get(asked["next"], headers=new)), "the old sign-in did where a new one was asked"
        assert "code" in answer(client.get(asked["next"], headers=there.sign_in()))


def test_a_native_application_of_others_is_asked_about_every_time(there: World) -> None:
    app, browser = there.register(redirect_uris=(NATIVE, BACK))[0], there.sign_in()
    for _ in range(2):
        assert there.follow(browser, there.ask(browser, client_id=app, redirect_uri=NATIVE)).status_code == 303
        assert there.ask(browser, client_id=app, redirect_uri=NATIVE).status_code == 200
    assert "code" in answer(there.ask(browser, client_id=app)), (
        "the consent was remembered where the address is one's own"
    )


def test_a_silent_request_is_answered_at_once(there: World) -> None:
    assert answer(there.ask({}, client_id="portal", prompt="none"))["error"] == "login_required"
    assert "code" in answer(there.ask(there.sign_in(), client_id="portal", prompt="none"))


def test_what_a_disabled_account_granted_is_over(there: World) -> None:
    from ringwall.build.identity import accounts_on

    accounts = accounts_on(there.store)
    found = there.tokens("portal", there.sign_in("ben"))
    accounts.disable("ben")
    try:
        assert error(there.refresh(found["refresh_token"], "portal")) == "invalid_grant"
        assert there.get("/own", found["access_token"]).status_code == 401
    finally:
        accounts.disable("ben", disabled=False)


FORM = "application/x-www-form-urlencoded"
GARBAGE: list[dict[str, str]] = [
    {},
    {"grant_type": "authorization_code"},
    {"grant_type": "x" * 5000},
    {"grant_type": "implicit"},
    {"grant_type": "authorization_code", "client_id": "portal"},
    {"grant_type": "refresh_token", "client_id": "portal"},
    {"grant_type": "authorization_code", "client_id": "portal", "code": "\x00"},
    {"grant_type": "authorization_code", "client_id": "\x00", "code": "x"},
    {"grant_type": "authorization_code", "client_id": "ü" * 300, "code": "x"},
]


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_is_refused_and_never_fails(there: World, data: dict[str, str]) -> None:
    reply = there.post("token", data)
    assert reply.status_code in (400, 401), reply.text
    assert error(reply) in ("invalid_request", "invalid_grant", "invalid_client", "unsupported_grant_type")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"a=1&a=2&grant_type=x", FORM),
        (b"\xff\xfe", FORM),
        (b"{}", "application/json"),
        (b"", FORM),
        (b"grant_type=%ff", FORM),
        (b"&".join(b"a%d=1" % n for n in range(100)), FORM),
    ],
)
def test_what_is_no_form_is_refused(there: World, content: bytes, kind: str) -> None:
    with there.client() as client:
        reply = client.post(f"{OAUTH}/token", content=content, headers={"Content-Type": kind})
        assert (reply.status_code, error(reply)) == (400, "invalid_request")
        assert client.post(f"{OAUTH}/token", content=b"x" * 20_000).status_code == 413
