"""The pages that people see: nobody else's form, frame, script or markup has a place there."""

from __future__ import annotations

import re

import pytest

from oauth.oauth_world import BACK, OAUTH, World, answer


@pytest.fixture
def evil(there: World) -> str:
    return there.register(name="<script>alert(1)</script>\"'&", scopes=frozenset({"notes.read"}))[0]


def test_the_consent_page_lets_nothing_in(there: World, evil: str) -> None:
    shown = there.ask(there.sign_in(), client_id=evil, state='"><script>', scope="notes.read openid profile")
    assert shown.status_code == 200
    assert "<script" not in shown.text
    assert "&lt;script&gt;" in shown.text
    assert "app.example" in shown.text
    policy = shown.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert "base-uri 'none'" in policy
    assert "form-action 'self' https://app.example" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert shown.headers["x-frame-options"] == "DENY"
    assert shown.headers["referrer-policy"] == "same-origin"
    assert shown.headers["cache-control"] == "no-store"


def form(there: World, client_id: str, browser: dict[str, str]) -> dict[str, str]:
    shown = there.ask(browser, client_id=client_id)
    return dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', shown.text))


def test_a_decision_comes_from_the_page_that_was_shown_to_this_person(there: World, evil: str) -> None:
    ana, ben = there.sign_in("ana"), there.sign_in("ben")
    whole = {**form(there, evil, ana), "decision": "allow"}
    others = form(there, evil, ana)
    tries = [
        ({**whole, "token": ""}, ana),
        ({**whole, "token": others["token"]}, ana),
        ({**whole, "request": others["request"]}, ana),
        (whole, ben),
        (whole, {}),
        (whole, there.sign_in("ana")),
        ({"decision": "allow"}, ana),
        ({**whole, "request": "x"}, ana),
    ]
    with there.client() as client:
        for data, browser in tries:
            reply = client.post(f"{OAUTH}/consent", data=data, headers={**browser, "Origin": there.url})
            assert (reply.status_code, "location" in reply.headers) == (400, False)
        for headers in ({"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}, {}):
            reply = client.post(f"{OAUTH}/consent", data=whole, headers={**ana, **headers})
            assert (reply.status_code, reply.json()["reason"]) == (403, "transport.origin")
        right = client.post(f"{OAUTH}/consent", data=whole, headers={**ana, "Origin": there.url})
        assert answer(right)["code"]
        again = client.post(f"{OAUTH}/consent", data=whole, headers={**ana, "Origin": there.url})
        assert again.status_code == 400, "one page gave two codes"


def test_no_is_told_the_client_and_remembered_of_nobody(there: World, evil: str) -> None:
    browser = there.sign_in()
    told = answer(there.follow(browser, there.ask(browser, client_id=evil), "deny"))
    assert (told["error"], told["state"]) == ("access_denied", "s-1")
    assert there.ask(browser, client_id=evil).status_code == 200


def test_consent_holds_for_what_was_shown_and_this_person_alone(there: World) -> None:
    app, browser = there.register()[0], there.sign_in()
    assert "code" in answer(there.follow(browser, there.ask(browser, client_id=app, scope="notes.read")))
    assert "code" in answer(there.ask(browser, client_id=app, scope="notes.read"))
    assert there.ask(browser, client_id=app, scope="notes.read notes.write").status_code == 200
    assert there.ask(browser, client_id=app, scope="notes.read", prompt="consent").status_code == 200
    assert there.ask(there.sign_in("ben"), client_id=app, scope="notes.read").status_code == 200


def test_a_cookie_that_came_twice_is_nobody_s(there: World) -> None:
    mine, theirs = there.sign_in("ana")["Cookie"], there.sign_in("ben")["Cookie"]
    assert "next" in answer(there.ask({"Cookie": f"{mine}; {theirs}"}, client_id="portal"))


QUERIES = ["client_id=%3Cscript%3E", "client_id=portal&redirect_uri=javascript:1", "", "a=1&a=2"]


@pytest.mark.parametrize("query", QUERIES)
def test_an_error_page_says_nothing_of_the_request(there: World, query: str) -> None:
    with there.client() as client:
        reply = client.get(f"{OAUTH}/authorize?{query}")
    assert (reply.status_code, reply.headers["content-type"]) == (400, "text/html; charset=utf-8")
    assert "script" not in reply.text


BYE = "https://app.example/bye"
ELSEWHERE = ["https://evil.example/", "//evil.example", BACK, "https://app.example/bye/", "javascript:x"]


@pytest.mark.parametrize("to", ELSEWHERE)
def test_signing_out_leads_to_registered_addresses_alone(there: World, to: str) -> None:
    with there.client(**there.sign_in()) as client:
        reply = client.get(f"{OAUTH}/logout", params={"client_id": "portal", "post_logout_redirect_uri": to})
        assert (reply.status_code, "location" in reply.headers) == (400, False)
        reply = client.get(f"{OAUTH}/logout", params={"post_logout_redirect_uri": BYE})
        assert reply.status_code == 400, "no client was named"


def test_nobody_is_signed_out_by_a_link(there: World) -> None:
    browser = there.sign_in()
    with there.client(**browser) as client:
        asked = client.get(f"{OAUTH}/logout")
        assert "Sign out?" in asked.text
        assert "code" in answer(there.ask(browser, client_id="portal"))
        token = re.search(r'name="token" value="([^"]+)"', asked.text)
        assert token is not None
        done = client.post(f"{OAUTH}/logout", data={"token": token[1]}, headers={"Origin": there.url})
        assert "signed out" in done.text
        assert "Max-Age=0" in done.headers["set-cookie"]
    assert "next" in answer(there.ask(browser, client_id="portal"))


def test_an_id_token_of_the_person_signs_out_and_ends_what_the_session_granted(there: World) -> None:
    browser = there.sign_in()
    found = there.tokens("portal", browser, scope="openid")
    others = there.tokens("portal", there.sign_in("ben"), scope="openid")
    with there.client(**browser) as client:
        asked = client.get(f"{OAUTH}/logout", params={"id_token_hint": others["id_token"]})
        assert "Sign out?" in asked.text, "another person's id_token signed her out"
        asked = client.get(f"{OAUTH}/logout", params={"id_token_hint": found["access_token"]})
        assert "Sign out?" in asked.text, "an access token passed for an id_token"
        reply = client.get(
            f"{OAUTH}/logout",
            params={
                "id_token_hint": found["id_token"],
                "post_logout_redirect_uri": BYE,
                "state": "z",
            },
        )
    assert reply.headers["location"] == "https://app.example/bye?state=z"
    assert there.get("/own", found["access_token"]).status_code == 401
    assert there.get("/own", others["access_token"]).status_code == 200
    assert there.refresh(found["refresh_token"], "portal").status_code == 400
