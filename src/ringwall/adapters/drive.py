"""What every adapter does alike for the Exchange: record an event, and end a way whose caller has gone.

No sockets, no framework; the order of things is the Exchange's.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ringwall.core import reasons
from ringwall.core.event import Event
from ringwall.core.exchange import Exchange, Record, Send, Sifted, Want, Way
from ringwall.core.judge import answered, at_hand
from ringwall.core.ports import Ports, Question, Unavailable

log: Final = logging.getLogger("ringwall.application")
journal_log: Final = logging.getLogger("ringwall.journal")

_ASIDE: Final = ThreadPoolExecutor(128, "ringwall-aside")
"""More threads than may wait for a password to be checked: who waits for another answer does not wait behind them."""


async def answered_aside(ports: Ports, question: Question) -> object:
    """The answer to a slow question, on another thread than the event loop's."""
    context = contextvars.copy_context()
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_ASIDE, lambda: context.run(answered, ports, question))


def recorded(ports: Ports, event: Event) -> bool:
    """Whether the journal has the event. A journal that fails has not; the operator's log says why."""
    try:
        ports.record(event)
    except Exception:  # noqa: BLE001 - whatever a journal fails with, it has not recorded
        journal_log.exception("the journal did not take the event of request %s", event.id)
        return False
    return True


def advanced(way: Way, want: Want, ports: Ports) -> Want:
    """The first want from here on that may have to wait: what the ports answer at once is answered, and what is to be
    recorded is recorded. Without a coroutine for each, a request that waits for nothing costs less."""
    while True:
        if isinstance(want, Record):
            want = way.send(recorded(ports, want.event))
        elif isinstance(want, Question):
            answer = at_hand(ports, want) if want.slow else answered(ports, want)
            if answer is None and want.slow:
                return want
            want = way.send(answer)
        else:
            return want


def sifted(exchange: Exchange, ports: Ports, part: bytes, *, last: bool) -> Sifted:
    """What can leave of a reply that goes on in pages, once this part of it is here."""
    way = exchange.sift(part, last=last)
    want = advanced(way, next(way), ports)
    while isinstance(want, Question):
        want = advanced(way, way.send(answered(ports, want)), ports)
    return _out(way, want)


async def sifted_aside(exchange: Exchange, ports: Ports, part: bytes, *, last: bool) -> Sifted:
    """The same, on an event loop."""
    way = exchange.sift(part, last=last)
    want = advanced(way, next(way), ports)
    while isinstance(want, Question):
        want = advanced(way, way.send(await answered_aside(ports, want)), ports)
    return _out(way, want)


def _out(way: Way, want: Want) -> Sifted:
    way.close()
    if not isinstance(want, Sifted):
        raise TypeError(f"a part of a reply wants {type(want).__name__}, which no adapter knows")
    return want


def hang_up(way: Way, want: Want, ports: Ports) -> None:
    """End a way whose caller left or whose task was cancelled: its event is still recorded, nothing is sent."""
    while not isinstance(want, Send):
        if isinstance(want, Record):
            want = way.send(recorded(ports, want.event))
        elif isinstance(want, Question):
            want = way.send(Unavailable("caller left"))
        else:
            want = way.send(reasons.DISCONNECTED)
    way.close()
