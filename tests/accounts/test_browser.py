"""A real browser over `ringwall up`'s own TLS: passkeys made, used and refused; the app's codes; the pages as seen."""

from __future__ import annotations

import json
import re
import secrets
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal
from urllib.parse import urlencode

import pyotp
import pytest
from playwright.sync_api import BrowserContext

from accounts.chromium import Chromium, chromium, needs_chromium, tab
from accounts.people import HOME, PASSWORD, account, ward
from e2e.e2e_process import Running, ringwall

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    needs_chromium()
    with ward(tmp_path_factory.mktemp("browsed")) as running:
        yield running


@pytest.fixture(scope="module")
def opened(up: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium(up, tmp_path_factory.mktemp("profile")) as context:
        yield context


@pytest.fixture
def browser(up: Running, opened: BrowserContext) -> Iterator[Chromium]:
    with tab(opened, up) as page:
        yield page


def new(up: Running) -> str:
    return account(up, f"user-{secrets.token_hex(4)}", "chief")


def sign_in(browser: Chromium, name: str) -> None:
    browser.context.clear_cookies(name="__Host-ringwall")
    page = browser.go(f"{HOME}/signin?again=1")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form button.first")


def add_passkey(browser: Chromium, called: str) -> None:
    browser.page.fill("#passkey-name", called)
    browser.page.click("[data-passkey=add]")
    browser.page.wait_for_selector(f"#passkeys ~ ul strong:text-is('{called}')")


def with_passkey(browser: Chromium) -> None:
    browser.go(f"{HOME}/signin?again=1").click("[data-passkey=alone]")


def signed_in_as(browser: Chromium) -> str:
    browser.page.wait_for_url(f"**{HOME}")
    return browser.page.inner_text("dl dd:first-of-type")


def api(browser: Chromium, path: str) -> int:
    """The status of a request that a page of this origin makes."""
    return int(browser.page.evaluate("(path) => fetch(path).then((reply) => reply.status)", path))


def test_a_passkey_is_made_signs_in_alone_and_opens_what_needs_two_factors(browser: Chromium, up: Running) -> None:
    name = new(up)
    held = browser.authenticator()
    sign_in(browser, name)
    assert signed_in_as(browser) == name
    assert api(browser, "/vault") in (401, 403)
    add_passkey(browser, "my laptop")
    (credential,) = browser.credentials(held)
    assert credential["rpId"] == "localhost"
    assert name not in str(credential["userHandle"])
    assert api(browser, "/vault") == 200
    browser.page.click("text=Sign out here")
    assert api(browser, "/vault") == 401
    with_passkey(browser)
    assert signed_in_as(browser) == name
    assert api(browser, "/vault") == 200
    assert browser.said == [] or all("401" in said or "403" in said for said in browser.said), browser.said


def test_the_cookies_as_the_browser_keeps_them(browser: Chromium, up: Running) -> None:
    sign_in(browser, new(up))
    kept = {c["name"]: c for c in browser.context.cookies()}
    assert set(kept) == {"__Host-ringwall", "__Host-ringwall-device"}
    for cookie in kept.values():
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, True, "Lax", "/")
    assert kept["__Host-ringwall"]["expires"] == -1
    assert browser.page.evaluate("document.cookie") == ""


def test_anothers_passkey_signs_nobody_else_in(browser: Chromium, up: Running) -> None:
    mine, other = new(up), new(up)
    theirs = browser.authenticator()
    sign_in(browser, other)
    add_passkey(browser, "theirs")
    (credential,) = browser.credentials(theirs)
    browser.unplug(theirs)
    held = browser.authenticator()
    sign_in(browser, mine)
    add_passkey(browser, "mine")
    browser.unplug(held)
    sign_in(browser, mine)
    browser.page.wait_for_url("**/second?*")
    stolen = browser.authenticator()
    browser.plant(stolen, credential)
    browser.page.click("[data-passkey=second]")
    browser.page.wait_for_selector("[data-passkey-says]:visible")
    assert api(browser, "/hello") == 401
    with_passkey(browser)
    assert signed_in_as(browser) == other, "it is good for its own account, and that alone"


def test_an_unknown_passkey_is_refused(browser: Chromium, up: Running) -> None:
    name = new(up)
    held = browser.authenticator()
    sign_in(browser, name)
    add_passkey(browser, "to be removed")
    browser.page.click("summary:text('Remove')")
    browser.page.fill("#pk1", PASSWORD)
    browser.page.click("text=Remove this passkey")
    browser.page.wait_for_selector("strong:text-is('to be removed')", state="detached")
    assert len(browser.credentials(held)) == 1
    with_passkey(browser)
    browser.page.wait_for_selector("[data-passkey-says]:visible")
    assert browser.page.inner_text("[data-passkey-says]") == "The passkey was not accepted."


def test_a_copied_authenticator_is_noticed(browser: Chromium, up: Running) -> None:
    name = new(up)
    held = browser.authenticator()
    sign_in(browser, name)
    add_passkey(browser, "the first")
    (before,) = browser.credentials(held)
    for _ in range(2):
        with_passkey(browser)
        assert signed_in_as(browser) == name
    browser.unplug(held)
    copy = browser.authenticator()
    browser.plant(copy, before)
    with_passkey(browser)
    browser.page.wait_for_selector("[data-passkey-says]:visible")
    records = [line["record"] for line in up.journal() if "record" in line]
    assert any(r.get("operation") == "signin.wrong" and r.get("flaw") == "cloned" for r in records)


