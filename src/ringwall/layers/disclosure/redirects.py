"""A reply that leads where the request said, and that is another site: an open redirect (CWE-601).

What a caller sent as a URL of another host is noted, and known again in the reply's `Location` or `Refresh`. A field
that the document or the contract calls a URL may lead elsewhere: there the contract says where (`hosts`).
"""

from __future__ import annotations

import re

from ringwall.core.known import Known, Text
from ringwall.core.message import Request, Response
from ringwall.core.plan import BodyCheck, ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.disclosure.reasons import REDIRECT

_KEPT = 1000
_IGNORED = re.compile(r"[\t\n\r]")  # by browsers, wherever they stand
_PADDING = "".join(map(chr, range(0x21)))
_WEB = frozenset({"http", "https", "ws", "wss", "ftp"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_AUTHORITY_END = re.compile(r"[/?#]")


class Destinations:
    """The other hosts that requests under way name, by request: a bounded memory, oldest out first."""

    __slots__ = ("_named",)

    def __init__(self) -> None:
        self._named: dict[str, frozenset[str]] = {}

    def note(self, request_id: str, hosts: frozenset[str]) -> None:
        """Keep them until the reply is there."""
        self._named[request_id] = hosts
        while len(self._named) > _KEPT:
            self._named.pop(next(iter(self._named)), None)

    def of(self, request_id: str) -> frozenset[str]:
        """What was kept of a request, once."""
        return self._named.pop(request_id, frozenset())


def departure_guard(destinations: Destinations) -> BodyCheck:
    """Take note of other hosts that free texts of the request lead to."""

    def check(request: Request, known: Known) -> Verdict:
        named = {host for text in (known.input.texts if known.input else ()) if (host := _elsewhere(text))}
        if own := named - {request.head.host.lower()}:
            destinations.note(known.request_id, frozenset(own))
        return PASS

    return check


def redirect_guard(destinations: Destinations) -> ReplyCheck:
    """Withhold a reply that leads to one of them."""

    def check(response: Response, known: Known) -> Verdict:
        named = destinations.of(known.request_id)
        if not named:
            return PASS
        leads = [host_of(_target(name, value)) for name, value in response.headers if name.lower() in _HEADERS]
        return PASS if named.isdisjoint(leads) else Refuse(REDIRECT)

    return check


_HEADERS = frozenset({b"location", b"refresh"})


def _target(name: bytes, value: bytes) -> str:
    """Where a header leads: `Refresh` has seconds before it."""
    text = value.decode("latin-1")
    return text if name.lower() == b"location" else text.partition("=")[2].strip("\"' ")


def _elsewhere(text: Text) -> str:
    """The host that a free text leads to, or none."""
    return host_of(text.value) if text.free and text.format not in ("url", "uri") else ""


def host_of(url: str) -> str:
    """The host and port to which a browser would go, in lower case; empty where it would stay (URL Standard, 4.4: the
    slashes of a web address may be missing, more, or the other way round)."""
    if "/" not in url and "\\" not in url and ":" not in url:
        return ""
    plain = _IGNORED.sub("", url).strip(_PADDING).replace("\\", "/")
    scheme, colon, rest = plain.partition(":")
    if colon and (scheme.lower() in _WEB or (rest.startswith("//") and _SCHEME.fullmatch(scheme))):
        plain = f"//{rest}"
    if not plain.startswith("//"):
        return ""
    return _AUTHORITY_END.split(plain.lstrip("/"), maxsplit=1)[0].rpartition("@")[2].lower()
