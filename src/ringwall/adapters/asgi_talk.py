"""One ASGI exchange, whatever its kind: drives the way, and runs the application while the way waits for it.

The way is driven on from within the application's own `send`, so that a plain request costs no task and no
queue, and background tasks run on after the reply as they would bare. Needs asyncio (uvloop included).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from math import inf
from typing import Any, Final

from ringwall.adapters import current
from ringwall.adapters.asgi_scope import raw_head, scope_below
from ringwall.adapters.caller import caller_of, without_credential
from ringwall.adapters.deadline import Deadline
from ringwall.adapters.drive import advanced, answered_aside, hang_up, log
from ringwall.core import reasons
from ringwall.core.exchange import Exchange, Forward, ReadBody, ReadReply, Send, TooLong, Want
from ringwall.core.message import Request, Response
from ringwall.core.plan import Wall
from ringwall.core.ports import Question
from ringwall.core.reasons import Reason

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Write = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Write], Awaitable[None]]

SLOWEST: Final = 500
"""Bytes a second below which content counts as held back on purpose (mod_reqtimeout's usual MinRate)."""


class Withheld(OSError):
    """Told to an application that goes on sending a reply which was refused: as if the client had left."""


class Talk:
    """One exchange. `over` once the way sent its reply, `passing` where the application's goes on behind it."""

    __slots__ = (
        "app", "deadline", "exchange", "over", "passing", "patience", "receive", "scope", "send", "spoilt", "wall",
        "want", "way",
    )  # fmt: skip

    def __init__(self, app: Application, wall: Wall, scope: Scope, receive: Receive, send: Write) -> None:
        self.app, self.wall, self.scope, self.receive, self.send = app, wall, scope, receive, send
        self.exchange = Exchange(wall)
        self.way = self.exchange.run(raw_head(scope))
        self.over = False
        self.passing = False
        self.spoilt: Reason | None = None
        self.patience: Deadline | None = None
        self.deadline = 0.0
        self.want: Want = next(self.way)

    async def hear(self) -> Message:
        """The application's `receive`."""
        raise NotImplementedError

    async def say(self, message: Message) -> None:
        """The application's `send`."""
        raise NotImplementedError

    async def reply(self, response: Response) -> None:
        """Send the way's last word to the client."""
        raise NotImplementedError

    def taken(self) -> bytes:
        """What was kept of the reply."""
        raise NotImplementedError

    async def read(self, want: ReadBody) -> bytes | Reason:
        """The request's whole content."""
        raise NotImplementedError

    async def run(self) -> None:
        """The whole exchange. Whatever cuts it short, its event is recorded."""
        try:
            await self.proceed()
            if isinstance(self.want, Forward):
                await self.ask(self.want)
                if not self.over:
                    await self.settle(reasons.APPLICATION)
        except BaseException:
            if not self.over:
                self.over = True
                hang_up(self.way, self.want, self.wall.ports)
            raise

    async def proceed(self) -> None:
        """Do what the way wants, until it wants the application or has its reply sent.

        What ringwall itself does meanwhile is no effect of the application's.
        """
        token = current.exchange.set(None)
        try:
            while True:
                self.want = want = advanced(self.way, self.want, self.wall.ports)
                if isinstance(want, Forward):
                    return
                if isinstance(want, Send):
                    self.over = True
                    await self.reply(want.response)
                    return
                self.want = self.way.send(await self.result(want))
        finally:
            current.exchange.reset(token)

    async def result(self, want: Want) -> object:
        """What a want that may have to wait comes to."""
        if isinstance(want, ReadBody):
            return await self.read(want)
        if isinstance(want, ReadReply):
            return TooLong(self.taken)  # a reply within the limit was handed over whole
        if isinstance(want, Question):
            current.loop.set(asyncio.get_running_loop())
            return await answered_aside(self.wall.ports, want)
        raise TypeError(f"the exchange wants {type(want).__name__}, which this adapter does not know")

    async def settle(self, answer: Response | Reason) -> None:
        """Give the application's answer to the way, and send what the way makes of it."""
        if self.patience is not None:
            self.patience.until = inf  # background work has all the time it wants
        self.want = self.way.send(self.spoilt or answer)
        await self.proceed()

    def begin(self, forward: Forward) -> None:
        """Get ready for the application's run."""

    async def ask(self, forward: Forward) -> None:
        """Run the application, within the time that its operation has for an answer; what it raises is its own log's,
        never the caller's."""
        self.begin(forward)
        loop = asyncio.get_running_loop()
        self.deadline = loop.time() + forward.plan.limits.seconds
        scope, token = self.below(forward.request), current.exchange.set(self.exchange)
        try:
            with Deadline(loop, self.deadline) as self.patience:
                await self.app(scope, self.hear, self.say)
        except Withheld:
            return
        except Exception as failure:
            if isinstance(failure, TimeoutError) and self.patience is not None and self.patience.struck:
                self.spoilt = self.spoilt or reasons.UPSTREAM_SLOW
                return
            log.exception("the application failed in request %s", self.exchange.known.request_id)
            if self.passing:
                raise  # the reply has begun: only the server can cut it off
        finally:
            self.patience = None
            current.exchange.reset(token)

    def below(self, request: Request) -> Scope:
        """The application's scope, with the caller in it."""
        caller, asked = caller_of(self.exchange), self.exchange.head
        scope = scope_below(self.scope, without_credential(request.headers, caller), caller)
        if asked is not None and request.head.target is not asked.target:
            scope["query_string"] = request.head.target.partition(b"?")[2]
        return scope
