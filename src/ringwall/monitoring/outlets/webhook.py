"""Alerts as webhooks, signed in the manner of Standard Webhooks: HMAC-SHA256 over id, time and body.

The address is the contract's; redirects are not followed. A receiver that knows an id already has to pass it over:
what is not acknowledged comes again under the same one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from hashlib import sha256
from http.client import HTTPException
from pathlib import Path
from typing import IO, Final

from ringwall.monitoring.outlets.delivery import Refused, Send

TIMEOUT_S: Final = 10.0
GONE: Final = 410


def webhook(url: str, secret: str, ca: str | None, now: Callable[[], float] = time.time) -> Send:
    """What posts to a URL. The secret is `whsec_` and base64, or any text. Raises OSError where the CA is none."""
    key = _key(secret)
    handlers: list[urllib.request.BaseHandler] = [_NoRedirect(), urllib.request.ProxyHandler({})]
    if url.startswith("https:"):
        context = ssl.create_default_context(cafile=str(Path(ca)) if ca else None)
        handlers.append(urllib.request.HTTPSHandler(context=context))
    opener = urllib.request.build_opener(*handlers)

    def send(identity: str, body: bytes) -> None:
        at = str(int(now()))
        headers = {
            "content-type": "application/json",
            "user-agent": "ringwall",
            "webhook-id": identity,
            "webhook-timestamp": at,
            "webhook-signature": signature(key, identity, at, body),
        }
        request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - the contract's own URL
        try:
            with opener.open(request, timeout=TIMEOUT_S) as reply:
                reply.read(4096)
        except urllib.error.HTTPError as said:
            said.close()
            if said.code == GONE:
                raise Refused(f"the receiver answered {said.code}") from None
            raise OSError(f"the receiver answered {said.code}") from None
        except HTTPException as broken:
            raise OSError(f"the receiver answered no HTTP ({type(broken).__name__})") from None

    return send


def signature(key: bytes, identity: str, at: str, body: bytes) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over `id.time.body`."""
    signed = hmac.new(key, f"{identity}.{at}.".encode() + body, sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"


def _key(secret: str) -> bytes:
    if secret.startswith("whsec_"):
        try:
            return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error as flaw:
            raise OSError("a webhook's secret is whsec_ and base64, or any text") from flaw
    return secret.encode()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A receiver that points elsewhere has not taken the message."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: object, newurl: str
    ) -> None:
        return None
