"""A real browser that is shown replies: did script of ours run in them?

The page is the reply that the scan got, byte for byte and with its headers, at its own URL; nothing is asked of any
other origin. A dialog with the probe's own word is the proof.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from ringwall.scan.model import Call, Reply

if TYPE_CHECKING:
    from playwright.sync_api import Browser as Chromium
    from playwright.sync_api import Dialog, Playwright, Route

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_LOAD_MS, _LATER_MS = 10_000, 300


class Unavailable(Exception):
    """There is no browser, or it does not start; says what to do."""


class Browser:
    """A headless Chromium for as long as the block runs. Raises Unavailable. Belongs to the thread that made it."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._playwright: Playwright | None = None
        self._chromium: Chromium | None = None

    def __enter__(self) -> Self:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise Unavailable("--browser needs Playwright: pip install 'ringwall[browser]'") from None
        self._playwright = sync_playwright().start()
        path = next((found for name in _NAMES if (found := shutil.which(name))), None)
        try:
            self._chromium = self._playwright.chromium.launch(executable_path=path, chromium_sandbox=os.geteuid() != 0)
        except Error as failure:
            self._playwright.stop()
            raise Unavailable(f"--browser: Chromium does not start: {str(failure).splitlines()[0]}") from None
        return self

    def __exit__(self, *_: object) -> None:
        if self._chromium is not None:
            self._chromium.close()
        if self._playwright is not None:
            self._playwright.stop()

    def says(self, call: Call, reply: Reply, word: str) -> bool:
        """Whether the reply, shown as a page, opens a dialog that says `word`."""
        if self._chromium is None:
            return False
        from playwright.sync_api import Error

        said: list[str] = []
        url = self._origin + call.target

        def serve(route: Route) -> None:
            if route.request.url == url and route.request.is_navigation_request():
                kept = {n: v for n, v in reply.headers.items() if n not in ("content-length", "transfer-encoding")}
                route.fulfill(status=reply.status or 200, headers=kept, body=reply.body)
            elif route.request.url.startswith(self._origin + "/") and route.request.method == "GET":
                route.continue_()
            else:
                route.abort()

        def hear(dialog: Dialog) -> None:
            said.append(dialog.message)
            dialog.dismiss()

        page = self._chromium.new_page()
        try:
            page.on("dialog", hear)
            page.route("**/*", serve)
            with suppress(Error):
                page.goto(url, wait_until="load", timeout=_LOAD_MS)
                if word not in said and word.encode() in reply.body:
                    page.wait_for_timeout(_LATER_MS)
        finally:
            page.close()
        return word in said
