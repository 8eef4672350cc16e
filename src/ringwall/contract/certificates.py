"""Client certificates as a credential: whose authorities are trusted, and whom each certificate speaks for."""

from __future__ import annotations

from collections.abc import Mapping

from ringwall.contract.api import JSON
from ringwall.contract.logins import Certificates, Holder
from ringwall.contract.model import Role
from ringwall.contract.reading import Desk, listing, mapping, text

_WHERE = ("authentication", "certificates")


def certificates(value: JSON, roles: Mapping[str, Role], proxies: tuple[str, ...], desk: Desk) -> Certificates | None:
    """Client certificates as stated, None where they are not. Each mistake is told."""
    if not isinstance(value, dict):
        return None
    ca, header = text(value.get("ca")), text(value.get("header"))
    if ca is None and header is None:
        desk.report(_WHERE, "certificates from nowhere", "`ca`, or `header` and `trusted_proxies`", key=True)
    if header is not None and not proxies:
        desk.report((*_WHERE, "header"), "a header that nobody may send", "`trusted_proxies`, whose word it is")
    holders = {
        name: _holder(name, mapping(stated), roles, desk) for name, stated in mapping(value.get("subjects")).items()
    }
    return Certificates(ca, header.lower() if header else None, holders)


def _holder(name: str, stated: Mapping[str, JSON], roles: Mapping[str, Role], desk: Desk) -> Holder:
    granted = listing(stated.get("roles"))
    for index, role in enumerate(granted):
        if role not in roles:
            desk.unknown((*_WHERE, "subjects", name, "roles", index), "role", role, roles)
    return Holder(
        text(stated.get("subject")) or f"cert-{name}",
        frozenset(granted),
        frozenset(scope.removeprefix("scope:") for scope in listing(stated.get("scopes"))),
        text(stated.get("tenant")),
    )
