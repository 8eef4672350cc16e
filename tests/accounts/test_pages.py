"""The pages in front of two real workers: cookies, forged requests, redirects, what is told, and what ends."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from accounts.people import HOME, OTHER, PASSWORD, Browser, account, alert, hidden, next_code, users, ward
from e2e.e2e_process import Running, until

WRONG = "wrong horse battery staple"


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with ward(tmp_path_factory.mktemp("ward")) as running:
        yield running


def new(up: Running, *roles: str, password: str = PASSWORD) -> str:
    return account(up, f"user-{secrets.token_hex(4)}", *(roles or ("nurse",)), password=password)


def events(up: Running, operation: str) -> list[dict[str, Any]]:
    return [r for r in records(up) if r.get("kind") == "identity" and r.get("operation") == operation]


def records(up: Running) -> list[dict[str, Any]]:
    found = [line["record"] for line in up.journal() if "record" in line]
    return sorted(found, key=lambda record: str(record.get("at")))


def test_a_session_is_a_cookie_of_this_host_alone(up: Running) -> None:
    browser = Browser(up)
    done = browser.sign_in(new(up))
    assert (done.status_code, done.headers["location"]) == (303, HOME)
    cookies = dict(c.split("=", 1) for c in done.headers.get_list("set-cookie"))
    value, *attributes = cookies["__Host-ringwall"].split("; ")
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    assert len(value) == 43
    assert "Max-Age=15552000" in cookies["__Host-ringwall-device"]
    assert "domain=" not in str(cookies).lower()
    assert browser.signed_in()
    for file in up.data.rglob("*"):
        assert not file.is_file() or value.encode() not in file.read_bytes()


def test_a_session_opens_the_api_and_the_application_does_not_see_it(up: Running) -> None:
    browser = Browser(up)
    assert browser.get("/hello").status_code == 401
    browser.sign_in(new(up))
    reply = browser.client.get("/hello", headers={"cookie": f"theirs=1; __Host-ringwall={browser.cookie()}; b=2"})
    assert (reply.status_code, reply.json()) == (200, {"cookie": "theirs=1; b=2"})
    assert browser.client.get("/hello").json()["cookie"].count("ringwall") == 0


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"origin": "{own}"}, True), ({"sec-fetch-site": "same-origin"}, True),
        ({"origin": "https://app.example"}, True), ({}, False),
        ({"origin": "https://evil.example"}, False), ({"origin": "null"}, False),
        ({"origin": "http://localhost"}, False), ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False), ({"origin": "{own}.evil.example"}, False),
        ({"origin": "https://evil.example", "sec-fetch-site": "same-origin"}, False),
    ],
    ids=str,
)  # fmt: skip
def test_who_made_a_request_that_changes_something_counts(up: Running, headers: dict[str, str], passes: bool) -> None:
    browser = Browser(up)
    browser.sign_in(new(up))
    sent = {name: value.replace("{own}", up.url) for name, value in headers.items()}
    reply = browser.client.post("/hello", headers=sent)
    assert (reply.status_code == 200) is passes, reply.text
    if not passes:
        assert reply.json()["reason"] in ("authn.session.origin", "transport.origin")


def test_another_page_may_link_here_and_no_more(up: Running) -> None:
    browser = Browser(up)
    browser.sign_in(new(up))
    link = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
    assert browser.client.get("/hello", headers=link).status_code == 200
    for fetched in ({"sec-fetch-mode": "no-cors", "sec-fetch-dest": "image"}, {"sec-fetch-dest": "iframe"}):
        assert browser.client.get("/hello", headers={**link, **fetched}).status_code == 403
    assert browser.client.get("/open", headers={"sec-fetch-site": "cross-site"}).status_code == 200


def test_a_cookie_that_proves_nobody_does_not_close_what_is_open(up: Running) -> None:
    stale = {"cookie": "__Host-ringwall=" + "A" * 43}
    browser = Browser(up)
    assert browser.client.get("/open", headers=stale).status_code == 200
    refused = browser.client.get("/hello", headers=stale)
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.session")
    assert "www-authenticate" in refused.headers


def test_of_two_cookies_none_counts(up: Running) -> None:
    victim, attacker = Browser(up), Browser(up)
    victim.sign_in(new(up))
    attacker.sign_in(new(up))
    tossed = {"cookie": f"__Host-ringwall={attacker.cookie()}; __Host-ringwall={victim.cookie()}"}
    bare = Browser(up)
    assert bare.client.get("/hello", headers=tossed).json()["reason"] == "authn.ambiguous"
    assert bare.get(HOME, **tossed).status_code == 400
    assert bare.get(f"{HOME}/totp", **tossed).headers["location"].startswith(f"{HOME}/signin")


@pytest.mark.parametrize("path", ["signin", "second", "signout", "signout/everywhere", "password", "totp", "codes",
                                  "recover", "invitation", "sessions/end", "totp/remove", "passkey/remove",
                                  "passkey/options", "passkey/use", "passkey/add"])  # fmt: skip
@pytest.mark.parametrize("origin", ["", "https://evil.example", "null", "https://app.example"])
def test_no_other_page_posts_to_the_account(up: Running, path: str, origin: str) -> None:
    headers = {"origin": origin, "sec-fetch-site": "cross-site"} if origin else {"origin": "", "sec-fetch-site": ""}
    reply = Browser(up).post(f"{HOME}/{path}", {"name": "x"}, **headers)
    assert (reply.status_code, reply.json()["reason"]) == (403, "transport.origin")


@pytest.mark.parametrize(
    "then",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/.ringwall//evil", "/.ringwall/../evil",
     "/.ringwall/%2e%2e/%2e%2e/evil", "/.ringwall/a\r\nSet-Cookie: x=1", "/.ringwall/\u0000", "javascript:alert(1)",
     "/hello", "", ".ringwall/x", "/.ringwallx/evil", "/.ringwall/x#https://evil", "/.ringwall/x\"><script>",
     " /.ringwall/x", "/.ringwall\t/x", "/.ringwall/\uff0f\uff0fevil.example"],
)  # fmt: skip
def test_signing_in_leads_nowhere_else(up: Running, then: str) -> None:
    browser = Browser(up)
    name = new(up)
    shown = browser.client.get(f"{HOME}/signin", params={"next": then})
    if shown.status_code == 200:
        assert hidden(shown, "next") == HOME
    done = browser.sign_in(name, then=then)
    assert (done.status_code, done.headers["location"]) == (303, HOME)


def test_it_leads_to_what_ringwall_asked_for_by_a_navigation_of_its_own(up: Running) -> None:
    then = "/.ringwall/oauth/authorize?client_id=a&scope=b%20c&redirect_uri=https%3A%2F%2Fapp.example%2Fcb"
    browser = Browser(up)
    shown = browser.client.get(f"{HOME}/signin", params={"next": then})
    assert hidden(shown, "next") == then
    done = browser.sign_in(new(up), then=then)
    assert done.status_code == 200
    assert f'url={then.replace("&", "&amp;")}"' in done.text
    again = browser.client.get(f"{HOME}/signin", params={"next": then})
    assert f'url={then.replace("&", "&amp;")}"' in again.text


def test_what_is_told_is_the_same_whether_or_not_an_account_is_there(up: Running) -> None:
    known, disabled, second, invited = new(up), new(up), new(up), f"user-{secrets.token_hex(4)}"
    users(up, "disable", disabled)
    users(up, "invite", invited, "--role", "nurse")
    with_second = Browser(up)
    with_second.sign_in(second)
    with_second.enrol()
    told = {}
    for name in (known, disabled, second, invited, f"user-{secrets.token_hex(4)}"):
        reply = Browser(up).sign_in(name, WRONG)
        headers = {k: v for k, v in reply.headers.items() if k not in ("date", "ringwall-request-id")}
        told[name] = (reply.status_code, reply.text, str(headers))
        recover = Browser(up).post(f"{HOME}/recover", {"name": name, "code": "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa"})
        told[name] += (recover.status_code, recover.text)
    assert len(set(told.values())) == 1
    status, page, *_ = told[known]
    assert status == 403
    assert known not in page


def test_guessing_is_held_by_both_workers_together(up: Running) -> None:
    name = new(up)
    with ThreadPoolExecutor(8) as many:
        replies = list(many.map(lambda _: Browser(up).sign_in(name, WRONG), range(40)))
    statuses = [reply.status_code for reply in replies]
    assert 10 <= statuses.count(403) <= 14, "the free tries, and what the first waits of 2 seconds allow meanwhile"
    assert statuses.count(429) == 40 - statuses.count(403)
    held = next(reply for reply in replies if reply.status_code == 429)
    assert int(held.headers["retry-after"]) >= 1
    assert 'name="code"' in held.text
    assert until(lambda: len(events(up, "signin.held")) >= 26)


def test_an_app_signs_in_and_its_code_is_good_once_in_both_workers(up: Running) -> None:
    name = new(up, "chief")
    browser = Browser(up)
    browser.sign_in(name)
    assert browser.get("/vault").status_code in (401, 403)
    app, codes, used = browser.enrol()
    assert len(codes) == 8
    assert browser.get("/vault").json() == {"open": True}
    steps = []
    for _ in range(4):
        each = Browser(up)
        begun = each.sign_in(name)
        assert begun.status_code == 303
        assert begun.headers["location"].startswith(f"{HOME}/second?next=")
        assert each.get("/hello").status_code == 401
        steps.append(each)
    code = next_code(app, used)
    with ThreadPoolExecutor(4) as many:
        done = list(many.map(lambda each: each.post(f"{HOME}/second", {"code": code}), steps))
    assert sorted(reply.status_code for reply in done) == [303, 403, 403, 403]
    assert alert(next(reply for reply in done if reply.status_code == 403)).startswith("The code is wrong or was used")
    winner = next(each for each in steps if each.cookie())
    assert winner.get("/vault").json() == {"open": True}


def test_a_recovery_code_is_good_once_for_many_at_once(up: Running) -> None:
    name = new(up)
    browser = Browser(up)
    browser.sign_in(name)
    _, codes, _ = browser.enrol()
    steps = [Browser(up) for _ in range(4)]
    for each in steps:
        each.sign_in(name)
    with ThreadPoolExecutor(4) as many:
        done = list(many.map(lambda each: each.post(f"{HOME}/second", {"code": codes[0]}), steps))
    assert sorted(reply.status_code for reply in done) == [303, 403, 403, 403]
    assert "7 left" in browser.get(HOME).text


def test_a_lost_password_is_set_anew_with_a_code_and_the_second_factor(up: Running) -> None:
    name = new(up)
    browser = Browser(up)
    browser.sign_in(name)
    _, codes, _ = browser.enrol()
    lost = Browser(up)
    page = lost.post(f"{HOME}/recover", {"name": name, "code": codes[0]})
    ticket = hidden(page, "ticket")
    form = {"ticket": ticket, "password": OTHER, "again": OTHER}
    assert lost.post(f"{HOME}/recover", {**form, "second": codes[0]}).status_code == 403, "used"
    assert lost.post(f"{HOME}/recover", {**form, "again": PASSWORD, "second": codes[1]}).status_code == 422
    done = lost.post(f"{HOME}/recover", {**form, "second": codes[1]})
    assert (done.status_code, done.headers["location"]) == (303, HOME)
    assert lost.signed_in()
    assert not browser.signed_in(), "what was signed in with the old password is out"
    assert Browser(up).sign_in(name, PASSWORD).status_code == 403
    assert Browser(up).sign_in(name, OTHER).headers["location"].startswith(f"{HOME}/second")
    assert lost.post(f"{HOME}/recover", {**form, "second": codes[2]}).status_code == 403, "a ticket is used once"


def test_an_invitation_sets_a_password_once(up: Running) -> None:
    name = f"user-{secrets.token_hex(4)}"
    said = users(up, "invite", name, "--role", "nurse")
    path = re.search(r"(/\.ringwall/account/invitation\?code=\S+)", said)
    assert path
    browser = Browser(up)
    page = browser.get(path[1])
    assert name in page.text
    code = hidden(page, "code")
    weak = browser.post(
        f"{HOME}/invitation", {"code": code, "password": "passwordpassword", "again": "passwordpassword"}
    )
    assert (weak.status_code, alert(weak)[:22]) == (422, "The password is common")
    form = {"code": code, "password": PASSWORD, "again": PASSWORD}
    with ThreadPoolExecutor(4) as many:
        done = list(many.map(lambda each: each.post(f"{HOME}/invitation", form), [Browser(up) for _ in range(4)]))
    assert sorted(reply.status_code for reply in done) == [303, 403, 403, 403]
    assert Browser(up).get(path[1]).status_code == 403
    assert Browser(up).sign_in(name).status_code == 303


def test_a_change_of_password_needs_the_old_one_and_ends_the_rest(up: Running) -> None:
    name = new(up)
    here, there = Browser(up), Browser(up)
    here.sign_in(name)
    there.sign_in(name)
    before = here.cookie()
    form = {"password": OTHER, "again": OTHER}
    assert alert(here.post(f"{HOME}/password", {**form, "current": WRONG})) == "The present password is wrong."
    assert there.signed_in()
    short = {"current": PASSWORD, "password": "k3x9vq2m", "again": "k3x9vq2m"}
    assert "at least 15" in alert(here.post(f"{HOME}/password", short))
    assert here.post(f"{HOME}/password", {**form, "current": PASSWORD}).status_code == 303
    assert here.signed_in()
    assert here.cookie() != before
    assert not there.signed_in()
    assert Browser(up).sign_in(name, PASSWORD).status_code == 403


def test_the_last_factor_stays_while_the_password_is_short(up: Running) -> None:
    name = new(up)
    browser = Browser(up)
    browser.sign_in(name)
    browser.enrol()
    short = {"current": PASSWORD, "password": "k3x9vq2m", "again": "k3x9vq2m"}
    assert browser.post(f"{HOME}/password", short).status_code == 303
    refused = browser.post(f"{HOME}/totp/remove", {"password": "k3x9vq2m"})
    assert "has to be longer" in alert(refused)
    long = {"current": "k3x9vq2m", "password": OTHER, "again": OTHER}
    assert browser.post(f"{HOME}/password", long).status_code == 303
    assert alert(browser.post(f"{HOME}/totp/remove", {"password": WRONG})) == "The password is wrong."
    assert browser.post(f"{HOME}/totp/remove", {"password": OTHER}).status_code == 303
    assert Browser(up).sign_in(name, OTHER).headers["location"] == HOME


def test_signing_out_here_is_not_everywhere(up: Running) -> None:
    name = new(up)
    here, there = Browser(up), Browser(up)
    here.sign_in(name)
    there.sign_in(name)
    kept = here.cookie()
    assert here.post(f"{HOME}/signout", {}).status_code == 303
    assert here.cookie() is None
    here.client.cookies.set("__Host-ringwall", kept or "")
    assert not here.signed_in(), "the cookie of before is worth nothing"
    assert there.signed_in()
    assert there.post(f"{HOME}/signout/everywhere", {}).status_code == 303
    assert not there.signed_in()


def test_one_session_ends_another_of_the_same_account_and_of_no_other(up: Running) -> None:
    name = new(up)
    here, there, stranger = Browser(up), Browser(up), Browser(up)
    here.sign_in(name)
    there.sign_in(name)
    stranger.sign_in(new(up))
    (other,) = re.findall(r'name="id" value="([0-9a-f]{16})"', here.get(HOME).text)
    assert stranger.post(f"{HOME}/sessions/end", {"id": other}).status_code == 404
    assert there.signed_in()
    assert here.post(f"{HOME}/sessions/end", {"id": other}).status_code == 303
    assert not there.signed_in()
    assert here.signed_in()


@pytest.mark.parametrize("act", ["signout", "disable", "recover"])
def test_an_administrator_signs_out_on_every_worker_within_the_bound(up: Running, act: str) -> None:
    name = new(up)
    browsers = [Browser(up) for _ in range(3)]
    for each in browsers:
        each.sign_in(name)
        assert [each.get("/hello").status_code for _ in range(6)] == [200] * 6
    token = Browser(up).client.post("/.ringwall/oauth/token", data={
        "grant_type": "password", "username": name, "password": PASSWORD}).json()["access_token"]  # fmt: skip
    users(up, act, name)
    assert not any(each.signed_in() for each in browsers)
    assert until(lambda: all(each.get("/hello").status_code == 401 for each in browsers for _ in range(4)), 4.0)
    bearer = {"authorization": f"Bearer {token}"}
    assert until(
        lambda: all(Browser(up).client.get("/hello", headers=bearer).status_code == 401 for _ in range(6)), 4.0
    )


def test_a_session_of_two_browsers_at_once_is_told_and_ends(up: Running) -> None:
    name = new(up)
    victim, thief = Browser(up), Browser(up, agent="curl/8.5.0")
    victim.sign_in(name)
    assert victim.get("/hello").status_code == 200
    thief.client.cookies.set("__Host-ringwall", victim.cookie() or "")
    refused = thief.client.get("/hello")
    assert (refused.status_code, refused.json()["reason"]) == (401, "authn.session")
    assert until(lambda: victim.get("/hello").status_code == 401)
    assert any(e["odd"] == "browser" and e["ended"] for e in events(up, "session.concurrent"))


def test_what_is_asked_for_with_two_factors_is_not_given_for_one(up: Running) -> None:
    name, then = new(up), "/.ringwall/oauth/authorize?a=b"
    browser = Browser(up)
    asked = {"next": then, "acr": "mfa"}
    page = browser.client.get(f"{HOME}/signin", params=asked)
    assert hidden(page, "acr") == "mfa"
    assert "A second factor is needed" in browser.sign_in(name, then=then, acr="mfa").text
    assert "A second factor is needed" in browser.client.get(f"{HOME}/signin", params=asked).text
    other = Browser(up)
    other.sign_in(name)
    app, _, used = other.enrol()
    stepping = browser.client.get(f"{HOME}/signin", params=asked)
    assert stepping.headers["location"].startswith(f"{HOME}/second?next=")
    before = browser.cookie()
    done = browser.post(f"{HOME}/second", {"code": next_code(app, used), "next": then})
    assert f"url={then}" in done.text
    assert browser.cookie() != before
    assert f"url={then}" in browser.client.get(f"{HOME}/signin", params=asked).text


def test_factors_are_changed_by_who_showed_all_of_them(up: Running) -> None:
    name = new(up)
    one, two = Browser(up), Browser(up)
    one.sign_in(name)
    two.sign_in(name)
    one.enrol()
    for path in ("codes", "totp/remove"):
        reply = two.post(f"{HOME}/{path}", {"password": PASSWORD})
        assert reply.headers["location"].startswith(f"{HOME}/signin?")
    assert two.get(f"{HOME}/totp").status_code == 303
    assert two.json(f"{HOME}/passkey/options", {"for": "add"}).status_code == 403
    assert "Show it" in two.get(HOME).text


@pytest.mark.parametrize(
    ("content", "kind"),
    [(b"name=a&name=b", "application/x-www-form-urlencoded"), (b"%", "application/x-www-form-urlencoded"),
     (b"name=%ff", "application/x-www-form-urlencoded"), (b"\xff\x00", "application/x-www-form-urlencoded"),
     (b"{}", "text/plain"), (b"<a/>", "application/xml"), (b"x=1", "multipart/form-data; boundary=x"),
     (b"a&" * 500, "application/x-www-form-urlencoded")],
)  # fmt: skip
def test_what_is_no_form_is_no_error_of_ours(up: Running, content: bytes, kind: str) -> None:
    client = Browser(up).client
    for path in ("signin", "second", "recover", "invitation", "password"):
        reply = client.post(f"{HOME}/{path}", content=content, headers={"content-type": kind, "origin": up.url})
        assert reply.status_code == 400, (path, reply.status_code)


@pytest.mark.parametrize(
    "value",
    [None, [], "x", 7, {"for": None}, {"for": "second"}, {"for": "alone", "credential": 7},
     {"for": "alone", "credential": {"id": {}}}, {"credential": [1]}],
)  # fmt: skip
def test_what_is_no_answer_of_an_authenticator_signs_nobody_in(up: Running, value: Any) -> None:
    for path in ("options", "use", "add"):
        reply = Browser(up).json(f"{HOME}/passkey/{path}", value)
        assert reply.status_code in (200, 400, 403), reply.text
        assert "set-cookie" not in reply.headers
        assert path == "options" or reply.status_code == 403


def test_a_huge_password_is_refused_before_it_costs_anything(up: Running) -> None:
    browser = Browser(up)
    assert browser.sign_in(new(up), "x" * 20_000).status_code == 413
    assert browser.sign_in(new(up), "x" * 8000).status_code == 403


def test_pages_are_kept_by_nobody_and_run_nothing_of_others(up: Running) -> None:
    browser = Browser(up)
    browser.sign_in(new(up))
    for path in ("", "/signin?again=1", "/totp", "/recover", "/invitation?code=x"):
        page = browser.get(f"{HOME}{path}")
        assert page.headers["cache-control"] == "no-store"
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "style=" not in page.text
        assert "onclick" not in page.text
        assert all(s.startswith('src="/.ringwall/') for s in re.findall(r"<script ([^>]*)>", page.text))


def test_markup_in_what_a_browser_says_is_text(up: Running) -> None:
    browser = Browser(up, agent="<script>alert(1)</script>")
    browser.sign_in(new(up))
    assert "<script>alert" not in browser.get(HOME).text


def test_a_client_that_is_no_browser_gets_json(up: Running) -> None:
    name = new(up)
    assert Browser(up).client.get(HOME).json() == {"subject": None}
    browser = Browser(up)
    browser.sign_in(name)
    said = browser.client.get(HOME).json()
    assert (said["method"], said["mfa"], said["roles"]) == ("session", False, ["nurse"])


def test_everything_is_in_the_journal_and_nothing_secret(up: Running, tmp_path: Path) -> None:
    name = new(up)
    browser = Browser(up)
    browser.sign_in(name, WRONG)
    browser.sign_in(name)
    app, codes, _ = browser.enrol()
    subject = browser.client.get(HOME).json()["subject"]
    mine = [r["operation"] for r in records(up) if r.get("kind") == "identity" and r.get("exchange") in browser.ids]
    assert mine == ["signin.wrong", "signin", "totp.add", "signin", "codes.new"]
    whole = b"".join(p.read_bytes() for p in (up.data / "journal").rglob("*.jsonl"))
    for secret in (PASSWORD, WRONG, app.secret, *codes, browser.cookie() or "", name, subject):
        assert secret.encode() not in whole
