"""What one request's turn and its reply both work on, and the site at which all turns of a server happen."""

from __future__ import annotations

from collections.abc import Callable

from ringwall.adapters.gateway.bounds import Bounds
from ringwall.adapters.gateway.call import Call
from ringwall.adapters.gateway.content import Content
from ringwall.adapters.gateway.pool import Pool
from ringwall.adapters.gateway.request import Route
from ringwall.adapters.gateway.wire import Wire
from ringwall.core.exchange import Exchange
from ringwall.core.known import Principal
from ringwall.core.message import Headers, RawHead
from ringwall.core.plan import Wall

Identify = Callable[[Principal | None], Headers]
"""The headers that tell the application who calls."""


class Site:
    """What all connections of a server share. `closing` once no request is to follow another."""

    __slots__ = ("bounds", "closing", "identify", "pool", "route", "wall")

    def __init__(self, wall: Wall, bounds: Bounds, pool: Pool, route: Route, identify: Identify) -> None:
        self.wall, self.bounds, self.pool, self.route, self.identify = wall, bounds, pool, route, identify
        self.closing = False


class Passage:
    """A request on its way: the caller's side (`wire`, `raw`, `content`), the application's (`call`, what was `kept`
    of its reply), and whether the caller's connection goes on to take another request (`goes_on`)."""

    __slots__ = ("call", "content", "exchange", "goes_on", "kept", "peer", "raw", "site", "wire")

    def __init__(self, site: Site, wire: Wire, peer: str) -> None:
        self.site, self.wire, self.peer = site, wire, peer
        self.exchange = Exchange(site.wall)
        self.raw: RawHead | None = None
        self.content = Content(wire)
        self.call: Call | None = None
        self.kept: list[bytes] = []
        self.goes_on = True
