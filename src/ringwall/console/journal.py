"""The journal: a search, and the story of one request."""

from __future__ import annotations

from typing import Final

from ringwall.build.story import story_of
from ringwall.console.desk import Console, Seat
from ringwall.console.render import note, page
from ringwall.core.event import rfc3339
from ringwall.core.message import Response
from ringwall.state.journal_index import Query, milliseconds, moment, search

_MANY: Final = 50
_MOST: Final = 64
FIELDS: Final = ("principal", "object", "operation", "reason", "client", "kind")


def show_search(console: Console, seat: Seat) -> Response:
    """`GET journal`: the latest records that match, latest first, a page at a time."""
    asked = {name: seat.asked(name) for name in (*FIELDS, "since", "until")}
    try:
        since, until = (milliseconds(text) if (text := asked[name]) else None for name in ("since", "until"))
    except (ValueError, OverflowError):
        return note(
            console, seat, 400, "Not a time", "Times are such as 2026-11-28 or 2026-11-28T14:30.", here="journal"
        )
    if any(asked[name] for name in ("principal", "object", "client")):
        console.note("journal.search", seat, "journal")
    who, what, whence = (
        console.persons.spellings(member, asked[member]) for member in ("principal", "object", "client")
    )
    query = Query(
        who, asked["operation"], asked["reason"], None, what, since, until, _MANY + 1, whence, asked["kind"]
    )  # fmt: skip
    found = [console.record(each) for each in reversed(search(console.runtime.directory / "journal", query))]
    last = moment(found[_MANY].get("at")) if len(found) > _MANY else None
    older = {**asked, "until": rfc3339((last + 1) / 1000)} if last is not None else None
    return page(console, seat, "journal.html", here="journal", asked=asked, fields=FIELDS, records=found[:_MANY],
                older=older)  # fmt: skip


def show_request(console: Console, seat: Seat) -> Response:
    """`GET request?id=`: what `ringwall why` tells."""
    wanted = seat.asked("id")
    found = search(console.runtime.directory / "journal", Query(request_id=wanted, limit=_MOST)) if wanted else []
    records = sorted(filter(None, map(console.record, found)), key=lambda record: "." in str(record.get("kind")))
    if not records:
        return note(console, seat, 404, "No such request", "The journal has no record of this id.", here="journal")
    console.note("request.read", seat, f"request:{records[0].get('id')}")
    return page(console, seat, "request.html", here="journal", story=story_of(list(records), None))
