"""The overview as server-sent events (HTML Standard, section 9.2): where the one script runs, it renews itself.

Each reply holds what there is now, says after how long to ask again, and ends. So every renewal is a request that is
authenticated, looked up for its rank and counted as any other, none holds a connection or a thread, and the stream ends
with the session: 204 tells a browser not to ask again (section 9.2.1). Nothing here is needed for a page to be read.
"""

from __future__ import annotations

import re
from typing import Final

from ringwall.console.desk import Console, Seat
from ringwall.console.overview import shown
from ringwall.console.render import HEADERS, rendered
from ringwall.core.message import Response

EVERY_MS: Final = 5000
_LINES: Final = re.compile(r"\r\n|\r|\n")


def show(console: Console, seat: Seat) -> Response:
    """`GET live`: one event, `overview`, whose data is the changing part of the page."""
    part = rendered(console, seat, "overview_part.html", **shown(console))
    body = event("overview", part).encode("utf-8", "replace")
    kind, length = (b"content-type", b"text/event-stream"), (b"content-length", b"%d" % len(body))
    return Response(200, (kind, length, *HEADERS), body)


def ended() -> Response:
    """To whoever may not, or no longer."""
    return Response(204, HEADERS, b"")


def event(name: str, data: str) -> str:
    """One event with its data, whatever line ends are in that, and when to ask again."""
    lines = "".join(f"data: {line}\n" for line in _LINES.split(data))
    return f"retry: {EVERY_MS}\nevent: {name}\n{lines}\n"
