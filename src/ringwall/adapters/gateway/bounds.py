"""What the gateway is told: its limits, and the application behind it. Values only."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ringwall.core.message import Header

MOST_HEAD: Final = 65_536
"""Bytes of a head, request or reply, that are ever kept."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Limits of the gateway itself; those of one operation are its plan's. Times are in seconds.

    `head` for a request head from its first byte, `idle` between requests, `body_rate` the bytes a second that
    a request's content may not fall below for long, `connect` to reach the application, `quiet` the longest
    silence of a streamed reply, `tunnel` that of an event stream or a WebSocket, `write` the longest that a caller
    may take nothing. `connections` are open callers at once, `pooled` idle connections kept to the application.
    """

    head: float = 10.0
    idle: float = 75.0
    body_rate: int = 500
    connect: float = 5.0
    quiet: float = 300.0
    tunnel: float = 3600.0
    write: float = 60.0
    connections: int = 4096
    pooled: int = 64
    pooled_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Upstream:
    """The application: `http://host:port[/base]` or https, whose certificate is always verified.

    `ca` is a PEM file trusted in place of the system's, `client_cert` the PEM files of a certificate and its key.
    `header` is the application's own credential, sent in place of the caller's. Raises ValueError for an address
    that is none.
    """

    url: str
    ca: Path | None = None
    client_cert: tuple[Path, Path] | None = None
    header: Header | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an upstream is http://host:port or https://host:port, with a base path if need be")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError("an upstream's address holds no user, query or fragment")
        if parts.port == 0:
            raise ValueError("an upstream has a port from 1 to 65535")

    @property
    def secure(self) -> bool:
        """Whether it is spoken to over TLS."""
        return urlsplit(self.url).scheme == "https"

    @property
    def host(self) -> str:
        """Its host name or address, without brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        """Its port, the scheme's own where none is named."""
        return urlsplit(self.url).port or (443 if self.secure else 80)

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        return urlsplit(self.url).netloc

    @property
    def base(self) -> str:
        """The path below which it lives: "" or "/base", without a slash at the end."""
        return urlsplit(self.url).path.rstrip("/")

    def context(self) -> ssl.SSLContext | None:
        """What its TLS is verified against; None for plain http."""
        if not self.secure:
            return None
        context = ssl.create_default_context(cafile=self.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
        if self.client_cert is not None:
            context.load_cert_chain(*self.client_cert)
        return context
