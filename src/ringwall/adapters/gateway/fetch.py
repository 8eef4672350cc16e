"""Answers the question `Fetch` for an application behind the gateway: one GET with no caller's credential.

Blocking: the question is slow, so that adapters ask it in a thread.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable
from typing import Final

from ringwall.adapters.gateway.bounds import Upstream
from ringwall.core.message import Response
from ringwall.core.ports import Fetch, Question, Unavailable

_MOST: Final = 16 << 20


def fetcher(upstream: Upstream, seconds: float = 10.0) -> Callable[[Question], Response]:
    """A port's answer to `Fetch`. It raises Unavailable where the application does not answer in full."""
    context, base = upstream.context(), upstream.base
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    if upstream.header is not None:
        headers[upstream.header[0].decode("latin-1")] = upstream.header[1].decode("latin-1")

    def fetch(question: Question) -> Response:
        if not isinstance(question, Fetch):
            raise Unavailable("not a Fetch")
        connection = (
            http.client.HTTPSConnection(upstream.host, upstream.port, timeout=seconds, context=context)
            if context
            else http.client.HTTPConnection(upstream.host, upstream.port, timeout=seconds)
        )
        try:
            more = {name.decode("latin-1"): value.decode("latin-1") for name, value in question.headers}
            connection.request("GET", base + question.target, headers={**headers, **more})
            got = connection.getresponse()
            body = got.read(_MOST + 1)
            raw = tuple((name.encode("latin-1"), value.encode("latin-1")) for name, value in got.getheaders())
        except (OSError, http.client.HTTPException, ValueError):
            raise Unavailable("the application did not answer") from None
        finally:
            connection.close()
        if len(body) > _MOST:
            raise Unavailable("the application's answer is too long")
        return Response(got.status, raw, body)

    return fetch
