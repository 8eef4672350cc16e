"""The console in a real browser that runs no script: signing in with a code, looking, searching and acting."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
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


@pytest.fixture(scope="module")
def opened(up: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    with chromium(up, tmp_path_factory.mktemp("profile"), java_script_enabled=False) as context:
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
        assert page.get_by_role("navigation", name="Console").get_by_role("link").count() == 4
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
        for path, name in (("", "overview"), (f"alert?id={ALERT}", "alert"), ("principals", "principals")):
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
