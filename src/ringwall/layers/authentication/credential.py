"""The one credential of a request, taken from its headers and not yet believed."""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Literal

from ringwall.core.message import Head
from ringwall.core.verdict import Refuse
from ringwall.engines.crypto.apikeys import PREFIX as KEY_PREFIX
from ringwall.layers.authentication.reasons import AMBIGUOUS

KEY_HEADER = "x-api-key"
SESSION_COOKIE = "__Host-ringwall"
"""What the cookies of ringwall's own begin with; this very name is the session's."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What came, of which kind, in which header. `text` is secret: it is never printed. `scheme` is `dpop` for a token
    that came with that scheme."""

    kind: Literal["key", "token", "basic", "session", "other"]
    text: str
    header: str
    name: str = ""
    scheme: str = ""

    def __repr__(self) -> str:
        return f"Credential({self.kind})"

    def digest(self) -> bytes:
        """What it is remembered by."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogateescape")).digest()


def session_of(head: Head) -> Credential | Refuse | None:
    """The session's cookie, as `credential_of` for a request without another credential. Two of it are none: one
    of them was put there by somebody else."""
    found = {value for name, value in head.cookies if name == SESSION_COOKIE}
    if len(found) > 1:
        return Refuse(AMBIGUOUS)
    return Credential("session", found.pop(), "cookie") if found else None


def credential_of(head: Head, places: tuple[str, ...] = ()) -> Credential | Refuse | None:
    """The credential, None where there is none, or a refusal where it is not clear which would count.

    A key may come as `X-API-Key`, in `Authorization` under any scheme, or in one of `places` (names in lower case),
    where the API's own clients put theirs: what tells it is how it begins. The same key twice is one credential.
    """
    found = _usual(head)
    for place in places:
        text = head.headers.get(place)
        if text is None or not text.startswith(KEY_PREFIX):
            continue  # the application's own, if it has one
        if isinstance(found, Credential) and found.text != text:
            return Refuse(AMBIGUOUS)
        found = found or Credential("key", text, place)
    return found


def _usual(head: Head) -> Credential | Refuse | None:
    authorization, key = head.headers.get("authorization"), head.headers.get(KEY_HEADER)
    if authorization is None:
        return Credential("key", key, KEY_HEADER) if key is not None else None
    scheme, _, rest = authorization.partition(" ")
    text = rest.strip(" ")
    if text.startswith(KEY_PREFIX) or scheme.startswith(KEY_PREFIX):
        found = Credential("key", text if text.startswith(KEY_PREFIX) else authorization, "authorization")
        return found if key is None or key == found.text else Refuse(AMBIGUOUS)
    if key is not None:
        return Refuse(AMBIGUOUS)
    if scheme.lower() == "bearer":
        return Credential("token", text, "authorization")
    if scheme.lower() == "dpop":
        return Credential("token", text, "authorization", scheme="dpop")
    if scheme.lower() == "basic":
        return _basic(text)
    return Credential("other", text, "authorization")


def _basic(text: str) -> Credential:
    """Basic credentials (RFC 7617, section 2): strict base64 of UTF-8, a colon, no control characters. What is none has
    no name, and is nobody's where the scheme is taken at all."""
    try:
        name, colon, password = base64.b64decode(text, validate=True).decode("utf-8").partition(":")
    except (binascii.Error, ValueError):
        return Credential("basic", "", "authorization")
    if not colon or not name.isprintable() or not password.isprintable():
        return Credential("basic", "", "authorization")
    return Credential("basic", password, "authorization", name)
