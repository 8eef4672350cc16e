"""Between an ASGI scope and the wall: the raw head that the client sent, the scope that the app sees."""

from __future__ import annotations

import ssl
from collections.abc import MutableMapping
from typing import Any, Final
from urllib.parse import quote, unquote

from ringwall.adapters.caller import Caller
from ringwall.core.message import Headers, RawHead

Scope = MutableMapping[str, Any]

_KEPT: Final = frozenset({"http.response.debug", "websocket.http.response", "tls"})
"""The extensions that an application may use: others would carry content past the reply guards."""
_SAFE: Final = "/:@!$&'()*+,;=~-._"
_WITH_CONTENT: Final = ("POST", "PUT", "PATCH")


def raw_head(scope: Scope) -> RawHead:
    """The request's head as the client sent it, as far as the server tells."""
    headers = tuple([(name, value) for name, value in scope["headers"]])
    client = scope.get("client")
    peer = client[0] if client else ""
    version = scope.get("http_version", "1.1")
    if scope["type"] == "websocket":
        secure = scope.get("scheme") == "wss"
        target, shown = _target(scope), _certificate(scope)
        return RawHead(b"GET", target, _upgrading(headers), peer, secure, version, websocket=True, certificate=shown)
    if version[0] in "23":
        headers = _framed(headers, scope["method"])
    method = scope["method"].encode("latin-1", "replace")
    secure, shown = scope.get("scheme") == "https", _certificate(scope)
    return RawHead(method, _target(scope), headers, peer, secure, version, certificate=shown)


def _certificate(scope: Scope) -> bytes | None:
    """The client's certificate as the server tells it (ASGI's TLS extension): in PEM, the client's own first."""
    tls = (scope.get("extensions") or {}).get("tls")
    chain = tls.get("client_cert_chain") if tls else None
    if not chain:
        return None
    try:
        return ssl.PEM_cert_to_DER_cert(next(iter(chain)))
    except ValueError:
        return None


def _target(scope: Scope) -> bytes:
    path, query = _path(scope), scope.get("query_string", b"")
    return path + b"?" + query if query else path


def _path(scope: Scope) -> bytes:
    """The path as asked. The application routes on `path`, so `raw_path` counts only where both say the same."""
    path: str = scope["path"]
    raw: bytes = (scope.get("raw_path") or b"").partition(b"?")[0]
    if not raw or not raw.isascii():
        return quote(path, _SAFE).encode()
    text = raw.decode("ascii")
    decoded = unquote(text) if "%" in text else text
    if decoded == path:
        return raw
    root: str = scope.get("root_path", "")
    if root and root + decoded == path:
        return quote(root, _SAFE).encode() + raw
    return raw if root and decoded == root + path else quote(path, _SAFE).encode()


def _upgrading(headers: Headers) -> Headers:
    """A handshake's headers. Some servers and all of HTTP/2 (RFC 8441) leave the Upgrade field out."""
    if any(name.lower() == b"upgrade" for name, _ in headers):
        return headers
    return (*headers, (b"upgrade", b"websocket"))


def _framed(headers: Headers, method: str) -> Headers:
    """HTTP/2 and 3 frame content without a header: say that there may be some, or it would not be read."""
    if method not in _WITH_CONTENT or any(name.lower() == b"content-length" for name, _ in headers):
        return headers
    return (*headers, (b"transfer-encoding", b"chunked"))


def scope_below(scope: Scope, headers: Headers, caller: Caller) -> Scope:
    """The application's own scope: the caller under `state["ringwall"]`, and the headers that it may see."""
    below = dict(scope)
    below["headers"] = list(headers)
    below["state"] = {**scope.get("state", {}), "ringwall": caller}
    if extensions := scope.get("extensions"):
        below["extensions"] = {name: value for name, value in extensions.items() if name in _KEPT}
    return below
