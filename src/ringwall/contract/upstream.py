"""The login of an API that has one, as stated and bound to its operations. Values, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringwall.contract.api import JSON, Api
from ringwall.contract.logins import Place, UpstreamLogin
from ringwall.contract.model import At, Role, Rule
from ringwall.contract.reading import Desk, listing, mapping, text
from ringwall.contract.templates import BadTemplate, canonical, parameters

LIFETIME_S = 28_800.0
_WHERE = ("authentication", "upstream")


def upstream_login(
    value: JSON, api: Api, roles: Mapping[str, Role], desk: Desk, *, known: bool
) -> UpstreamLogin | None:
    """The login as stated, None where none is. Each name must stand for something, if there is an API to ask."""
    if not isinstance(value, dict) or not {"login", "token", "subject"} <= value.keys():
        return None
    if known:
        _operations(value, api, desk)
    _roles(value, roles, desk)
    token, carrier, scheme = _carried(value, desk)
    refresh, refreshed = _keys(value.get("refresh")), text(value.get("refresh_token"))
    if refreshed is not None and not refresh:
        desk.report((*_WHERE, "refresh_token"), "`refresh_token` without `refresh`", "the operation that takes it")
    life = value.get("lifetime")
    at = desk.document.at(_WHERE, key=True)
    return UpstreamLogin(
        login=_keys(value.get("login")),
        token=token,
        profile=next(iter(_keys(value.get("profile"))), None),
        subject=text(value.get("subject")) or "",
        roles=_pointers(value.get("roles")),
        tenant=text(value.get("tenant")),
        map={name: role for name, role in mapping(value.get("map")).items() if isinstance(role, str)},
        grant=frozenset(listing(value.get("grant"))),
        account=text(value.get("account")),
        carrier=carrier,
        scheme=scheme,
        refresh=refresh,
        refresh_token=refreshed,
        logout=_keys(value.get("logout")),
        lifetime_s=float(life) if isinstance(life, int | float) else LIFETIME_S,
        at=(at.file, at.line, at.column),
    )


def opened(login: UpstreamLogin | None, key: str) -> Rule | None:
    """The rule of an operation that nothing else names: signing in and out, and exchanging a token, need no role."""
    if login is None or key not in (login.login | login.refresh | login.logout):
        return None
    return Rule(key, ("anyone",), None, None, None, None, False, None, None, At(*login.at))


def _operations(value: Mapping[str, JSON], api: Api, desk: Desk) -> None:
    known = {operation.key for operation in api.operations}
    for name in ("login", "profile", "refresh", "logout"):
        for key in _keys(value.get(name)):
            if key not in known:
                desk.unknown((*_WHERE, name), "operation", key, known)
            elif name == "profile" and parameters(key.split(" ", 1)[1]):
                desk.report((*_WHERE, name), f"{key!r}, which needs a parameter", "a read that tells who asks")


def _roles(value: Mapping[str, JSON], roles: Mapping[str, Role], desk: Desk) -> None:
    for index, role in enumerate(listing(value.get("grant"))):
        if role not in roles:
            desk.unknown((*_WHERE, "grant", index), "role", role, roles)
    for word, mapped in mapping(value.get("map")).items():
        if isinstance(mapped, str) and mapped not in roles:
            desk.unknown((*_WHERE, "map", word), "role", mapped, roles)


def _carried(value: Mapping[str, JSON], desk: Desk) -> tuple[Place, Place, str]:
    """Where the reply has the token, where the API expects it, and after which word."""
    token = _place(text(value.get("token")) or "")
    header, cookie = text(value.get("header")), text(value.get("cookie"))
    if header is not None and cookie is not None:
        desk.report((*_WHERE, "cookie"), "`cookie` beside `header`", "one of them")
    if header is None and cookie is None and token.where == "cookie":
        cookie = token.name
    carrier = Place("cookie", cookie) if cookie is not None else Place("header", (header or "Authorization").lower())
    usual = "Bearer" if carrier.name == "authorization" else ""
    stated = text(value.get("scheme"))
    return token, carrier, usual if stated is None else stated


def _place(stated: str) -> Place:
    where, space, name = stated.partition(" ")
    if space and where == "header":
        return Place("header", name.lower())
    return Place("cookie", name) if space and where == "cookie" else Place("body", stated)


def _keys(value: JSON) -> frozenset[str]:
    stated = [value] if isinstance(value, str) else listing(value)
    return frozenset(_canonical(key) for key in stated)


def _canonical(key: str) -> str:
    method, _, path = key.partition(" ")
    try:
        return f"{method} {canonical(path)}"
    except BadTemplate:
        return key


def _pointers(value: JSON) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(listing(value))


def steps(pointer: str) -> tuple[str, ...]:
    """The member names and indices of a JSON pointer (RFC 6901, section 4); none for the whole document."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])


def values_at(document: JSON, pointer: str) -> Iterator[JSON]:
    """What stands at a JSON pointer: one value or none; several where `*` goes through a list or an object."""
    found: list[JSON] = [document]
    for step in steps(pointer):
        below: list[JSON] = []
        for value in found:
            if isinstance(value, dict):
                below.extend(
                    value.values() if step == "*" and "*" not in value else [value[step]] if step in value else []
                )
            elif isinstance(value, list):
                within = step.isascii() and step.isdigit() and int(step) < len(value)
                below.extend(value if step == "*" else [value[int(step)]] if within else [])
        found = below
    yield from found
