"""A deployment with two workers and accounts of every kind, and browsers that are HTTP clients with cookies."""

from __future__ import annotations

import html
import re
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pyotp

from e2e.e2e_process import Running, ringwall, serving
from ringwall.build.identity import accounts_on
from ringwall.state.sqlite import Store

PASSWORD = "seven blue herons wade"
OTHER = "nine red foxes sleeping"
HOME = "/.ringwall/account"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36"

CONTRACT = """
ringwall: 1
api: app
authentication:
  accounts: true
  api_keys: true
  sessions: {concurrent: revoke}
roles:
  nurse: {}
  chief: {includes: [nurse], requires: mfa}
operations:
  "GET /hello": {allow: [nurse]}
  "POST /hello": {allow: [nurse]}
  "GET /vault": {allow: [chief]}
  "GET /open": {allow: anyone}
cors: {origins: ["https://app.example"], credentials: true}
staleness: 1
"""
APP = """
from fastapi import FastAPI, Request

app = FastAPI(title="Ward")


@app.get("/hello")
def hello(request: Request) -> dict[str, str]:
    return {"cookie": request.headers.get("cookie", "")}


@app.post("/hello")
def change() -> dict[str, bool]:
    return {"changed": True}


@app.get("/vault")
def vault() -> dict[str, bool]:
    return {"open": True}


@app.get("/open")
def anyone() -> dict[str, bool]:
    return {"open": True}
"""


@contextmanager
def ward(directory: Path, workers: int = 2) -> Iterator[Running]:
    """The application above behind ringwall, over TLS."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "ward_app.py").write_text(APP)
    (directory / "ringwall.yaml").write_text(CONTRACT)
    with serving(directory, "ward_app:app", "--contract", "ringwall.yaml", "--workers", str(workers)) as running:
        yield running


def users(running: Running, *arguments: str, stdin: str = "") -> str:
    """One `ringwall users` command on the deployment's data."""
    done = ringwall("users", *arguments, "--data", str(running.data), cwd=running.directory, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout


def account(running: Running, name: str, *roles: str, password: str = PASSWORD) -> str:
    """A new account's name, made beside the running workers as `ringwall users add` does."""
    store = Store(running.data / "state.db")
    try:
        accounts_on(store).create(name, password, frozenset(roles), None)
    finally:
        store.close()
    return name


@cache
def _trust(ca: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca)


class Browser:
    """One browser: cookies, the headers that browsers send, and forms as they are shown. Each request comes on a
    connection of its own, so that both workers are met."""

    def __init__(self, running: Running, agent: str = CHROME) -> None:
        self.url = running.url
        self.ids: list[str] = []
        self.client = httpx.Client(
            base_url=running.url, verify=_trust(running.ready["ca"]), timeout=30.0, trust_env=False,
            headers={"user-agent": agent}, limits=httpx.Limits(max_keepalive_connections=0),
            event_hooks={"response": [lambda reply: self.ids.append(reply.headers.get("ringwall-request-id", ""))]},
        )  # fmt: skip

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers={"accept": "text/html", "sec-fetch-site": "none", **headers})

    def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        sent = {"origin": self.url, "sec-fetch-site": "same-origin", **headers}
        return self.client.post(path, data=form, headers={k: v for k, v in sent.items() if v})

    def json(self, path: str, value: Any) -> httpx.Response:
        return self.client.post(path, json=value, headers={"origin": self.url})

    def sign_in(self, name: str, password: str = PASSWORD, then: str = HOME, **more: str) -> httpx.Response:
        return self.post(f"{HOME}/signin", {"name": name, "password": password, "next": then, **more})

    def signed_in(self) -> bool:
        return self.get(HOME).status_code == 200

    def cookie(self, name: str = "__Host-ringwall") -> str | None:
        return self.client.cookies.get(name)

    def enrol(self) -> tuple[pyotp.TOTP, list[str], str]:
        """An authenticator app: the app, the recovery codes, and the code that was used for it."""
        page = self.get(f"{HOME}/totp")
        assert page.status_code == 200, page.headers
        secret = re.search(r"app: <code>([A-Z2-7 ]+)</code>", page.text)
        assert secret
        app = pyotp.TOTP(secret[1].replace(" ", ""))
        code = app.now()
        done = self.post(f"{HOME}/totp", {"ticket": hidden(page, "ticket"), "code": code})
        assert done.status_code == 200, done.text
        return app, re.findall(r"<li><code>([a-z2-7-]+)</code>", done.text), code


def hidden(page: httpx.Response, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def alert(page: httpx.Response) -> str:
    """What a page says went wrong."""
    found = re.search(r'<p class="alert" role="alert">([^<]+)</p>', page.text)
    return html.unescape(found[1]) if found else ""


def next_code(app: pyotp.TOTP, used: str) -> str:
    """A code that was not used: the one after, which half a minute's difference of clocks allows for."""
    now = time.time()
    return next(c for c in (app.at(now), app.at(now + 30)) if c != used)
