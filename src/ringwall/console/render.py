"""A page of the console as a reply: every value is escaped, and nothing runs but the console's own script."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlencode

from jinja2 import Environment, FunctionLoader, StrictUndefined

from ringwall.console.desk import HOME, Console, Seat
from ringwall.core.message import Header, Response
from ringwall.identity.pages.desk import HOME as ACCOUNT

CSP: Final = (
    b"default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; "
    b"base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", CSP),
    # `no-referrer` would make browsers send `Origin: null` with our own forms (Fetch Standard, section 3.2.4)
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_PLACES: Final = (
    ("", "Overview"), ("alerts", "Alerts"), ("journal", "Journal"), ("principals", "Principals and keys"),
    ("tests", "Tests"),
)  # fmt: skip


def _source(name: str) -> str:
    return files("ringwall.console").joinpath("pages", name).read_text("utf-8")


def moment(at: object) -> str:
    """Epoch seconds, or a record's own time, for people."""
    if isinstance(at, (int, float)):
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return str(at or "")[:19].replace("T", " ")


def link(page: str, **query: object) -> str:
    """Where a page of the console is."""
    given = {name: str(value) for name, value in query.items() if value not in (None, "")}
    return f"{HOME}/{page}" + (f"?{urlencode(given)}" if given else "")


_ENGINE: Final = Environment(
    autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, loader=FunctionLoader(_source)
)
_ENGINE.filters["moment"] = moment
_ENGINE.globals["link"] = link


def page(console: Console, seat: Seat | None, template: str, *, status: int = 200, **values: Any) -> Response:
    """A page. `values` are what its template names."""
    body = rendered(console, seat, template, **values).encode("utf-8", "replace")
    shown = ((b"content-type", b"text/html; charset=utf-8"), (b"content-length", b"%d" % len(body)))
    return Response(status, (*shown, *HEADERS), body)


def rendered(console: Console, seat: Seat | None, template: str, **values: object) -> str:
    """A template with what it names, every value escaped."""
    given: Mapping[str, object] = {
        "service": console.contract.api.title, "home": HOME, "account_home": ACCOUNT, "places": _PLACES, "seat": seat,
        "here": "", **values,
    }  # fmt: skip
    return _ENGINE.get_template(template).render(given)


def note(console: Console, seat: Seat | None, status: int, title: str, text: str, *, here: str = "-") -> Response:
    """A page that says one thing."""
    return page(console, seat, "note.html", status=status, title=title, text=text, here=here)


def redirect(where: str, *headers: Header) -> Response:
    """To another page, by GET."""
    location = (b"location", where.encode("ascii"))
    return Response(303, (location, (b"content-length", b"0"), *HEADERS, *headers), b"")


def asset(name: str) -> Response:
    """The one stylesheet, or the one script."""
    body = files("ringwall.console").joinpath("pages", name).read_bytes()
    form = b"text/css" if name.endswith(".css") else b"text/javascript"
    kind, hour = (b"content-type", form + b"; charset=utf-8"), (b"cache-control", b"public, max-age=3600")
    return Response(200, (kind, (b"content-length", b"%d" % len(body)), hour), body)
