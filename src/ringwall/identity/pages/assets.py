"""The style, the icon and the one script of the pages."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from ringwall.core.message import Response
from ringwall.identity.pages.desk import Desk, Visit

_HOUR: Final = (b"cache-control", b"public, max-age=3600")


def _asset(name: str, media_type: bytes) -> Response:
    body = files("ringwall.identity.pages").joinpath(name).read_bytes()
    return Response(200, ((b"content-type", media_type), (b"content-length", b"%d" % len(body)), _HOUR), body)


_STYLE: Final = _asset("pages.css", b"text/css; charset=utf-8")
_SCRIPT: Final = _asset("passkeys.js", b"text/javascript; charset=utf-8")
_ICON: Final = _asset("icon.svg", b"image/svg+xml")


def icon(desk: Desk, visit: Visit) -> Response:
    """`icon.svg`."""
    return _ICON


def style(desk: Desk, visit: Visit) -> Response:
    """`pages.css`."""
    return _STYLE


def script(desk: Desk, visit: Visit) -> Response:
    """`passkeys.js`."""
    return _SCRIPT
