"""A refusal as the caller sees it: RFC 9457 problem details, the same from every adapter."""

from __future__ import annotations

import json

from ringwall.core.message import Response
from ringwall.core.verdict import Refuse

PROBLEM = b"application/problem+json"


def problem(refuse: Refuse, request_id: str) -> Response:
    """The reply to a refused request. It repeats nothing of the input but the pointers to mend."""
    reason = refuse.reason
    code = reason.shown or reason.code
    body: dict[str, object] = {
        "type": f"urn:ringwall:{code}",
        "title": reason.title,
        "status": reason.status,
        "detail": reason.caller,
        "reason": code,
        "request_id": request_id,
    }
    if refuse.faults:
        body["errors"] = [{"pointer": f.pointer, "reason": f.reason} for f in refuse.faults]
    content = json.dumps(body).encode()
    headers = (
        (b"content-type", PROBLEM),
        (b"content-length", b"%d" % len(content)),
        (b"cache-control", b"no-store"),
        *refuse.headers,
    )
    return Response(reason.status, headers, content)
