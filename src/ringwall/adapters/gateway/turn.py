"""One request of a caller's, through an Exchange to the application and back. Does its I/O, and decides nothing."""

from __future__ import annotations

import asyncio

from ringwall.adapters.caller import caller_of, without_credential
from ringwall.adapters.drive import advanced, answered_aside, hang_up
from ringwall.adapters.gateway.call import Call
from ringwall.adapters.gateway.content import Chunked, Malformed
from ringwall.adapters.gateway.fields import may_trail
from ringwall.adapters.gateway.heads import content_of_request
from ringwall.adapters.gateway.passage import Passage, Site
from ringwall.adapters.gateway.reply import Reply
from ringwall.adapters.gateway.request import message_of
from ringwall.adapters.gateway.tunnel import accepts
from ringwall.adapters.gateway.upload import Upload
from ringwall.adapters.gateway.wire import Cut, Slow, Wire
from ringwall.core import reasons
from ringwall.core.exchange import Forward, ReadBody, ReadReply, Send, TooLong, Want, Way
from ringwall.core.message import RawHead, Response
from ringwall.core.ports import Question
from ringwall.core.reasons import Reason


class Turn(Passage):
    """A request and its reply. `goes_on` says afterwards whether the caller's connection can take another one."""

    __slots__ = ("_answer_by", "_loop")

    def __init__(self, site: Site, wire: Wire, peer: str) -> None:
        super().__init__(site, wire, peer)
        self._loop = asyncio.get_running_loop()
        self._answer_by = 0.0

    async def turn_away(self, reason: Reason) -> None:
        """Answer bytes that are no request."""
        await self._drive(self.exchange.turn_away(reason, self.peer))

    async def take(self, raw: RawHead) -> None:
        """Answer a request."""
        self.raw = raw
        self.content = content_of_request(raw, self.wire)
        await self._drive(self.exchange.run(raw))

    async def _drive(self, way: Way) -> None:
        """Do what the way wants. Whatever ends it early, its event is recorded and the application let go."""
        ports = self.site.wall.ports
        want = advanced(way, next(way), ports)
        try:
            while not isinstance(want, Send):
                want = advanced(way, way.send(await self._have(want, way)), ports)
            await Reply(self).send(want.response)
        except BaseException:
            if self.call is not None:
                self.call.abandon()
            raise

    async def _have(self, want: Want, way: Way) -> object:
        try:
            return await self._result(want)
        except BaseException:
            hang_up(way, want, self.site.wall.ports)
            raise

    async def _result(self, want: Want) -> object:
        if isinstance(want, Forward):
            return await self._forward(want)
        if isinstance(want, ReadBody):
            self._invite()
            rate = self.site.bounds.body_rate
            return await Upload(self.content, want.limit, want.seconds, rate, chunked=False).whole()
        if isinstance(want, ReadReply):
            return await self._read_reply(want.limit)
        if isinstance(want, Question):
            return await answered_aside(self.site.wall.ports, want)
        raise TypeError(f"the exchange wants {type(want).__name__}, which no adapter knows")

    def _invite(self) -> None:
        """Tell a caller that waits for it that its content is wanted (RFC 9110, section 10.1.1)."""
        head, raw = self.exchange.head, self.raw
        waits = head is not None and raw is not None and "expect" in head.headers and raw.version == "1.1"
        if waits and not self.content.done and not self.wire.buffer:
            self.wire.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def _forward(self, want: Forward) -> Response | Reason:
        request, limits = want.request, want.plan.limits
        upgrade = request.head.upgrade and want.plan.operation.startswith("WS ")
        upload = None
        if request.body is None:
            chunked = request.head.length is None
            upload = Upload(self.content, limits.body, limits.seconds, self.site.bounds.body_rate, chunked=chunked)
            self._invite()
        caller = caller_of(self.exchange)
        headers = (*without_credential(request.headers, caller), *self.site.identify(caller.principal))
        trailers = may_trail(self.content.trailers) if isinstance(self.content, Chunked) else ()
        message = message_of(
            request.with_headers(headers), self.site.route, self.peer, upgrade=upgrade, trailers=trailers
        )
        self.call = call = Call(self.site.pool)
        self.wire.on_lost = lambda: call.give_up(reasons.DISCONNECTED)
        head = await call.ask(request.head.method, message, upload, limits.seconds)
        if isinstance(head, Reason):
            return head
        self._answer_by = call.wire.until if call.wire else 0.0
        if head.status == 101 and not (upgrade and accepts(request.headers, head.headers)):
            call.abandon()
            return reasons.UPSTREAM_CUT
        return Response(head.status, head.headers, b"" if call.empty else None)

    def _taken(self) -> bytes:
        """What of the reply was read."""
        whole, self.kept = b"".join(self.kept), []
        return whole

    async def _read_reply(self, limit: int) -> bytes | TooLong | Reason:
        call = self.call
        if call is None:
            return b""
        size = 0
        try:
            while part := await call.part(self._answer_by - self._loop.time()):
                self.kept.append(part)
                size += len(part)
                if size > limit:
                    return TooLong(self._taken)
        except Slow:
            call.abandon()
            return call.fault or reasons.UPSTREAM_SLOW
        except (Cut, Malformed):
            call.abandon()
            return call.fault or reasons.UPSTREAM_CUT
        return self._taken()
