"""One HTTP exchange over ASGI: content replayed or streamed inwards, the reply gathered or streamed outwards."""

from __future__ import annotations

import asyncio

from ringwall.adapters import current
from ringwall.adapters.asgi_talk import SLOWEST, Application, Message, Receive, Scope, Talk, Withheld, Write
from ringwall.adapters.deadline import Deadline
from ringwall.adapters.drive import recorded, sifted_aside
from ringwall.core import reasons
from ringwall.core.exchange import Forward, ReadBody, Sequel, checkable
from ringwall.core.message import Response
from ringwall.core.plan import Limits, Plan, Wall
from ringwall.core.reasons import Reason
from ringwall.core.sieve import whole_up_to


class HttpTalk(Talk):
    """One request. `content` is what the application is still to hear; None where it is streamed past."""

    __slots__ = ("checks", "chunks", "content", "ended", "head", "heard", "limits", "plan", "sent", "size", "status",
                 "whole")  # fmt: skip

    def __init__(self, app: Application, wall: Wall, scope: Scope, receive: Receive, send: Write) -> None:
        self.limits = Limits()
        self.checks = True
        self.content: bytes | None = b""
        self.heard = False
        self.head: Response | None = None
        self.chunks: list[bytes] = []
        self.size = self.whole = self.sent = self.status = 0
        self.plan: Plan | None = None
        self.ended = False
        super().__init__(app, wall, scope, receive, send)

    def begin(self, forward: Forward) -> None:
        """The application is to hear the content that the guards saw."""
        self.plan, self.limits, self.content = forward.plan, forward.plan.limits, forward.request.body
        self.checks = self.plan.reply == "whole"

    async def read(self, want: ReadBody) -> bytes | Reason:
        """The whole content. Time grows with what arrives, so that only a trickle runs out of it."""
        parts: list[bytes] = []
        loop = asyncio.get_running_loop()
        size, start = 0, loop.time() + want.seconds
        try:
            with Deadline(loop, start) as patience:
                while True:
                    message = await self.receive()
                    if message["type"] != "http.request":
                        return reasons.DISCONNECTED
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    if size > want.limit:
                        return reasons.BODY_SIZE
                    if not message.get("more_body", False):
                        return b"".join(parts)
                    patience.until = start + size / SLOWEST
        except TimeoutError:
            return reasons.BODY_SLOW

    async def hear(self) -> Message:
        """The content once, then what the connection says."""
        if self.content is None:
            return await self.streamed()
        if not self.heard:
            self.heard = True
            return {"type": "http.request", "body": self.content, "more_body": False}
        while True:
            message = await self.receive()
            if message["type"] != "http.request":
                return message

    async def streamed(self) -> Message:
        """The next part of content that is streamed past, as long as its operation's limit holds."""
        if self.spoilt is not None:
            return {"type": "http.disconnect"}
        message = await self.receive()
        if message["type"] == "http.request":
            self.size += len(message.get("body", b""))
            if self.size > self.limits.body:
                self.spoilt = reasons.BODY_SIZE
                return {"type": "http.disconnect"}
            if self.patience is not None and self.head is None:
                self.patience.until = self.deadline + self.size / SLOWEST
        return message

    async def say(self, message: Message) -> None:
        """The application's reply, in parts."""
        kind = message["type"]
        if kind == "http.response.body":
            await self.body(message)
        elif kind == "http.response.start":
            head = self.start(message)
            if not self.checks or not checkable(head):
                await self.settle(head)  # what nobody is to check goes out at once, so that a live stream is live
        elif kind == "http.response.debug":
            await self.send(message)
        else:
            raise RuntimeError(f"the extension of {kind!r} was not offered")

    def start(self, message: Message) -> Response:
        """The head of the application's reply."""
        if self.head is not None:
            raise RuntimeError("the reply was already started")
        headers = tuple([(bytes(name), bytes(value)) for name, value in message.get("headers", ())])
        self.head = Response(message["status"], headers, None)
        self.size = 0
        self.whole = whole_up_to(self.plan, self.head) if self.plan is not None else 0
        return self.head

    async def body(self, message: Message) -> None:
        """A part of the reply: passed on, or kept until the reply is whole or longer than can be checked."""
        if self.head is None:
            raise RuntimeError("the reply was not started")
        if self.passing and self.exchange.sifts:
            await self.sift(message)
            return
        if self.passing:
            await self.send(message)
            return
        self.ended = not message.get("more_body", False)
        if self.over:
            if self.ended:
                return
            raise Withheld("the reply was refused")
        self.chunks.append(message.get("body", b""))
        self.size += len(self.chunks[-1])
        if self.size > self.whole:
            await self.settle(self.head)
        elif self.ended:
            await self.settle(Response(self.head.status, self.head.headers, b"".join(self.chunks)))

    def taken(self) -> bytes:
        """What was kept of the reply."""
        whole, self.chunks = b"".join(self.chunks), []
        return whole

    async def sift(self, message: Message) -> None:
        """A part of a reply that goes on in pages. Where the rest is refused no more is sent: the server cuts it."""
        if self.spoilt is not None:
            raise Withheld("the rest of the reply was refused")
        last = not message.get("more_body", False)
        ports, part = self.wall.ports, message.get("body", b"")
        token = current.exchange.set(None)
        try:
            told = await sifted_aside(self.exchange, ports, part, last=last)
        finally:
            current.exchange.reset(token)
        self.sent += len(told.part)
        if told.reason is not None or last:
            kind: Sequel = "exchange.cut" if told.reason is not None else "exchange.close"
            recorded(ports, self.exchange.sequel(kind, self.status, (0, self.sent), told.reason))
        if told.reason is not None:
            self.spoilt = told.reason
            raise Withheld("the rest of the reply was refused")
        await self.send({"type": "http.response.body", "body": told.part, "more_body": not last})

    async def reply(self, response: Response) -> None:
        """The head, and the content or the beginning of a stream."""
        self.status = response.status
        start = {"type": "http.response.start", "status": response.status, "headers": list(response.headers)}
        await self.send(start)
        if response.body is not None:
            body = b"" if self.scope["method"] == "HEAD" else response.body
            await self.send({"type": "http.response.body", "body": body})
            return
        self.passing = True
        if self.exchange.sifts:
            await self.send({"type": "http.response.body", "body": self.exchange.begun, "more_body": True})
            if self.ended:
                await self.sift({"body": b"", "more_body": False})
            return
        if self.chunks:
            begun, self.chunks = b"".join(self.chunks), []
            await self.send({"type": "http.response.body", "body": begun, "more_body": not self.ended})
