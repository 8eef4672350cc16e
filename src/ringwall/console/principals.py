"""Accounts and API keys: who there is, with which roles, and until when."""

from __future__ import annotations

from typing import Final

from ringwall.console.desk import Console, Seat
from ringwall.console.render import page
from ringwall.core.message import Response

_MANY: Final = 500


def show(console: Console, seat: Seat) -> Response:
    """`GET principals`."""
    its, asked = console.desk.identity, (seat.asked("name") or "").casefold()
    accounts = [each for each in its.accounts.list() if asked in each.name.casefold()]
    keys = [each for each in console.runtime.api_keys.list() if asked in each.name.casefold()]
    return page(
        console, seat, "principals.html", here="principals", asked=asked, now=console.now(), most=_MANY,
        accounts=[
            {"account": each, "second": its.factors.has_second(each.subject),
             "sessions": len(its.sessions.list(each.subject))}
            for each in accounts[:_MANY]
        ],
        keys=keys[:_MANY], more=max(len(accounts), len(keys)) > _MANY,
    )  # fmt: skip
