"""The JOSE header of a compact JWS (RFC 7515, section 4): read once, strictly, and without trusting a word of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from ringwall.engines.tokens.encoding import Json, decode, parse
from ringwall.engines.tokens.flaws import Flaw, Refused

_EMBEDDED: Final = ("jwk", "jku", "x5u", "x5c")


@dataclass(frozen=True, slots=True)
class Header:
    """What a token says of itself. `alg` is only ever compared with what a key allows."""

    alg: str
    kid: str | None
    typ: str | None
    members: Mapping[str, Json]


@lru_cache(maxsize=256)  # an issuer sends the same header with every token
def read(segment: str) -> Header | Refused:
    """The header in a token's first part, or its flaw."""
    data = decode(segment)
    if data is None:
        return Refused(Flaw.BASE64, "header")
    try:
        members = parse(data)
    except ValueError:
        return Refused(Flaw.JSON, "header")
    return _check(members) if isinstance(members, dict) else Refused(Flaw.JSON, "header")


def _check(members: dict[str, Json]) -> Header | Refused:
    alg, kid, typ = members.get("alg"), members.get("kid"), members.get("typ")
    if not isinstance(alg, str):
        return Refused(Flaw.ALG, "no alg")
    if alg.strip().lower() == "none":
        return Refused(Flaw.ALG_NONE)
    if any(name in members for name in _EMBEDDED):
        return Refused(Flaw.KEY_EMBEDDED)
    if "crit" in members or "b64" in members:  # no extension is understood, RFC 7797 included: all are refused
        return Refused(Flaw.CRIT)
    if not isinstance(kid, str | None) or ("kid" in members and kid is None):
        return Refused(Flaw.MALFORMED, "kid is not a string")
    if not isinstance(typ, str | None) or ("typ" in members and typ is None):
        return Refused(Flaw.TYP, "typ is not a string")
    return Header(alg, kid, typ, MappingProxyType(members))
