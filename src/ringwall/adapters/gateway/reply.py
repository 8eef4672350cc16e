"""The reply on its way out to the caller: whole, streamed, or as a tunnel after 101."""

from __future__ import annotations

from email.utils import formatdate

from ringwall.adapters.drive import recorded, sifted_aside
from ringwall.adapters.gateway.content import Malformed, Sized
from ringwall.adapters.gateway.fields import ADDRESSES, NONE, members, outward, with_length, without_length
from ringwall.adapters.gateway.heads import written_reply
from ringwall.adapters.gateway.passage import Passage
from ringwall.adapters.gateway.tunnel import Tunnel
from ringwall.adapters.gateway.upload import chunk, last_chunk
from ringwall.adapters.gateway.wire import Cut, Slow
from ringwall.core import reasons
from ringwall.core.exchange import Sequel
from ringwall.core.message import Head, Header, Headers, Response
from ringwall.core.reasons import INTERNAL, Layer, Reason
from ringwall.core.refusal import problem
from ringwall.core.verdict import Refuse


class _Withheld(Exception):
    """A part of a reply was refused."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.code)
        self.reason = reason


class Reply:
    """What is sent for one turn."""

    __slots__ = ("_chunked", "_sent", "_status", "_turn")

    def __init__(self, turn: Passage) -> None:
        self._turn = turn
        self._status = 0
        self._chunked = False
        self._sent = 0

    async def send(self, response: Response) -> None:
        """Write the reply; what becomes of it after it has begun is recorded where it ends badly."""
        turn, self._status = self._turn, response.status
        try:
            if response.status == 101 and response.body is None:
                await self._tunnel(response)
            elif response.body is None and turn.call is not None:
                await self._stream(response)
            else:
                self._whole(response, response.body or b"")
        except ValueError:  # a header of the reply would have ended its line: nothing was written yet
            refusal = problem(Refuse(INTERNAL[Layer.TRANSPORT]), turn.exchange.request_id)
            self._status = refusal.status
            self._whole(refusal, refusal.body or b"")
        await self._taken()
        turn.wire.on_lost = None

    def _whole(self, response: Response, body: bytes) -> None:
        """A reply that is all here. What is left of the application's is dropped, of the caller's skipped."""
        turn = self._turn
        if turn.call is not None:
            turn.call.finish()
        self._settle_connection()
        fields = self._fields(response.headers)
        if self._has_content:
            fields = with_length(fields, len(body))
        elif response.status == 204 or response.status < 200:
            fields = without_length(fields)
        turn.wire.write(written_reply(response.status, tuple(fields)) + (body if self._has_content else b""))

    async def _stream(self, response: Response) -> None:
        """A reply whose content comes as the application sends it."""
        turn, call = self._turn, self._turn.call
        if call is None or call.content is None:
            return
        sized = isinstance(call.content, Sized) and not turn.exchange.sifts
        self._chunked = not sized and turn.raw is not None and turn.raw.version == "1.1"
        if not sized and not self._chunked:
            turn.goes_on = False
        self._settle_connection()
        fields = self._fields(response.headers)
        if self._chunked:
            fields.append((b"Transfer-Encoding", b"chunked"))
        kept, turn.kept = b"".join((turn.exchange.begun, *turn.kept)), []
        begun = written_reply(response.status, tuple(fields)) + self._framed(kept)
        await self._pass_on(begun, self._longest_silence(response))

    def _longest_silence(self, response: Response) -> float:
        """Event streams may be silent for long; a caller of one who says no more has left."""
        turn = self._turn
        if not (response.get(b"content-type") or b"").lower().startswith(b"text/event-stream"):
            return turn.site.bounds.quiet
        turn.wire.must_listen()
        return turn.site.bounds.tunnel

    async def _pass_on(self, begun: bytes, quiet: float) -> None:
        """Stream; what is there already leaves together with the head, which waits for nothing more."""
        turn, call = self._turn, self._turn.call
        if call is None or call.content is None or call.wire is None:
            return
        try:
            if not call.wire.buffer:
                turn.wire.write(begun)
                begun = b""
            while part := await call.part(quiet):
                turn.wire.write(begun + self._framed(await self._sifted(part)))
                begun = b""
                await self._taken()
            begun += self._framed(await self._sifted(b"", last=True))
        except _Withheld as withheld:
            self._broke(withheld.reason)
            return
        except (Cut, Slow, Malformed) as failure:
            self._broke(reasons.UPSTREAM_SLOW if isinstance(failure, Slow) else reasons.UPSTREAM_CUT)
            return
        self._ended()
        end = last_chunk(call.content.trailers) if self._chunked else b""
        if begun or end:
            turn.wire.write(begun + end)
        call.finish()

    async def _sifted(self, part: bytes, *, last: bool = False) -> bytes:
        """What of a part may leave."""
        turn = self._turn
        if not turn.exchange.sifts:
            return part
        told = await sifted_aside(turn.exchange, turn.site.wall.ports, part, last=last)
        if told.reason is not None:
            raise _Withheld(told.reason)
        return told.part

    def _ended(self) -> None:
        """Record how a reply ended that was judged on its way."""
        if self._turn.exchange.sifts:
            self._record("exchange.close", (0, self._sent), None)

    def _broke(self, reason: Reason) -> None:
        """End a reply that cannot be completed by a reset; unless it was the caller who left, record it."""
        turn = self._turn
        turn.goes_on = False
        if turn.call is not None:
            turn.call.abandon()
            reason = turn.call.fault or reason
        if not turn.wire.broken and not turn.wire.lost:
            self._record("exchange.cut", (0, self._sent), reason)
            turn.wire.abort()

    async def _taken(self) -> None:
        """Wait until the caller has taken enough; one that takes nothing in time is left."""
        try:
            await self._turn.wire.drained(self._turn.site.bounds.write)
        except Slow:
            self._turn.wire.abort()
            raise Cut from None

    async def _tunnel(self, response: Response) -> None:
        turn, call = self._turn, self._turn.call
        turn.goes_on = False
        if call is None or call.wire is None:
            return
        upgrade = [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
        turn.wire.write(written_reply(101, (*outward(response.headers, call.ended, chunked=False)[0], *upgrade)))
        bounds = turn.site.bounds
        tunnel = Tunnel(turn.wire, call.wire, bounds.tunnel, bounds.write)
        try:
            await tunnel.run()
        finally:
            self._record("exchange.close", (tunnel.sizes[0], tunnel.sizes[1]), None)

    def _framed(self, part: bytes) -> bytes:
        self._sent += len(part)
        return chunk(part) if self._chunked and part else part

    @property
    def _has_content(self) -> bool:
        to_head = self._turn.raw is not None and self._turn.raw.method == b"HEAD"
        return not to_head and self._status not in (204, 304) and self._status >= 200

    def _settle_connection(self) -> None:
        """Whether the caller's connection goes on: not with content unread, nor after a head that was refused."""
        turn, head = self._turn, self._turn.exchange.head
        read = turn.content.done if turn.call is not None and not turn.call.uploaded else _skipped(turn)
        turn.goes_on = bool(
            turn.goes_on and read and not turn.site.closing and head and turn.raw and _reusable(head, turn.raw.version)
        )

    def _fields(self, headers: Headers) -> list[Header]:
        turn, head = self._turn, self._turn.exchange.head
        fields, names = outward(headers, turn.call.ended if turn.call else NONE, chunked=self._chunked)
        if self._chunked and b"content-length" in names:
            fields = without_length(fields)
        if head is not None and not names.isdisjoint(ADDRESSES):
            fields = turn.site.route.public(fields, head)
        if b"date" not in names:
            fields.append((b"Date", formatdate(turn.site.wall.ports.now(), usegmt=True).encode()))
        if not turn.goes_on:
            fields.append((b"Connection", b"close"))
        elif turn.raw is not None and turn.raw.version == "1.0":
            fields.append((b"Connection", b"keep-alive"))
        return fields

    def _record(self, kind: Sequel, sizes: tuple[int, int], reason: Reason | None) -> None:
        exchange = self._turn.exchange
        recorded(self._turn.site.wall.ports, exchange.sequel(kind, self._status, sizes, reason))


def _skipped(turn: Passage) -> bool:
    try:
        return turn.content.skip()
    except Malformed:
        return False


def _reusable(head: Head, version: str) -> bool:
    """Whether the caller means to use its connection again (RFC 9112, section 9.3)."""
    said = head.headers.get("connection")
    named = members(said.encode("latin-1")) if said else NONE
    return b"close" not in named and (version == "1.1" or b"keep-alive" in named)
