"""A real `ringwall up` with an authorization server, and what its clients and people do: over the wire alone."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pyotp

from e2e.e2e_process import Running, serving
from ringwall.build.identity import accounts_on, open_identity
from ringwall.core.oauth import Client
from ringwall.core.ports import Account
from ringwall.identity.factors import Factors
from ringwall.identity.oauth.registry import Clients
from ringwall.identity.sessions import COOKIE, Sessions
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.oauth import OAuthStore
from ringwall.state.rootkeys import root_keys
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

OAUTH = "/.ringwall/oauth"
BACK = "https://app.example/callback"
NATIVE = "http://127.0.0.1/done"
PASSWORD = "four words that nobody guesses"

APP = """
from fastapi import FastAPI

app = FastAPI(title="Notes")

@app.get("/notes")
def read(): return {"notes": 1}

@app.post("/notes")
def write(): return {"notes": 2}

@app.get("/jobs")
def jobs(): return {"jobs": 1}

@app.get("/own")
def own(): return {"own": 1}

@app.get("/vault")
def vault(): return {"vault": 1}

@app.get("/fresh")
def fresh(): return {"fresh": 1}

@app.get("/keep")
def keep(): return {"keep": 1}
"""
CONTRACT = """
ringwall: 1
api: app
staleness: 0
authentication:
  accounts: true
  clients:
    portal:
      name: The portal
      first_party: true
      redirect_uris: [https://app.example/callback]
      logout_uris: [https://app.example/bye]
      grants: [authorization_code, refresh_token]
      scopes: [notes.read]
roles:
  reader: {}
  keeper: {requires: mfa}
operations:
  "GET /notes": {allow: [reader, "scope:notes.read"]}
  "POST /notes": {allow: [reader, "scope:notes.write"]}
  "GET /jobs": {allow: ["scope:jobs.run"]}
  "GET /own": {allow: [reader]}
  "GET /vault": {allow: [reader], requires: mfa}
  "GET /fresh": {allow: [reader], requires: {mfa: true, max_age: 60}}
  "GET /keep": {allow: [keeper]}
"""


@dataclass
class Pkce:
    """A verifier and its challenge."""

    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def challenge(self) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode()


@dataclass
class World:
    """A server, its store as an administrator has it, and its people."""

    running: Running
    store: Store
    people: dict[str, Account]

    @property
    def url(self) -> str:
        return self.running.url

    def clients(self) -> Clients:
        return Clients(OAuthStore(self.store), time.time)

    def register(self, **stated: Any) -> tuple[str, str | None]:
        """A client of these properties: its id, and its secret where it has one."""
        plain = {"redirect_uris": (BACK,), "grants": frozenset({"authorization_code", "refresh_token"}),
                 "scopes": frozenset({"notes.read", "notes.write"})}  # fmt: skip
        made, secret = self.clients().add(Client(**{"client_id": "", "name": "An app", **plain, **stated}))
        return made.client_id, secret

    def sign_in(self, name: str = "ana", *amr: str, ago: float = 0.0) -> dict[str, str]:
        """The header that a browser sends once its person has signed in."""
        sessions = Sessions(SessionTable(self.store), lambda: time.time() - ago)
        return {"Cookie": f"{COOKIE}={sessions.open(self.people[name], frozenset(amr or ('pwd',)))}"}

    def client(self, **headers: str) -> httpx.Client:
        return self.running.client(**headers)

    def post(self, path: str, data: Mapping[str, Any], **options: Any) -> httpx.Response:
        with self.client() as client:
            return client.post(f"{OAUTH}/{path}", data=dict(data), **options)

    def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        with self.client() as client:
            return client.get(path, headers={**bearer, **headers})

    def ask(self, browser: Mapping[str, str], pkce: Pkce | None = None, **stated: Any) -> httpx.Response:
        """What the authorization endpoint answers a browser."""
        whole = {"response_type": "code", "redirect_uri": BACK, "code_challenge_method": "S256", "state": "s-1",
                 "code_challenge": (pkce or Pkce()).challenge, **stated}  # fmt: skip
        with self.client() as client:
            return client.get(f"{OAUTH}/authorize", params={k: v for k, v in whole.items() if v is not None},
                              headers=dict(browser))  # fmt: skip

    def follow(self, browser: Mapping[str, str], reply: httpx.Response, decision: str = "allow") -> httpx.Response:
        """On from the authorization endpoint: the consent page, where one is shown, answered."""
        if reply.status_code != 200:
            return reply
        form = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', reply.text))
        action = re.search(r'action="([^"]+)"', reply.text)
        assert action is not None
        data = {name: html.unescape(value) for name, value in form.items()} | {"decision": decision}
        with self.client() as client:
            return client.post(action[1], data=data, headers={**browser, "Origin": self.url})

    def code(self, client_id: str, pkce: Pkce, browser: Mapping[str, str] | None = None, **stated: Any) -> str:
        """A code for somebody who is signed in and allows it."""
        browser = browser or self.sign_in()
        reply = self.follow(browser, self.ask(browser, pkce, client_id=client_id, **stated))
        told = answer(reply)
        assert "code" in told, told
        return told["code"]

    def redeem(self, code: str, pkce: Pkce, client_id: str, **more: str) -> httpx.Response:
        """The token endpoint's answer to a code."""
        data = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK,
                "code_verifier": pkce.verifier, "client_id": client_id, **more}  # fmt: skip
        return self.post("token", data)

    def tokens(self, client_id: str, browser: Mapping[str, str] | None = None, **stated: Any) -> dict[str, Any]:
        """All the way to the tokens of a public client."""
        pkce = Pkce()
        code, back = self.code(client_id, pkce, browser, **stated), stated.get("redirect_uri", BACK)
        reply = self.redeem(code, pkce, client_id, redirect_uri=back)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    def refresh(self, token: str, client_id: str, **more: str) -> httpx.Response:
        return self.post(
            "token", {"grant_type": "refresh_token", "refresh_token": token, "client_id": client_id, **more}
        )

    def factors(self) -> Factors:
        """The second factors, as the server has them."""
        keys = FieldKeys(self.store, root_keys(self.running.data / "keys"))
        return open_identity(self.store, keys).factors

    def enrol(self, name: str) -> pyotp.TOTP:
        """Give somebody an authenticator app; the code of now is used up by that."""
        factors, subject = self.factors(), self.people[name].subject
        sealed = factors.offer_totp(subject)
        app = pyotp.TOTP(factors.offered(subject, sealed) or "")
        assert factors.enrol_totp(subject, sealed, app.now())
        return app

    def told(self, reason: str) -> list[dict[str, Any]]:
        """The events of a reason that the journal has."""
        records = [line["record"] for line in self.running.journal() if "record" in line]
        return [r for r in records if r.get("reason") == reason and r.get("kind") == "identity"]


def answer(reply: httpx.Response) -> dict[str, str]:
    """What a redirect tells the client."""
    assert reply.status_code == 303, (reply.status_code, reply.text)
    return dict(parse_qsl(urlsplit(reply.headers["location"]).query, keep_blank_values=True))


def error(reply: httpx.Response) -> str:
    """The error of a token endpoint's reply, which leaks nothing and is not kept."""
    assert reply.headers["cache-control"] == "no-store"
    found: str = reply.json()["error"]
    return found


def claims(token: str) -> dict[str, Any]:
    """What a JWT says, unverified."""
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


@contextmanager
def world(
    directory: Path, *arguments: str, contract: str = CONTRACT, target: str = "notes:app", more: Mapping[str, str] = {}
) -> Iterator[World]:
    """Two workers in front of a small application, with three accounts."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "notes.py").write_text(APP)
    (directory / "ringwall.yaml").write_text(contract)
    for name, content in more.items():
        (directory / name).write_text(content)
    (directory / "data").mkdir(mode=0o700)
    store = Store(directory / "data" / "state.db")
    accounts = accounts_on(store)
    people = {}
    for name, roles in (("ana", {"reader"}), ("ben", {"reader"}), ("kim", {"reader", "keeper"})):
        made = accounts.create(name, PASSWORD, frozenset(roles), None)
        people[name] = Account(made.subject, made.name, made.roles, made.tenant)
    wanted = (target, "--contract", "ringwall.yaml", "--workers", "2")
    try:
        with serving(directory, *wanted, *arguments) as running:
            yield World(running, store, people)
    finally:
        store.close()
