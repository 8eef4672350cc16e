"""A real browser on the whole way: sign in, consent, and back to the application that listens; and what it refuses."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from accounts.chromium import Chromium, chromium, needs_chromium, tab
from oauth.oauth_world import OAUTH, PASSWORD, Pkce, World, claims

pytestmark = pytest.mark.server


class Listener(http.server.BaseHTTPRequestHandler):
    """A native application's redirect URI."""

    heard: list[str] = []  # noqa: RUF012 - of the one listener

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"You can close this page.")

    def log_message(self, *said: object) -> None: ...


@pytest.fixture(scope="module")
def back() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/done"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(there: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    needs_chromium()
    with chromium(there.running, tmp_path_factory.mktemp("profile")) as context, tab(context, there.running) as page:
        yield page


@pytest.fixture(scope="module")
def app(there: World) -> str:
    return there.register(name="Notes on the desk", redirect_uris=("http://127.0.0.1/done",))[0]


def ask(app: str, back: str, pkce: Pkce, **more: str) -> str:
    given = {"response_type": "code", "client_id": app, "redirect_uri": back, "code_challenge": pkce.challenge,
             "code_challenge_method": "S256", "state": "s-1", "scope": "notes.read", **more}  # fmt: skip
    return f"{OAUTH}/authorize?{urlencode(given)}"


def sign_in(browser: Chromium, name: str) -> None:
    browser.page.fill("#name", name)
    browser.page.fill("#password", PASSWORD)
    browser.page.click("form button.first")


def heard(browser: Chromium, back: str) -> dict[str, str]:
    browser.page.wait_for_url(f"{back}*")
    return dict(parse_qsl(urlsplit(browser.page.url).query))


def test_a_person_signs_in_consents_and_is_back_at_the_application(
    there: World, browser: Chromium, app: str, back: str
) -> None:
    pkce = Pkce()
    browser.go(ask(app, back, pkce))
    sign_in(browser, "ana")
    browser.page.wait_for_selector("text=Allow Notes on the desk?")
    assert "ana" in browser.page.inner_text("main")
    browser.page.click("button[value=allow]")
    told = heard(browser, back)
    assert (told["state"], told["iss"]) == ("s-1", there.url)
    found = there.redeem(told["code"], pkce, app, redirect_uri=back).json()
    assert there.get("/notes", found["access_token"]).status_code == 200
    assert any(path.startswith("/done?code=") for path in Listener.heard)
    browser.go(ask(app, back, Pkce())).click("button[value=deny]")
    assert heard(browser, back)["error"] == "access_denied"
    assert [said for said in browser.said if "Security Policy" in said] == []


def test_step_up_asks_for_the_second_factor_and_comes_back_with_it(
    there: World, browser: Chromium, app: str, back: str
) -> None:
    totp = there.enrol("ben")
    browser.context.clear_cookies()
    pkce = Pkce()
    browser.go(ask(app, back, pkce, acr_values="urn:ringwall:mfa", scope="openid"))
    sign_in(browser, "ben")
    browser.page.wait_for_selector("#code")
    browser.page.fill("#code", totp.at(time.time() + 30))
    browser.page.click("form button.first")
    browser.page.click("button[value=allow]")
    found = there.redeem(heard(browser, back)["code"], pkce, app, redirect_uri=back).json()
    assert claims(found["id_token"])["acr"] == "urn:ringwall:mfa"
    assert claims(found["access_token"])["acr"] == "urn:ringwall:mfa"


def test_a_person_who_must_sign_in_anew_does(there: World, browser: Chromium, back: str) -> None:
    browser.context.clear_cookies()
    app = there.register(name="Ours", first_party=True, redirect_uris=("http://127.0.0.1/done",))[0]
    browser.go(ask(app, back, Pkce()))
    sign_in(browser, "ana")
    assert heard(browser, back)["code"]
    browser.go(ask(app, back, Pkce(), prompt="login"))
    browser.page.wait_for_selector("#password")
    sign_in(browser, "ana")
    assert heard(browser, back)["code"]


def test_a_device_is_let_in_by_hand(there: World, browser: Chromium) -> None:
    app = there.register(name="A television", grants=frozenset({"device_code"}), redirect_uris=())[0]
    begun = there.post("device_authorization", {"client_id": app, "scope": "notes.read"}).json()
    page = browser.go(f"{OAUTH}/device")
    page.fill("#user_code", begun["user_code"].lower())
    page.click("button")
    page.wait_for_selector("text=Allow A television?")
    page.click("button[value=allow]")
    page.wait_for_selector("text=The device is connected")


def test_no_other_page_frames_the_consent_page(there: World, browser: Chromium, app: str, back: str) -> None:
    browser.go(f"{OAUTH}/device")  # a page of the same origin, whose cookies a frame would have
    browser.page.set_content(f"<iframe src='{there.url}{ask(app, back, Pkce())}'></iframe>")
    browser.page.wait_for_timeout(500)
    frames = [frame for frame in browser.page.frames if frame != browser.page.main_frame]
    assert all("Allow Notes" not in frame.content() for frame in frames)
