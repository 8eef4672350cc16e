"""The endpoints of identity beside the OAuth server's, as functions from a request to a reply."""

from __future__ import annotations

import json

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Serve

_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")


def account() -> Serve:
    """`GET /.ringwall/account`: who the caller is to ringwall."""

    def serve(request: Request, known: Known) -> Response:
        who = known.principal
        if who is None:
            return _json(200, {"subject": None})
        return _json(
            200,
            {
                "subject": who.subject,
                "roles": sorted(who.roles),
                "tenant": who.tenant,
                "method": who.method,
                "mfa": who.mfa,
            },
        )

    return serve


def _json(status: int, value: object) -> Response:
    return _reply(status, json.dumps(value).encode(), _NO_STORE)


def _reply(status: int, body: bytes, caching: tuple[bytes, bytes]) -> Response:
    return Response(status, (_JSON, (b"content-length", b"%d" % len(body)), caching), body)
