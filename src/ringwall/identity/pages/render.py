"""A page as a reply: the template engine escapes every value, and the policy lets nothing run or load but our own."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ringwall.core.message import Header, Response
from ringwall.identity import devices, sessions
from ringwall.identity.pages.desk import HOME, STEP_COOKIE
from ringwall.identity.signin import NeedsSecond, SignedIn

CSP: Final = (
    b"default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self';"
    b" base-uri 'none'; frame-ancestors 'none'"
)
# `no-referrer` would make browsers send `Origin: null` with our own forms (Fetch Standard, section 3.2.4)
_PRIVATE: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", CSP),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"publickey-credentials-get=(self), publickey-credentials-create=(self)"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_DEVICE_S: Final = int(devices.KEPT_S)
_STEP_S: Final = 600


def _source(name: str) -> str:
    return files("ringwall.identity.pages").joinpath(name).read_text("utf-8")


_ENGINE: Final = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_source)
)


def page(status: int, template: str, *headers: Header, **values: object) -> Response:
    """A page. `values` are what its template names; `alert` and `notice` may be left out."""
    given = {"home": HOME, "alert": None, "notice": None, **values}
    body = _ENGINE.get_template(template).render(given).encode()
    shown = ((b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body)))
    return Response(status, (*shown, *_PRIVATE, *headers), body)


def redirect(path: str, *headers: Header) -> Response:
    """To another page of ours, by GET."""
    where = (b"location", path.encode("ascii"))
    return Response(303, (where, (b"content-length", b"0"), *_PRIVATE, *headers), b"")


def go_on(path: str, *headers: Header) -> Response:
    """To where the sign-in was asked for. What may lead to another origin is left by a fresh navigation: browsers hold
    a form's redirects to `form-action` too (CSP Level 3, section 6.4.2)."""
    if path == HOME or path.startswith((f"{HOME}/", f"{HOME}?")):
        return redirect(path, *headers)
    return page(200, "onward.html", *headers, path=path)


def data(status: int, value: object, *headers: Header) -> Response:
    """JSON, for the script of the pages."""
    return raw(status, json.dumps(value).encode(), *headers)


def raw(status: int, body: bytes, *headers: Header) -> Response:
    """JSON that is text already."""
    shown = ((b"content-type", b"application/json"), (b"content-length", b"%d" % len(body)))
    return Response(status, (*shown, (b"cache-control", b"no-store"), *headers), body)


def signed_in(done: SignedIn) -> tuple[Header, ...]:
    """The cookies of a sign-in; the step before it is over."""
    return (
        _set(sessions.COOKIE, done.session, None),
        _set(devices.COOKIE, done.device, _DEVICE_S),
        _set(STEP_COOKIE, "", 0),
    )


def stepping(begun: NeedsSecond) -> Header:
    """The cookie that waits for the second factor."""
    return _set(STEP_COOKIE, begun.ticket, _STEP_S)


def signed_out() -> tuple[Header, ...]:
    """No session any more; the device stays known."""
    return (_set(sessions.COOKIE, "", 0), _set(STEP_COOKIE, "", 0))


def _set(name: str, value: str, seconds: int | None) -> Header:
    """A cookie for this host alone, over TLS, that no script reads (RFC 6265bis, section 4.1.3.2)."""
    age = "" if seconds is None else f"; Max-Age={seconds}"
    return (b"set-cookie", f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}".encode("ascii"))
