"""A real headless Chromium over the deployment's own TLS, with an authenticator that CDP makes (WebAuthn domain).

The browser trusts the deployment's certificate by its key (`--ignore-certificate-errors-spki-list`): WebAuthn refuses
pages whose certificate the user had to wave through.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from playwright.sync_api import BrowserContext, CDPSession, Page, sync_playwright

from e2e.e2e_process import Running

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def needs_chromium() -> str:
    """The browser's path; without one the test is skipped, or fails where everything has to be there."""
    if CHROMIUM is None:
        why = "no Chromium here: `make browser` says how to get one"
        if os.environ.get("RINGWALL_REQUIRE_SERVERS"):
            pytest.fail(why)
        pytest.skip(why)
    return CHROMIUM


def key_of(running: Running) -> str:
    """The hash of the certificate's public key, checked against the deployment's authority first."""
    context = ssl.create_default_context(cafile=running.ready["ca"])
    with (
        socket.create_connection(("127.0.0.1", running.port), 10) as bare,
        context.wrap_socket(bare, server_hostname="localhost") as wrapped,
    ):
        der = wrapped.getpeercert(binary_form=True) or b""
    key = x509.load_der_x509_certificate(der).public_key()
    known = hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()
    return base64.b64encode(known).decode()


@dataclass
class Chromium:
    """One page of a browser; what the page complained of is in `said`."""

    context: BrowserContext
    page: Page
    cdp: CDPSession
    url: str
    said: list[str]

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def authenticator(self, *, verifies: bool = True, resident: bool = True) -> str:
        """A new authenticator, and its id."""
        options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": resident,
                   "hasUserVerification": verifies, "isUserVerified": verifies,
                   "automaticPresenceSimulation": True}  # fmt: skip
        made = self.cdp.send("WebAuthn.addVirtualAuthenticator", {"options": options})
        return str(made["authenticatorId"])

    def unplug(self, authenticator: str) -> None:
        self.cdp.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})

    def credentials(self, authenticator: str) -> list[dict[str, Any]]:
        found = self.cdp.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
        return list(found["credentials"])

    def plant(self, authenticator: str, credential: dict[str, Any]) -> None:
        """Put a credential into an authenticator: a thief's copy."""
        self.cdp.send("WebAuthn.addCredential", {"authenticatorId": authenticator, "credential": credential})


@contextmanager
def chromium(running: Running, profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """The browser, closed for sure. Tests open pages in it, each with cookies and authenticators of its own."""
    found = needs_chromium()
    arguments = ["--no-sandbox", f"--ignore-certificate-errors-spki-list={key_of(running)}"]
    with sync_playwright() as playwright:
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=found, headless=True, args=arguments, **options
        )
        context.set_default_timeout(20_000)
        try:
            yield context
        finally:
            context.close()


@contextmanager
def tab(context: BrowserContext, running: Running) -> Iterator[Chromium]:
    """A page of a browser that knows nothing yet."""
    context.clear_cookies()
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    cdp = context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    try:
        yield Chromium(context, page, cdp, running.url, said)
    finally:
        page.close()
