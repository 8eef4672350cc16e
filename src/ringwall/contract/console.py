"""`console:` read: its roles have to be the contract's, and the accounts ringwall's own."""

from __future__ import annotations

from collections.abc import Mapping

from ringwall.contract.api import JSON
from ringwall.contract.model import Role
from ringwall.contract.model_console import RANKS, Console
from ringwall.contract.reading import Desk, listing, mapping


def console(value: JSON, roles: Mapping[str, Role], desk: Desk, *, accounts: bool) -> Console | None:
    """Who may use the console; None where nothing is stated."""
    if value is None:
        return None
    given = mapping(value)
    stated = {rank: frozenset(listing(given.get(rank))) for rank in RANKS}
    for rank, names in stated.items():
        for name in sorted(names - set(roles)):
            desk.unknown(("console", rank), "role", name, roles)
    if not accounts:
        desk.report(("console",), "`console` without accounts", "`accounts: true` in `authentication`")
    if not any(stated.values()):
        desk.report(("console",), "a console that nobody may use", "roles for viewer, responder or admin")
    return Console(stated["viewer"], stated["responder"], stated["admin"])
