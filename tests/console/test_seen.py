"""The console in a real browser. Without scripts: signing in with a code, looking, searching and acting. With them: the
overview renews itself, and axe finds nothing serious on any page, on a laptop and on a phone, in light and in dark."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from accounts.chromium import chromium, needs_chromium, tab
from accounts.people import PASSWORD
from console.office import ALERT, CONSOLE, Person, office
from e2e.e2e_process import Running

pytestmark = pytest.mark.server
PICTURES = os.environ.get("RINGWALL_PICTURES")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    needs_chromium()
    with office(tmp_path_factory.mktemp("seen")) as running:
        yield running


@pytest.fixture
def opened(up: Running, tmp_path: Path) -> Iterator[BrowserContext]:
    with chromium(up, tmp_path, java_script_enabled=False) as context:
        yield context


def enter(page: Page, person: Person) -> None:
    """Sign in at the page that the console sends to."""
    page.fill("#name", person.name)
    page.fill("#password", PASSWORD)
    page.click("form button.first")
    page.fill("#code", person.fresh())
    page.click("form button.first")
    page.wait_for_url(f"**{CONSOLE}")


def picture(page: Page, name: str) -> None:
    """Kept where somebody wants to look."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def test_a_responder_sees_searches_and_acts(up: Running, opened: BrowserContext) -> None:
    rita = Person(up, "rita")
    with tab(opened, up) as browser:
        page = browser.go(CONSOLE)
        enter(page, rita)
        assert page.get_by_role("heading", name="Overview").is_visible()
        assert page.locator("figure svg rect.refused").count() >= 5
        assert page.get_by_role("navigation", name="Console").get_by_role("link").count() == 5
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            picture(page, f"overview-{scheme}")
        page.get_by_role("link", name="Journal").click()
        page.get_by_label("Reason").fill("validation.schema")
        page.get_by_label("Kind").fill("exchange")
        page.get_by_role("button", name="Search").click()
        assert page.locator("tbody tr").count() == 50
        picture(page, "journal-dark")
        page.goto(f"{up.url}{CONSOLE}alert?id={ALERT}")
        page.get_by_label("What to do").select_option("block address")
        page.get_by_role("button", name="Do it").click()
        assert page.get_by_role("status").inner_text().startswith("Done.")
        picture(page, "alert-dark")
        page.get_by_role("button", name="Undo").click()
        assert page.get_by_role("status").inner_text().startswith("Undone.")
        page.set_viewport_size({"width": 390, "height": 844})
        page.emulate_media(color_scheme="light")
        phone = (("", "overview"), (f"alert?id={ALERT}", "alert"), ("principals", "principals"), ("tests", "tests"))
        for path, name in phone:
            page.goto(up.url + CONSOLE + path)
            picture(page, f"{name}-phone")
            box = page.locator("main").bounding_box()
            assert box is not None
            assert box["width"] <= 390
        page.goto(up.url + CONSOLE)
        page.keyboard.press("Tab")
        assert page.locator(":focus").inner_text() == "To the content"
        refused = [line for line in browser.said if "Content Security Policy" in line]
        assert refused == []


def test_a_viewer_has_no_buttons(up: Running, opened: BrowserContext) -> None:
    vera = Person(up, "vera")
    with tab(opened, up) as browser:
        enter(browser.go(CONSOLE), vera)
        page = browser.go(f"{CONSOLE}alert?id={ALERT}")
        assert page.locator("main button").count() == 0
        assert page.locator("h1").inner_text() == "Probing"


@pytest.fixture
def scripted(up: Running, tmp_path: Path) -> Iterator[BrowserContext]:
    with chromium(up, tmp_path) as context:
        yield context


def test_the_overview_renews_itself_and_nothing_serious_is_wrong_for_anybody(
    up: Running, scripted: BrowserContext
) -> None:
    ada = Person(up, "ada")
    with tab(scripted, up) as browser:
        page = browser.go(CONSOLE)
        enter(page, ada)
        page.wait_for_function("document.getElementById('live-word').textContent.startsWith('Live')", timeout=30_000)
        before = page.locator("dl.figures dd").first.inner_text()
        for _ in range(3):
            up_client(up)
        page.wait_for_function(
            "before => document.querySelector('dl.figures dd').textContent !== before", arg=before, timeout=30_000
        )
        serious = {}
        for width, height, scheme in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
            for path in EVERY:
                page.goto(up.url + CONSOLE + path)
                found = Axe().run(page).response["violations"]
                bad = [f"{v['id']}: {v['nodes'][0]['html'][:200]}" for v in found if v["impact"] in SERIOUS]
                serious.update({f"{path or 'overview'} {scheme} {width}": bad} if bad else {})
                wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
                assert wide, f"{path} is wider than the screen"
                picture(page, f"{path.partition('?')[0] or 'overview'}-{scheme}-{width}")
        assert serious == {}
        assert [line for line in browser.said if "Content Security Policy" in line] == []


SERIOUS = frozenset({"serious", "critical"})
SCREENS = ((1366, 800, "light"), (390, 844, "dark"))
EVERY = ("", "tests", "alerts", f"alert?id={ALERT}", "journal", "principals", f"request?id={1:024x}")


def up_client(up: Running) -> None:
    """A request that is refused, for the counts."""
    with up.client() as client:
        assert client.get("/hello").status_code == 401
