"""A caller's connection: its requests one after the other, pipelined ones included, and a polite end."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import Final

from ringwall.adapters.gateway.heads import parse_request, read_request_head
from ringwall.adapters.gateway.passage import Site
from ringwall.adapters.gateway.turn import Turn
from ringwall.adapters.gateway.wire import Cut, Slow, Wire
from ringwall.core import reasons
from ringwall.core.message import RawHead
from ringwall.core.reasons import Reason

_LINGER_BYTES: Final = 8 << 20
_LINGER_SECONDS: Final = 5.0
_LINGER_TLS: Final = 0.5


class Connection:
    """One caller's connection. `busy` while a request is being answered."""

    def __init__(self, site: Site, wire: Wire) -> None:
        self._site, self._wire = site, wire
        self._peer = peer_of(wire.transport.get_extra_info("peername"))
        tls = wire.transport.get_extra_info("ssl_object")
        self._secure = tls is not None
        self._certificate: bytes | None = tls.getpeercert(binary_form=True) if tls is not None else None
        self.busy = False

    async def run(self, refuse: Reason | None = None) -> None:
        """Answer until one side has had enough; or answer once with a refusal."""
        try:
            while await self._one(refuse):
                pass
        except (Cut, Slow):
            pass
        finally:
            self._wire.close()

    async def _one(self, refuse: Reason | None) -> bool:
        self.busy = False
        raw = refuse or await self._next()
        if raw is None:
            return False
        self.busy = True
        turn = Turn(self._site, self._wire, self._peer)
        if isinstance(raw, Reason):
            await turn.turn_away(raw)
        else:
            await turn.take(raw)
        if not turn.goes_on and not (turn.content.done and isinstance(raw, RawHead)):
            await self._linger()
        return turn.goes_on

    async def _next(self) -> RawHead | Reason | None:
        wire, bounds = self._wire, self._site.bounds
        wire.within(bounds.head if wire.buffer else bounds.idle)
        try:
            head = await read_request_head(wire, bounds.head)
        except Slow:
            return reasons.BODY_SLOW if wire.buffer else None
        if isinstance(head, bytes):
            raw = parse_request(head, self._peer, secure=self._secure)
            shown = self._certificate is not None and isinstance(raw, RawHead)
            return replace(raw, certificate=self._certificate) if shown and isinstance(raw, RawHead) else raw
        return head

    async def _linger(self) -> None:
        """Take a bounded amount of what the caller still sends, so that no reset destroys the reply on its way
        (RFC 9112, section 9.6). Over TLS it cannot be told meanwhile that this was all, so the time is short."""
        wire, left = self._wire, _LINGER_BYTES
        wire.say_no_more()
        wire.within(_LINGER_TLS if self._secure else _LINGER_SECONDS)
        try:
            while left > 0:
                left -= len(wire.buffer)
                wire.buffer.clear()
                if not await wire.more():
                    return
        except Slow:
            return


def peer_of(name: object) -> str:
    """The address of a socket's other end as text: IPv4 in IPv6 made plain, "" for a Unix socket."""
    if not isinstance(name, tuple) or not name:
        return ""
    try:
        address = ipaddress.ip_address(str(name[0]).partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(address)
