"""One WebSocket over ASGI (RFC 6455): its handshake is the exchange, its messages then pass untouched."""

from __future__ import annotations

from ringwall.adapters.asgi_talk import Message, Talk, Withheld
from ringwall.core import reasons
from ringwall.core.exchange import ReadBody
from ringwall.core.message import Response
from ringwall.core.reasons import Reason


class SocketTalk(Talk):
    """A handshake. `answer` is the application's own message that decided it."""

    __slots__ = ("answer", "chunks", "connect")

    async def run(self) -> None:
        """Takes the server's `websocket.connect` first, since a server answers nothing before it was taken."""
        self.connect: Message | None = await self.receive()
        self.answer: Message | None = None
        self.chunks: list[bytes] = []
        await super().run()

    async def read(self, want: ReadBody) -> bytes | Reason:
        """A handshake has no content; one that announces some is broken."""
        return reasons.DISCONNECTED

    async def hear(self) -> Message:
        """`websocket.connect`, then whatever arrives."""
        if self.connect is not None:
            connect, self.connect = self.connect, None
            return connect
        return await self.receive()

    async def say(self, message: Message) -> None:
        """The application's answer to the handshake; once it is accepted, everything it says."""
        kind = message["type"]
        if self.passing:
            await self.send(message)
        elif self.over:
            raise Withheld("the handshake was refused")
        elif kind == "websocket.http.response.body":
            await self.denial(message)
        else:
            self.answer = message
            if kind == "websocket.accept":
                await self.settle(Response(101, _headers(message), b""))
            elif kind == "websocket.close":
                await self.settle(Response(403, (), b""))
            elif kind != "websocket.http.response.start":
                raise RuntimeError(f"{kind!r} before the handshake was answered")

    async def denial(self, message: Message) -> None:
        """The application's own refusal, gathered until it is whole."""
        if self.answer is None:
            raise RuntimeError("the reply was not started")
        self.chunks.append(message.get("body", b""))
        if not message.get("more_body", False):
            content = b"".join(self.chunks)
            await self.settle(Response(self.answer["status"], _headers(self.answer), content))

    async def reply(self, response: Response) -> None:
        """Accepts as the application did, or refuses: in full where the server can, else by closing (a 403)."""
        if response.status == 101 and self.answer is not None:
            self.passing = True
            await self.send(self.answer)
        elif "websocket.http.response" in (self.scope.get("extensions") or {}):
            headers = list(response.headers)
            await self.send({"type": "websocket.http.response.start", "status": response.status, "headers": headers})
            await self.send({"type": "websocket.http.response.body", "body": response.body or b""})
        else:
            await self.send({"type": "websocket.close", "code": 1008})


def _headers(message: Message) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
