"""uvicorn on a socket: what is no request, or two, is refused with its reason and an event; its twin is served."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from adapters.gateway.rig import WHOLE, Bounds, Seen, wall_of
from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.uvicorn_http import strict_http

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
END = b"Connection: close\r\n\r\n"

REFUSED = {
    "bare LF after the request line": (b"GET /a HTTP/1.1\nHost: h\r\n\r\n", "transport.line"),
    "bare LF after a field": (GET + b"A: b\nC: d\r\n\r\n", "transport.line"),
    "bare CR in a value": (GET + b"A: b\rC: d\r\n\r\n", "transport.line"),
    "NUL in a value": (GET + b"A: b\0c\r\n\r\n", "transport.header"),
    "obs-fold": (GET + b"A: b\r\n c\r\n\r\n", "transport.fold"),
    "space before the first field": (b"GET /a HTTP/1.1\r\n Host: h\r\n\r\n", "transport.fold"),
    "space before the colon": (POST + b"Content-Length : 5\r\n\r\nhello", "transport.header"),
    "no colon": (GET + b"Nonsense\r\n\r\n", "transport.header"),
    "HTTP/0.9": (b"GET /a\r\n\r\n", "transport.version"),
    "HTTP/1.2": (b"GET /a HTTP/1.2\r\nHost: h\r\n\r\n", "transport.version"),
    "HTTP/2.0 in the line": (b"POST /a HTTP/2.0\r\nHost: h\r\n\r\n", "transport.version"),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "transport.version"),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "transport.syntax"),
    "an SSH banner": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "transport.syntax"),
    "absolute form": (b"GET http://other/a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "asterisk form": (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "a fragment": (b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "a byte above ASCII": (b"GET /\x80 HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "length and chunks": (CHUNKED[:-2] + b"Content-Length: 3\r\n\r\n0\r\n\r\n", "transport.framing"),
    "two lengths": (POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\n", "transport.framing"),
    "a signed length": (POST + b"Content-Length: +0\r\n\r\n", "transport.framing"),
    "an unknown coding": (POST + b"Transfer-Encoding: xchunked\r\n\r\n", "transport.framing"),
    "two codings": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transport.framing"),
    "a signed chunk size": (CHUNKED + b"+0x1\r\nx\r\n0\r\n\r\n", "transport.chunk"),
    "a bare LF in a chunk": (CHUNKED + b"1\nx\r\n0\r\n\r\n", "transport.chunk"),
    "two hosts": (GET + b"Host: b\r\n\r\n", "transport.host"),
    "a head without end": (GET + b"A: " + b"a" * 70_000, "transport.header.size"),
    "a target without end": (b"GET /" + b"a" * 70_000, "transport.header.size"),
    "chunks that are padding": (CHUNKED + b"1;" + b"a" * 300_000, "transport.chunk"),
    "a trailer without end": (CHUNKED + b"0\r\nX: " + b"a" * 300_000, "transport.chunk"),
}  # fmt: skip


class Application:
    """Answers with the content; remembers the headers it saw."""

    def __init__(self) -> None:
        self.headers: list[tuple[bytes, bytes]] = []
        self.asked = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.asked += 1
        self.headers = scope["headers"]
        body = (await receive()).get("body", b"")
        await asyncio.sleep(0.05 if scope["path"] == "/slow" else 0)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served(seen: Seen, app: Application, bounds: Bounds | None = None) -> AsyncIterator[int]:
    wall = AsgiWall(app, wall_of(seen, WHOLE))
    config = uvicorn.Config(
        wall, http=strict_http(wall.wall, bounds), lifespan="off", log_config=None, timeout_keep_alive=0.1
    )
    config.load()
    state = ServerState()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: config.http_protocol_class(config=config, server_state=state, app_state={}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        await asyncio.gather(*state.tasks, return_exceptions=True)
        await asyncio.sleep(0)


async def said(port: int, sent: bytes) -> bytes:
    """All that comes back until the other side has no more to say."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(sent)
    try:
        return await asyncio.wait_for(reader.read(), 10)
    finally:
        writer.close()


def exchange(sent: bytes, bounds: Bounds | None = None) -> tuple[bytes, Seen, Application]:
    async def run() -> tuple[bytes, Seen, Application]:
        seen, app = Seen(), Application()
        async with served(seen, app, bounds) as port:
            return await said(port, sent), seen, app

    return asyncio.run(run())


