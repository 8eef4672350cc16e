"""What the gateway's tests stand on: an open wall, applications written as raw sockets, and raw callers."""

from __future__ import annotations

import asyncio
import itertools
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ringwall.adapters.gateway import Bounds, Gateway, Server, Upstream
from ringwall.core.admit import Admission, admit
from ringwall.core.event import Event
from ringwall.core.message import Head, RawHead, Response
from ringwall.core.plan import Guards, Limits, Plan, Wall
from ringwall.core.ports import Ports

OPEN = Plan("ANY /", "/", Guards(), Limits(body=64 << 20), body="stream", reply="stream")
WHOLE = replace(OPEN, body="whole", reply="whole")
SOCKET = replace(OPEN, operation="WS /")


@dataclass
class Seen:
    """The events of a wall."""

    events: list[Event] = field(default_factory=list)

    @property
    def reasons(self) -> list[str | None]:
        return [event.reason for event in self.events]

    @property
    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]


def wall_of(
    seen: Seen,
    plan: Plan | Callable[[Head], Plan] = OPEN,
    admission: Admission | None = None,
    dress: Callable[[Head | None, Response], Response] = lambda head, response: response,
) -> Wall:
    ids = itertools.count(1)
    bounds = admission or Admission()

    def admitted(raw: RawHead, request_id: str) -> Any:
        return admit(raw, bounds, request_id)

    return Wall(
        admit=admitted,
        route=lambda head: (plan if isinstance(plan, Plan) else plan(head), {}),
        plans=(OPEN,),
        ports=Ports({}, seen.events.append, time.time, time.perf_counter_ns, lambda: f"r{next(ids)}"),
        dress=dress,
    )


Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Application:
    """An application that is only a socket: what it read, and how many connections it had."""

    port: int = 0
    log: bytearray = field(default_factory=bytearray)
    connections: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class Logged:
    """A reader that writes down what it read."""

    def __init__(self, reader: asyncio.StreamReader, log: bytearray) -> None:
        self._reader, self.log = reader, log

    async def head(self) -> bytes:
        """One head, or b"" at the end."""
        try:
            got = await self._reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            self.log += end.partial
            return b""
        self.log += got
        return got

    async def exactly(self, size: int) -> bytes:
        got = await self._reader.readexactly(size)
        self.log += got
        return got

    async def line(self) -> bytes:
        got = await self._reader.readline()
        self.log += got
        if not got.endswith(b"\n"):
            raise asyncio.IncompleteReadError(got, None)
        return got

    async def some(self, size: int = 65536) -> bytes:
        got = await self._reader.read(size)
        self.log += got
        return got

    async def body(self, head: bytes) -> tuple[bytes, bytes]:
        """The content after a head, and its trailer lines."""
        low = head.lower()
        if b"transfer-encoding: chunked" in low:
            parts = []
            while size := int((await self.line()).split(b";")[0], 16):
                parts.append(await self.exactly(size))
                await self.exactly(2)
            trailers = b""
            while (line := await self.line()) != b"\r\n":
                trailers += line
            return b"".join(parts), trailers
        for line in low.split(b"\r\n"):
            if line.startswith(b"content-length:"):
                return await self.exactly(int(line.partition(b":")[2])), b""
        return b"", b""


Answer = Callable[[bytes, bytes, bytes], bytes | None]
"""Head, content and trailers of a request, to the bytes of the reply (None: close without one)."""


@asynccontextmanager
async def application(handle: Callable[[Logged, asyncio.StreamWriter], Awaitable[None]]) -> AsyncIterator[Application]:
    """An application that treats each connection as `handle` does."""
    app = Application()
    tasks: set[asyncio.Task[Any] | None] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        app.connections += 1
        tasks.add(asyncio.current_task())
        try:
            await handle(Logged(reader, app.log), writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    app.port = server.sockets[0].getsockname()[1]
    try:
        yield app
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.sleep(0)


def answering(answer: Answer) -> Callable[[Logged, asyncio.StreamWriter], Awaitable[None]]:
    """A handler that reads requests whole and answers each."""

    async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
        while head := await reader.head():
            reply = answer(head, *await reader.body(head))
            if reply is None:
                return
            writer.write(reply)
            await writer.drain()

    return handle


def echo(head: bytes, body: bytes, trailers: bytes) -> bytes:
    """A reply that repeats the whole request as its content."""
    content = head + body + trailers
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nX-Case: Kept\r\n\r\n%b" % (len(content), content)


@asynccontextmanager
async def gateway(
    app: Application | Upstream,
    seen: Seen,
    plan: Plan | Callable[[Head], Plan] = OPEN,
    *,
    bounds: Bounds | None = None,
    wall: Wall | None = None,
    **more: Any,
) -> AsyncIterator[Server]:
    """A gateway in front of an application."""
    upstream = Upstream(app.url) if isinstance(app, Application) else app
    served = {key: more.pop(key) for key in ("ssl", "sock") if key in more}
    server = await Gateway(wall or wall_of(seen, plan), upstream, bounds=bounds, **more).serve(**served)
    try:
        yield server
    finally:
        await server.close(grace=0.5)


class Caller:
    """A caller that sends bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        """One reply: status, headers by lower-case name, content."""
        raw = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 5)
        line, *lines = raw.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (x.partition(":") for x in lines if x)}
        status = int(line.split(" ")[1])
        if status < 200 or status in (204, 304) or method == "HEAD":
            return status, headers, b""
        if headers.get("transfer-encoding") == "chunked":
            body, trailers = await Logged(self.reader, bytearray()).body(b"Transfer-Encoding: chunked\r\n")
            return status, headers | {"(trailers)": trailers.decode()}, body
        if "content-length" in headers:
            return status, headers, await self.reader.readexactly(int(headers["content-length"]))
        return status, headers, await self.reader.read()

    async def rest(self, seconds: float = 5) -> bytes:
        """Everything until the other side closes."""
        return await asyncio.wait_for(self.reader.read(), seconds)

    def close(self) -> None:
        self.writer.close()


@asynccontextmanager
async def caller(server: Server, **more: Any) -> AsyncIterator[Caller]:
    """A connection to the gateway."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, **more)
    it = Caller(reader, writer)
    try:
        yield it
    finally:
        it.close()


async def once(server: Server, data: bytes, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a new connection and read one reply."""
    async with caller(server) as it:
        await it.send(data)
        return await it.reply(method)


def reset(writer: asyncio.StreamWriter) -> None:
    """Close a connection by a reset, the way of a process that was killed with data unread."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run an asynchronous test; one that hangs fails."""

    async def bounded() -> None:
        await asyncio.wait_for(main, 30)

    asyncio.run(bounded())
