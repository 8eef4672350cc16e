"""Who calls, told to an application behind the gateway: `Ringwall-Assertion`, a signed JWT, and plain headers if asked.

An assertion lives for a minute and names the application that it is for. The same caller's is used again for half of
that time, so that a signature is not paid with each request.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from ringwall.core.known import Principal
from ringwall.core.message import JSON, Header, Headers
from ringwall.identity.tokens import Tokens

TYP: Final = "ringwall-assertion+jwt"
HEADER: Final = b"Ringwall-Assertion"
LIFETIME_S: Final = 60
_FRESH_S: Final = 30.0
_MANY: Final = 10_000
_PLAIN: Final = " !#$&'()*+-./:;<=>?@[]^_`{|}~"

Key = tuple[str, str, str, frozenset[str], frozenset[str], str | None, bool]


class Assertions:
    """Makes the identity headers of one application. Called by any thread or loop."""

    def __init__(self, tokens: Tokens, audience: str, *, plain: bool, now: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._audience = audience
        self._plain = plain
        self._now = now
        self._made: dict[Key, tuple[float, Headers]] = {}

    def __call__(self, principal: Principal | None) -> Headers:
        """The headers that say who calls; none for an operation that is open to anyone."""
        if principal is None:
            return ()
        key, now = _key(principal), self._now()
        known = self._made.get(key)
        if known is not None and known[0] > now:
            return known[1]
        self._made.pop(key, None)
        made = self._headers(principal, int(now))
        self._made[key] = (now + _FRESH_S, made)
        if len(self._made) > _MANY:
            self._made.pop(next(iter(self._made)), None)
        return made

    def _headers(self, principal: Principal, now: int) -> Headers:
        claims: dict[str, JSON] = {
            "aud": self._audience,
            "sub": principal.subject,
            "iat": now,
            "exp": now + LIFETIME_S,
            "roles": [*sorted(principal.roles)],
            "scope": " ".join(sorted(principal.scopes)),
            "method": principal.method,
            "mfa": principal.mfa,
        }
        if principal.tenant is not None:
            claims["tenant"] = principal.tenant
        if principal.issuer:
            claims["idp"] = principal.issuer
        assertion: Header = (HEADER, self._tokens.signed(claims, TYP).encode())
        return (assertion, *_plain(principal)) if self._plain else (assertion,)


def _plain(principal: Principal) -> Headers:
    """The same in plain headers; what is not printable ASCII is percent-encoded UTF-8 (RFC 3986, section 2.1)."""
    stated = {
        b"Ringwall-Subject": _text(principal.subject),
        b"Ringwall-Roles": ",".join(_text(role) for role in sorted(principal.roles)),
        b"Ringwall-Scopes": " ".join(_text(scope) for scope in sorted(principal.scopes)),
        b"Ringwall-Tenant": _text(principal.tenant or ""),
        b"Ringwall-Method": principal.method,
    }
    return tuple((name, value.encode()) for name, value in stated.items() if value)


def _text(value: str) -> str:
    return quote(value, safe=_PLAIN, errors="replace")


def _key(who: Principal) -> Key:
    return who.credential, who.subject, who.method + who.issuer, who.roles, who.scopes, who.tenant, who.mfa
