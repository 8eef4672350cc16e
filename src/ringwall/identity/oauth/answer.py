"""Replies: JSON, errors as the RFCs name them, redirects, and nothing that a cache may keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from ringwall.core.message import Header, Headers, Response

NO_STORE: Header = (b"cache-control", b"no-store")
_JSON: Header = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a request: `error` is a registered code (RFC 6749, section 5.2, and its extensions), `text`
    helps its developer and holds nothing of the request."""

    error: str
    text: str
    status: int = 400
    headers: Headers = ()

    def reply(self) -> Response:
        """As the token endpoint and its like answer."""
        return json_reply({"error": self.error, "error_description": self.text}, self.status, self.headers)


NO_FORM: Final = Fault("invalid_request", "send one form with each parameter once")


def json_reply(value: Mapping[str, object], status: int = 200, headers: Headers = ()) -> Response:
    """A JSON object that nobody keeps."""
    body = json.dumps(value).encode()
    return Response(status, (_JSON, (b"content-length", b"%d" % len(body)), NO_STORE, *headers), body)


def public_reply(value: Mapping[str, object]) -> Response:
    """A JSON object for anyone, which may be kept for five minutes."""
    body = json.dumps(value).encode()
    keep = (b"cache-control", b"public, max-age=300")
    return Response(200, (_JSON, (b"content-length", b"%d" % len(body)), keep), body)


def empty() -> Response:
    """Done, and nothing to say."""
    return Response(200, (NO_STORE, (b"content-length", b"0")))


def redirect(to: str, parameters: Mapping[str, str | None]) -> Response:
    """On to `to` with these parameters in its query, those of None left out. 303: the browser asks by GET (RFC 9700,
    section 4.12)."""
    given = {name: value for name, value in parameters.items() if value is not None}
    mark = "" if not given else "&" if "?" in to else "?"
    target = f"{to}{mark}{urlencode(given, quote_via=quote)}"
    return Response(303, ((b"location", target.encode("ascii")), (b"content-length", b"0"), NO_STORE))
