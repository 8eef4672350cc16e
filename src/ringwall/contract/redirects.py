"""Redirect URIs: what may be registered (RFC 6749, section 3.1.2; RFC 8252; RFC 9700, section 2.1)."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

LOOPBACK: Final = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::[0-9]{1,5})?(/[^?#]*)?(\?[^#]*)?")
_CHARACTERS: Final = re.compile(
    r"[A-Za-z0-9\-._~:/?\[\]@!$&'()*+,=%]{1,2000}"
)  # a header and a policy take no `;` or space
_HOST: Final = re.compile(r"(?:[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?")
_PRIVATE_USE: Final = re.compile(r"[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)+")
_PORTS: Final = range(1, 65536)


def flaw(uri: str) -> str | None:
    """Why a URI may not be registered, or None.

    https anywhere, http on a loopback address, or a scheme of the application's own that is a reversed domain name
    (RFC 8252, section 7.1). No fragment (RFC 6749, section 3.1.2), no user, no wildcard, no dot segments.
    """
    if not _CHARACTERS.fullmatch(uri):
        return "it holds a character that no redirect URI may, or a fragment"
    try:
        parts = urlsplit(uri)
        known = parts.port is None or parts.port in _PORTS
    except ValueError:
        return "it is no URI"
    if not known:
        return "its port is none"
    if parts.scheme == "https":
        return _flaw_of_web(uri, parts.netloc, parts.path)
    if parts.scheme == "http":
        return (
            None if LOOPBACK.fullmatch(uri) and "@" not in uri else "http is for 127.0.0.1 and [::1] alone: use https"
        )
    if not _PRIVATE_USE.fullmatch(parts.scheme):
        return "its scheme is neither https nor one of an application's own, such as com.example.app"
    return "its scheme needs one slash after the colon" if parts.netloc or not parts.path.startswith("/") else None


def _flaw_of_web(uri: str, netloc: str, path: str) -> str | None:
    if not uri.startswith("https://") or not _HOST.fullmatch(netloc):
        return "its host is missing, a pattern, names a user, or is not in lower case"
    if any(
        segment in (".", "..") or segment.lower() in ("%2e", "%2e%2e", ".%2e", "%2e.") for segment in path.split("/")
    ):
        return "its path holds dot segments"
    return None


def resource_flaw(uri: str) -> str | None:
    """Why a URI may not be registered as a resource (RFC 8707, section 2), or None."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        return "it is no URI"
    absolute = bool(parts.scheme and (parts.netloc or parts.path)) and uri.isascii() and uri.isprintable()
    return (
        None if absolute and " " not in uri and "#" not in uri else "a resource is an absolute URI without a fragment"
    )
