"""The pages that a person sees here: server-rendered, without a script, under a policy that lets nothing else in."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ringwall.core.message import Response
from ringwall.core.oauth import Asked, Client
from ringwall.identity.oauth.answer import NO_STORE
from ringwall.identity.oauth.redirects import source
from ringwall.identity.oauth.server import BASE, OPENID

_HERE: Final = Path(__file__).parent / "templates"
_TEMPLATES: Final = Environment(
    loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)
_STYLE: Final = (_HERE / "style.css").read_text("utf-8").strip()
_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

_REFERRER: Final = (b"referrer-policy", b"same-origin")
"""Elsewhere nothing is told; to ourselves it has to be, since a form of a page without it comes from the origin `null`
(Fetch Standard, section 3.2)."""


def error(text: str) -> Response:
    """What went wrong, where no client can be told."""
    return _page("message.html", 400, {"title": "This did not work", "text": text})


def done(title: str, text: str) -> Response:
    """That all is done."""
    return _page("message.html", 200, {"title": title, "text": text})


def consent(client: Client, asked: Asked, name: str, request: str, csrf: str) -> Response:
    """Whether an application may have what it asks for."""
    values = {
        "client": client.name,
        "account": name,
        "where": urlsplit(asked.redirect_uri).netloc or asked.redirect_uri.partition(":")[0],
        "wants": wants(asked.scopes),
        "action": f"{BASE}/consent",
        "field": "request",
        "value": request,
        "token": csrf,
    }
    return _page("consent.html", 200, values, (source(asked.redirect_uri),))


def device_entry(flaw: str = "", status: int = 200) -> Response:
    """Where a person types the code that a device shows."""
    return _page("device.html", status, {"action": f"{BASE}/device", "flaw": flaw})


def device_consent(client: Client, scopes: tuple[str, ...], name: str, code: str, csrf: str) -> Response:
    """Whether the device that shows this code may have what it asks for."""
    values = {
        "client": client.name,
        "account": name,
        "where": "",
        "code": code,
        "wants": wants(scopes),
        "action": f"{BASE}/device",
        "field": "user_code",
        "value": code,
        "token": csrf,
    }
    return _page("consent.html", 200, values)


def sign_out(csrf: str, after: Mapping[str, str]) -> Response:
    """Whether to sign out, where nothing proves that the person's own application asks."""
    return _page("signout.html", 200, {"action": f"{BASE}/logout", "token": csrf, "after": after})


def wants(scopes: Iterable[str]) -> list[str]:
    """Scopes as a person reads them."""
    return [OPENID.get(scope, scope) for scope in scopes]


def token(secret: bytes, session: str, what: str) -> str:
    """What a form of ours carries, so that nobody else's is sent in a person's name: bound to session and matter."""
    return base64.urlsafe_b64encode(hmac.digest(secret, f"form\0{session}\0{what}".encode(), "sha256")).decode()


def same_token(given: str | None, wanted: str) -> bool:
    """Whether a form carried it."""
    return given is not None and hmac.compare_digest(given.encode("utf-8", "surrogatepass"), wanted.encode())


def _page(template: str, status: int, values: Mapping[str, object], targets: Iterable[str] = ()) -> Response:
    """A page. `targets` are where its form may in the end lead, beside ourselves (browsers hold redirects to it)."""
    body = _TEMPLATES.get_template(template).render({**values, "style": _STYLE}).encode()
    leads = " ".join(("'self'", *targets))
    policy = (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {leads}"
    )
    headers = (
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"content-security-policy", policy.encode("ascii")),
        _REFERRER,
        NO_STORE,
    )
    return Response(status, headers, body)
