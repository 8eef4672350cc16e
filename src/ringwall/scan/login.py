"""How one signs in, where the document does not tell: described once in a file, or by an OAuth client's grant."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from ringwall.contract.api import JSON, Api
from ringwall.contract.document import parse
from ringwall.scan.model import AGENT, ANONYMOUS, Account, Call, Headers, Reply

_KEYS = ("operation", "body", "form", "token", "header")


class Unusable(Exception):
    """A credential or a description of a sign-in that cannot be used; says which and why, without showing it."""


@dataclass(frozen=True, slots=True)
class Login:
    """A sign-in. `body` has `{username}` and `{password}` where they go; `token` is a JSON pointer (RFC 6901) into the
    reply, empty to look for it; `header` is `NAME: VALUE` with `{token}` in it, empty for what the API takes."""

    method: str
    path: str
    body: JSON
    form: bool = False
    token: str = ""
    header: str = ""

    def call(self, account: Account) -> Call:
        """The request that signs an account in."""
        body = _filled(self.body, {"{username}": account.username or "", "{password}": account.password or ""})
        if self.form and isinstance(body, dict):
            content, media = urlencode({n: str(v) for n, v in body.items()}), "application/x-www-form-urlencoded"
        else:
            content, media = json.dumps(body), "application/json"
        headers = (AGENT, ("Accept", "*/*"), ("Content-Type", media))
        return Call(self.method, self.path, headers, content.encode(), ANONYMOUS)

    def credential(self, reply: Reply) -> Headers:
        """The headers that its reply gives; nothing where the description leaves that to be looked for."""
        token = _at(reply.document, self.token) if self.token and reply.fine else None
        if not isinstance(token, str) or not token:
            return ()
        name, _, value = (self.header or "Authorization: Bearer {token}").partition(":")
        return ((name.strip(), value.strip().replace("{token}", token)),)


def read_login(text: bytes, source: str) -> Login:
    """A description in YAML or JSON. Raises Unusable, Misconfigured."""
    said = parse(text, source).data
    if not isinstance(said, dict) or not set(said) <= set(_KEYS):
        raise Unusable(f"{source}: a sign-in is described by {', '.join(_KEYS)}")
    method, _, path = str(said.get("operation", "")).partition(" ")
    if method not in ("POST", "PUT", "GET") or not path.startswith("/"):
        raise Unusable(f"{source}: `operation` is `POST /path`")
    body = said.get("body", {"username": "{username}", "password": "{password}"})
    token, header = str(said.get("token", "")), str(said.get("header", ""))
    if (token and not token.startswith("/")) or (header and (":" not in header or "{token}" not in header)):
        raise Unusable(f"{source}: `token` is a JSON pointer, `header` is `NAME: VALUE` with {{token}} in it")
    return Login(method, path, body, said.get("form") is True, token, header)


def _filled(value: JSON, words: Mapping[str, str]) -> JSON:
    if isinstance(value, dict):
        return {name: _filled(below, words) for name, below in value.items()}
    if isinstance(value, list):
        return [_filled(below, words) for below in value]
    if isinstance(value, str):
        for mark, word in words.items():
            value = value.replace(mark, word)
    return value


def _at(document: JSON, pointer: str) -> JSON:
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document


def grant_call(url: str, account: Account) -> Call:
    """An OAuth client's own grant (RFC 6749, 4.4), its name and secret by HTTP Basic (2.3.1)."""
    pair = f"{quote(account.username or '', safe='')}:{quote(account.password or '', safe='')}"
    basic = base64.b64encode(pair.encode()).decode()
    headers = (AGENT, ("Accept", "application/json"), ("Authorization", f"Basic {basic}"),
               ("Content-Type", "application/x-www-form-urlencoded"))  # fmt: skip
    return Call("POST", urlsplit(url).path or "/", headers, b"grant_type=client_credentials", ANONYMOUS)


def token_url(api: Api) -> str | None:
    """Where the document says that an OAuth client is given its token."""
    for scheme in api.security.values():
        flows = scheme.get("flows") if isinstance(scheme, dict) else None
        flow = flows.get("clientCredentials") if isinstance(flows, dict) else None
        if isinstance(flow, dict) and isinstance(flow.get("tokenUrl"), str):
            return str(flow["tokenUrl"])
    return None