def test_a_passkey_without_verification_is_a_second_factor_alone(browser: Chromium, up: Running) -> None:
    name = new(up)
    browser.authenticator(verifies=False, resident=False)
    sign_in(browser, name)
    add_passkey(browser, "a security key")
    sign_in(browser, name)
    browser.page.wait_for_url("**/second?*")
    assert api(browser, "/hello") == 401
    browser.page.click("[data-passkey=second]")
    assert signed_in_as(browser) == name
    assert api(browser, "/vault") == 200


def test_an_app_is_set_up_and_signs_in_and_a_recovery_code_too(browser: Chromium, up: Running) -> None:
    name = new(up)
    sign_in(browser, name)
    page = browser.page
    page.click("text=Set up an authenticator app")
    box = page.locator(".qr svg").bounding_box()
    assert box is not None
    assert box["width"] > 150
    app = pyotp.TOTP(page.inner_text("p.hint code").replace(" ", ""))
    used = app.now()
    page.fill("#code", used)
    page.click("text=Set it up")
    codes = page.locator(".codes code").all_inner_texts()
    assert len(codes) == 8
    page.click("text=I have them")
    assert signed_in_as(browser) == name
    sign_in(browser, name)
    page.wait_for_url("**/second?*")
    page.fill("#code", used)
    page.click("text=Go on")
    assert "wrong or was used" in page.inner_text("p.alert[role=alert]:visible")
    page.fill("#code", codes[0])
    page.click("text=Go on")
    assert signed_in_as(browser) == name
    assert "7 left" in page.inner_text("main")
    assert codes[1] not in page.content()


@pytest.fixture
def application() -> Iterator[str]:
    """An application's callback on another origin: an address that answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), SimpleHTTPRequestHandler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/done"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize("more", [("--proof", "secret", "--first-party"), ()], ids=["first party", "third party"])
def test_a_sign_in_that_an_application_asked_for_leads_back_to_it(
    browser: Chromium, up: Running, application: str, more: tuple[str, ...]
) -> None:
    """Through the sign-in form, the consent and a redirect to another origin, which `form-action` is not to cut off."""
    name = new(up)
    made = ringwall("clients", "add", f"app {name}", "--redirect-uri", application, *more, "--data", str(up.data),
                    "--json", cwd=up.directory)  # fmt: skip
    assert made.returncode == 0, made.stderr
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636, appendix B
    asked = {"response_type": "code", "client_id": json.loads(made.stdout)["client_id"], "redirect_uri": application,
             "state": "s1", "code_challenge": challenge, "code_challenge_method": "S256"}  # fmt: skip
    page = browser.go(f"/.ringwall/oauth/authorize?{urlencode(asked)}")
    assert f"{HOME}/signin?" in page.url
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("form button.first")
    if not more:
        page.click("button[value=allow]")
    page.wait_for_url(f"{application}?*")
    assert "code=" in page.url
    assert "state=s1" in page.url


def test_a_page_of_another_origin_changes_nothing(browser: Chromium, up: Running) -> None:
    """A form on another site posts here; the browser says whence, whatever it does with the cookie."""
    name = new(up)
    sign_in(browser, name)
    signed_in_as(browser)
    here = browser.url
    evil = f"""<form id="f" method="post" action="{here}{HOME}/signout/everywhere"></form>"""
    browser.page.route("http://evil.example/", lambda route: route.fulfill(content_type="text/html", body=evil))
    browser.page.goto("http://evil.example/")
    with browser.page.expect_navigation() as gone:
        browser.page.evaluate("document.getElementById('f').submit()")
    assert gone.value is not None
    assert gone.value.status == 403
    browser.go(HOME)
    assert signed_in_as(browser) == name


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1000)])
def test_pages_fit_and_can_be_read(
    browser: Chromium, up: Running, scheme: Literal["light", "dark"], width: int
) -> None:
    """No page is wider than its window; text stands out from its ground (WCAG 2.2, 1.4.3: 4.5 to 1)."""
    browser.page.emulate_media(color_scheme=scheme)
    browser.page.set_viewport_size({"width": width, "height": 800})
    for path in ("/signin?again=1", "/recover"):
        check(browser, path)
    sign_in(browser, new(up))
    signed_in_as(browser)
    for path in ("", "/totp"):
        check(browser, path)


def check(browser: Chromium, path: str) -> None:
    page = browser.go(HOME + path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    unlabelled = (
        "[...document.querySelectorAll('input:not([type=hidden]):not([hidden])')].filter((i) => !i.labels.length)"
    )
    assert page.evaluate(f"{unlabelled}.length") == 0
    assert page.locator("h1").count() == 1
    for what in ("h1", "label, p, dt", "button.first", ".hint"):
        for each in page.locator(what).all()[:1]:
            if each.is_visible():
                assert contrast(*each.evaluate(COLOURS)) >= 4.5, (path, what)


UNLABELLED = """[...document.querySelectorAll("input:not([type=hidden]):not([hidden])")]
  .filter((input) => !input.labels.length).length"""
COLOURS = """(element) => {
  const ink = getComputedStyle(element).color;
  let ground = element;
  while (ground && /, 0\\)|transparent/.test(getComputedStyle(ground).backgroundColor)) ground = ground.parentElement;
  return [ink, getComputedStyle(ground).backgroundColor];
}"""


def contrast(ink: str, ground: str) -> float:
    """WCAG 2.2's contrast ratio of two colours as `rgb(…)`."""
    one, other = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (one + 0.05) / (other + 0.05)


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
