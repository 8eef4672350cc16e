"""Between a WSGI environ (PEP 3333) and the wall: the raw head, and the environ that the application sees.

WSGI folds header names to `HTTP_X_Y`: whether `-` or `_` was sent can no longer be told. Servers must drop names
with an underscore (gunicorn, waitress, uWSGI and Werkzeug do).
"""

from __future__ import annotations

from typing import IO, Any, Final
from urllib.parse import quote_from_bytes, unquote_to_bytes

from ringwall.adapters.caller import Caller
from ringwall.core.message import Headers, RawHead

Environ = dict[str, Any]

_SAFE: Final = "/:@!$&'()*+,;=~-._"
_BARE: Final = ("CONTENT_TYPE", "CONTENT_LENGTH")
_UNREADABLE: Final = b"\0"


def raw_head(environ: Environ) -> RawHead:
    """The request's head as the client sent it, as far as the server tells."""
    query = _bytes(environ.get("QUERY_STRING", ""))
    path = _path(environ)
    return RawHead(
        _bytes(environ["REQUEST_METHOD"]),
        path + b"?" + query if query else path,
        _headers(environ),
        environ.get("REMOTE_ADDR") or "",
        environ.get("wsgi.url_scheme") == "https",
        environ.get("SERVER_PROTOCOL", "HTTP/1.1").removeprefix("HTTP/"),
    )


def _bytes(text: str) -> bytes:
    """PEP 3333's native strings hold bytes as Latin-1; what holds more is not HTTP and gets refused."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return _UNREADABLE


def _headers(environ: Environ) -> Headers:
    found = [
        (name[5:].replace("_", "-").lower().encode("latin-1", "replace"), _bytes(value))
        for name, value in environ.items()
        if name.startswith("HTTP_") and name not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
    ]
    bare = [(name.replace("_", "-").lower().encode(), _bytes(environ[name])) for name in _BARE if environ.get(name)]
    return (*found, *bare)


def _path(environ: Environ) -> bytes:
    """The path as asked. The application routes on PATH_INFO, so the raw one counts only where both agree."""
    routed = _bytes(environ.get("SCRIPT_NAME", "")) + _bytes(environ.get("PATH_INFO", ""))
    raw = _bytes(environ.get("REQUEST_URI") or environ.get("RAW_URI") or "").partition(b"?")[0]
    if raw and not raw.startswith(b"/"):
        raw = b"/" + raw.partition(b"://")[2].partition(b"/")[2]
    if raw and unquote_to_bytes(raw) == routed:
        return raw
    return quote_from_bytes(routed, _SAFE).encode() or b"/"


def environ_below(environ: Environ, headers: Headers, caller: Caller) -> Environ:
    """The application's own environ: the caller under `ringwall.caller`, and the headers that it may see."""
    below = {name: value for name, value in environ.items() if not name.startswith("HTTP_")}
    for bare in _BARE:
        below.pop(bare, None)
    for name, value in headers:
        key = name.decode("latin-1").upper().replace("-", "_")
        key, text = key if key in _BARE else f"HTTP_{key}", value.decode("latin-1")
        below[key] = f"{below[key]},{text}" if key in below else text
    below["ringwall.caller"] = caller
    return below


def asking(target: bytes) -> Environ:
    """The parts of an environ that say a target's query."""
    text = target.decode("latin-1")
    return {"QUERY_STRING": text.partition("?")[2], "REQUEST_URI": text, "RAW_URI": text}


class Metered:
    """A request's streamed content, at most `limit` bytes; reading beyond fails, and `over` says why."""

    def __init__(self, source: IO[bytes], limit: int) -> None:
        self._source, self._left = source, limit
        self.over = False

    def read(self, size: int | None = -1) -> bytes:
        """As a file reads."""
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        return self._counted(self._source.read(wanted))

    def readline(self, size: int | None = -1) -> bytes:
        """As a file reads a line."""
        wanted = self._left + 1 if size is None or size < 0 else min(size, self._left + 1)
        return self._counted(self._source.readline(wanted))

    def readlines(self, hint: int = -1) -> list[bytes]:
        """As a file reads its lines."""
        return list(self)

    def __iter__(self) -> Metered:
        return self

    def __next__(self) -> bytes:
        if line := self.readline():
            return line
        raise StopIteration

    def _counted(self, part: bytes) -> bytes:
        self._left -= len(part)
        if self._left < 0:
            self.over = True
            raise OSError("the content is longer than the operation takes")
        return part