@pytest.mark.parametrize(("sent", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_request_is_refused_with_a_reason_and_an_event(sent: bytes, reason: str) -> None:
    replied, seen, app = exchange(sent + (END if sent.endswith(b"\r\n\r\n") and b"HTTP/1.1" not in sent else b""))
    head, _, body = replied.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert problem["reason"] == reason
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower() or reason in ("transport.host", "transport.framing")
    assert seen.reasons[0] == reason
    assert app.asked == 0


HONEST = {
    "a plain request": GET + END,
    "HTTP/1.0": b"GET /a HTTP/1.0\r\nHost: h\r\n\r\n",
    "an empty line before it": b"\r\n" + GET + END,
    "content of a stated length": POST + b"Content-Length: 3\r\n" + END + b"abc",
    "content in chunks": POST + b"Transfer-Encoding: chunked\r\n" + END + b"1;a=b\r\na\r\n2\r\nbc\r\n0\r\n\r\n",
    "chunks of a byte": POST + b"Transfer-Encoding: chunked\r\n" + END + b"1\r\na\r\n" * 20_000 + b"0\r\n\r\n",
    "a long header": GET + b"A: " + b"a" * 7_000 + b"\r\n" + END,
}


@pytest.mark.parametrize("sent", HONEST.values(), ids=HONEST)
def test_its_honest_twin_is_served(sent: bytes) -> None:
    replied, seen, app = exchange(sent)
    assert replied.startswith(b"HTTP/1.1 200 ")
    assert seen.reasons == [None]
    assert app.asked == 1


def test_content_that_comes_after_its_refusal_costs_no_connection() -> None:
    async def run() -> bytes:
        seen, app = Seen(), Application()
        async with served(seen, app) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(GET + b"Host: again\r\nContent-Length: 3\r\n\r\n")
            refused = await reader.readuntil(b"}")
            writer.write(b"abc" + GET + END)
            rest = await reader.read()
            writer.close()
            return refused + rest

    replied = asyncio.run(run())
    assert replied.startswith(b"HTTP/1.1 400 ")
    assert b"HTTP/1.1 200 " in replied


def test_content_that_never_comes_is_not_waited_for() -> None:
    replied, _, _ = exchange(GET + b"Host: again\r\nContent-Length: 3\r\n\r\nab")
    assert replied.startswith(b"HTTP/1.1 400 ")


def test_trailers_do_not_become_headers() -> None:
    sent = POST + b"Transfer-Encoding: chunked\r\n" + END + b"0\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"
    replied, _, app = exchange(sent)
    assert replied.startswith(b"HTTP/1.1 200 ")
    assert b"x-forwarded-for" not in dict(app.headers)


def test_a_head_that_stops_is_told_and_ended() -> None:
    replied, seen, app = exchange(GET + b"A: b", Bounds(head=0.05))
    assert replied.startswith(b"HTTP/1.1 408 ")
    assert seen.reasons == ["transport.slow"]
    assert app.asked == 0


@pytest.mark.parametrize(
    "sent", [b"", b"\r\n", GET + b"\r\n" + b"\r\n"], ids=["silent", "empty lines", "after a reply"]
)
def test_a_caller_who_asks_nothing_is_let_go(sent: bytes) -> None:
    replied, seen, _ = exchange(sent, Bounds(head=0.05, idle=0.05))
    assert replied == b"" or replied.startswith(b"HTTP/1.1 200 ")
    assert "transport.slow" not in seen.reasons


def test_a_head_is_not_late_because_the_reply_before_it_is() -> None:
    replied, seen, _ = exchange(
        b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\nGET /b HTTP/1.1\r\nHost: h\r\n" + END, Bounds(head=0.01)
    )
    assert replied.count(b"HTTP/1.1 200 ") == 2
    assert seen.reasons == [None, None]


def test_a_flaw_behind_a_request_is_not_taken_for_its_reply() -> None:
    replied, seen, app = exchange(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\nnonsense\r\n\r\n")
    assert replied.startswith(b"HTTP/1.1 200 ")
    assert replied.count(b"HTTP/1.1 ") == 1
    assert sorted(str(reason) for reason in seen.reasons) == ["None", "transport.syntax"]
    assert app.asked == 1


def test_more_callers_than_the_bound_are_told_so() -> None:
    async def run() -> bytes:
        seen, app = Seen(), Application()
        async with served(seen, app, Bounds(connections=1)) as port:
            _, first = await asyncio.open_connection("127.0.0.1", port)
            replied = await said(port, b"")
            first.close()
            return replied

    assert asyncio.run(run()).startswith(b"HTTP/1.1 503 ")
