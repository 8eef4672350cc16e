"""Scopes and audiences: what a client may ask for, and what an access token then says."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ringwall.core.oauth import Client
from ringwall.identity.oauth.answer import Fault
from ringwall.identity.oauth.server import OPENID, Server

_WORD = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,200}")


def granted(server: Server, client: Client, wanted: tuple[str, ...] | None, *, person: bool) -> tuple[str, ...] | Fault:
    """The scopes that a client gets: those it asks for, each of which it must be registered for; where it asks for
    none, all of the API's that it is. `person`: somebody signs in, so that OpenID Connect's are there too."""
    allowed = client.scopes & server.scopes | (frozenset(OPENID) if person else frozenset())
    if wanted is None:
        return tuple(sorted(client.scopes & server.scopes))
    for word in wanted:
        if not _WORD.fullmatch(word) or word not in allowed:
            return Fault("invalid_scope", "a scope is unknown, or not one that this client may ask for")
    return wanted


def resources(server: Server, client: Client, wanted: Iterable[str]) -> tuple[str, ...] | Fault:
    """The resources that a client asks tokens for (RFC 8707): this API by its address, and those it is registered
    for."""
    found = tuple(wanted)
    for each in found:
        if each not in client.resources and each not in (server.issuer, f"{server.issuer}/"):
            return Fault("invalid_target", "a resource is unknown, or not one that this client may have tokens for")
    return found


def audience(server: Server, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """The audiences of an access token for these resources; this API where none is named."""
    here = (server.issuer, f"{server.issuer}/")
    return tuple(dict.fromkeys(server.tokens.audience if each in here else each for each in wanted)) or (
        server.tokens.audience,
    )


def narrows(client: Client, scopes: tuple[str, ...]) -> bool:
    """Whether the scopes bound what a person's token may: always a third party's, and one of the API's owner where it
    asked for scopes of the API."""
    return not client.first_party or any(scope not in OPENID for scope in scopes)


def narrowed_resources(granted: tuple[str, ...], wanted: tuple[str, ...]) -> tuple[str, ...] | Fault:
    """Those of the granted resources that a token request asks for; all where it names none (RFC 8707, section 2.2)."""
    if not set(wanted) <= set(granted):
        return Fault("invalid_target", "a resource is not among those that were granted")
    return wanted or granted
