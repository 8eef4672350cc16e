"""Ways to prove who one is that come from elsewhere, as stated: an API's own login, and client certificates. Values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """Where a token stands: `name` is a JSON pointer (RFC 6901) into the body, a header's or a cookie's name."""

    where: Literal["body", "header", "cookie"]
    name: str


@dataclass(frozen=True, slots=True)
class UpstreamLogin:
    """The login of the API itself. Operations are named as the document names them, `POST /login`.

    `token` is where the reply has the token, `carrier` where the API expects it, after `scheme` and a space if there
    is one. `map` is from the API's words to roles; empty, its words are the roles. `lifetime_s` bounds a session,
    `at` is file, line and column.
    """

    login: frozenset[str]
    token: Place
    profile: str | None
    subject: str
    roles: tuple[str, ...]
    tenant: str | None
    map: Mapping[str, str]
    grant: frozenset[str]
    account: str | None
    carrier: Place
    scheme: str
    refresh: frozenset[str]
    refresh_token: str | None
    logout: frozenset[str]
    lifetime_s: float
    at: tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a certificate speaks for."""

    subject: str
    roles: frozenset[str]
    scopes: frozenset[str]
    tenant: str | None


@dataclass(frozen=True, slots=True)
class Certificates:
    """`ca` is a file named from the contract's directory, `header` in lower case; `holders` by a certificate's name."""

    ca: str | None
    header: str | None
    holders: Mapping[str, Holder]
