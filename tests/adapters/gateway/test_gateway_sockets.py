"""WebSockets through the gateway: the handshake is an exchange, what follows is bytes both ways."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import replace

import pytest
import websockets
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from adapters.gateway.rig import (
    OPEN,
    SOCKET,
    Bounds,
    Logged,
    Seen,
    answering,
    application,
    caller,
    echo,
    gateway,
    once,
    run,
)
from ringwall.adapters.gateway import Server, Upstream
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards, Plan
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import Refuse, Verdict

NO = Reason("authz.test", 403, "No", "", "")
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
SHAKE = (
    b"GET /ws HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
)


async def talk(socket: ServerConnection) -> None:
    if socket.subprotocol == "leave":
        await socket.close(4001, "bye")
        return
    async for message in socket:
        await socket.send(message)


def address(server: Server, path: str = "/ws") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


async def settled(seen: Seen, count: int) -> None:
    for _ in range(100):
        if len(seen.events) >= count:
            return
        await asyncio.sleep(0.02)


def test_messages_go_both_ways_whatever_their_size_and_the_close_is_recorded() -> None:
    async def main() -> None:
        seen = Seen()
        async with serve(talk, "127.0.0.1", 0, subprotocols=["chat", "leave"], max_size=None) as application:
            port = application.sockets[0].getsockname()[1]
            async with gateway(Upstream(f"http://127.0.0.1:{port}"), seen, SOCKET) as server:
                async with connect(address(server), subprotocols=["chat"], max_size=None) as socket:
                    assert socket.subprotocol == "chat"
                    for message in ("hello", b"\x00\xff", "x" * 3_000_000):
                        await socket.send(message)
                        assert await socket.recv() == message
                    await asyncio.wait_for(await socket.ping(), 5)
                async with connect(address(server), subprotocols=["leave"]) as socket:
                    with pytest.raises(websockets.ConnectionClosedError):
                        await socket.recv()
                    assert socket.close_code == 4001
                await settled(seen, 4)
        assert seen.kinds == ["exchange", "exchange.close"] * 2
        opened, closed = seen.events[:2]
        assert (opened.status, opened.operation, opened.decision) == (101, "WS /", "allow")
        assert closed.id == opened.id
        assert closed.sizes[0] > 30

    run(main())


def test_a_handshake_that_a_guard_refuses_never_reaches_the_application() -> None:
    def refusing(head: Head, known: object) -> Verdict:
        return Refuse(NO)

    plan = replace(SOCKET, guards=Guards(head=(Guard(Layer.AUTHORIZATION, "no", refusing),)))

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, plan) as server:
            with pytest.raises(websockets.InvalidStatus) as refused:
                await connect(address(server))
            assert refused.value.response.status_code == 403
            assert app.connections == 0
        assert seen.reasons == ["authz.test"]

    run(main())


def test_an_application_that_refuses_is_heard() -> None:
    async def main() -> None:
        reply = b"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 13\r\nContent-Length: 2\r\n\r\nno"
        async with application(answering(lambda *_: reply)) as app, gateway(app, Seen(), SOCKET) as server:
            async with caller(server) as it:
                await it.send(SHAKE + b"GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
                assert (await it.reply())[::2] == (426, b"no")
                assert (await it.reply())[0] == 426
            heads = bytes(app.log).split(b"\r\n\r\n")
            assert b"Connection: Upgrade\r\nUpgrade: websocket" in heads[0]
            assert b"X-Forwarded-For: 127.0.0.1" in heads[1]

    run(main())


LIES = {
    "no accept": b"Upgrade: websocket\r\n",
    "another accept": b"Upgrade: websocket\r\nSec-WebSocket-Accept: AAAA\r\n",
    "another protocol": b"Upgrade: h2c\r\nSec-WebSocket-Accept: " + ACCEPT + b"\r\n",
}


@pytest.mark.parametrize("name", LIES)
def test_a_101_that_does_not_answer_the_handshake_opens_nothing(name: str) -> None:
    async def main() -> None:
        seen = Seen()
        reply = b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\n" + LIES[name] + b"\r\n"
        async with application(answering(lambda *_: reply)) as app, gateway(app, seen, SOCKET) as server:
            assert (await once(server, SHAKE))[0] == 502
        assert seen.reasons == ["upstream.cut"]

    run(main())


@pytest.mark.parametrize(
    ("plan", "data"),
    [
        (OPEN, SHAKE),
        (SOCKET, SHAKE.replace(b"GET", b"POST")),
        (SOCKET, SHAKE.replace(b"HTTP/1.1", b"HTTP/1.0")),
        (SOCKET, SHAKE.replace(b"keep-alive, Upgrade", b"keep-alive")),
        (SOCKET, SHAKE.replace(b": websocket", b": h2c")),
        (SOCKET, SHAKE[:-2] + b"Content-Length: 2\r\n\r\nhi"),
    ],
    ids=["not in the contract", "POST", "HTTP/1.0", "no Connection", "h2c", "content"],
)
def test_no_other_upgrade_goes_on(plan: Plan, data: bytes) -> None:
    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen(), plan) as server:
            status, _, body = await once(server, data)
            assert status == 200
            assert b"upgrade" not in body.lower()

    run(main())


def test_what_was_sent_ahead_of_the_101_is_not_lost() -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(
                b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %b\r\n\r\nfirst"
                % ACCEPT
            )
            while got := await reader.some():
                writer.write(got.upper())

        seen = Seen()
        async with application(handle) as app, gateway(app, seen, SOCKET) as server, caller(server) as it:
            await it.send(SHAKE + b"early")
            head = await it.reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 101 Switching Protocols\r\n")
            assert b"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" in head
            assert await it.reader.readexactly(10) in (b"firstEARLY", b"EARLYfirst")
            it.writer.write_eof()
            assert await it.rest() == b""
            await settled(seen, 2)
        assert seen.events[1].sizes == (5, 10)

    run(main())


def test_a_silent_tunnel_ends_and_one_sided_speech_keeps_it() -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(
                b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: %b\r\n\r\n"
                % ACCEPT
            )
            for _ in range(6):
                writer.write(b"x")
                await asyncio.sleep(0.1)
            await reader.some()

        seen, bounds = Seen(), Bounds(tunnel=0.3)
        async with application(handle) as app, gateway(app, seen, SOCKET, bounds=bounds) as server:
            async with caller(server) as it:
                await it.send(SHAKE)
                await it.reader.readuntil(b"\r\n\r\n")
                assert await it.rest() == b"xxxxxx"
            await settled(seen, 2)
        assert seen.kinds == ["exchange", "exchange.close"]

    run(main())
