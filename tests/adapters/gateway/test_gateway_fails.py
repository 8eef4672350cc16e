"""When either side fails: down, slow, cut or lying applications, slow and vanishing callers. Each has its reason and
its event, and no one takes a part for the whole."""

# ruff: noqa: SIM117 - what a caller does stands inside what serves it
from __future__ import annotations

import asyncio
import json
import socket
import threading
from dataclasses import replace

import pytest

from adapters.gateway.rig import (
    OPEN,
    WHOLE,
    Application,
    Bounds,
    Logged,
    Seen,
    answering,
    application,
    caller,
    echo,
    gateway,
    once,
    reset,
    run,
    wall_of,
)
from ringwall.core import reasons
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards, Limits, Plan
from ringwall.core.ports import Call
from ringwall.core.reasons import Layer
from ringwall.core.verdict import PASS, Ask, Refuse, Verdict

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\n"
QUICK = replace(OPEN, limits=Limits(body=1 << 20, seconds=0.2))
BOTH = pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])


def saying(*parts: bytes, wait: float = 0.0, broken: bool = False):  # type: ignore[no-untyped-def]
    """An application that answers one request with these bytes and closes."""

    async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        for part in parts:
            writer.write(part)
            await writer.drain()
            await asyncio.sleep(wait)
        if broken:
            reset(writer)

    return handle


def test_an_application_that_is_down_is_502() -> None:
    async def main() -> None:
        seen = Seen()
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            async with gateway(Application(unused.getsockname()[1]), seen) as server:
                status, headers, body = await once(server, GET + b"\r\n")
        assert (status, json.loads(body)["reason"]) == (502, "upstream.unreachable")
        assert headers["content-type"] == "application/problem+json"
        assert "connection" not in headers
        assert seen.reasons == ["upstream.unreachable"]

    run(main())


def test_an_application_that_is_slow_is_504() -> None:
    async def main() -> None:
        seen = Seen()
        for plan, parts in (
            (QUICK, ()),
            (QUICK, (b"HTTP/1.1 200 OK\r\n",)),
            (replace(QUICK, reply="whole"), (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",)),
        ):
            async with application(saying(*parts, b"", wait=3)) as app, gateway(app, seen, plan) as server:
                status, _, body = await once(server, GET + b"\r\n")
                assert (status, json.loads(body)["reason"]) == (504, "upstream.timeout")
        assert seen.reasons == ["upstream.timeout"] * 3

    run(main())


LIES = {
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nConte",
    "no HTTP": b"hello\r\n\r\n",
    "bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "two equal lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nab",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nab",
    "length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
    "two codings": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a signed length": b"HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nab",
    "obs-fold": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "a NUL": b"HTTP/1.1 200 OK\r\nA: \0\r\nContent-Length: 0\r\n\r\n",
    "a bare CR": b"HTTP/1.1 200 OK\r\nA: b\rSet-Cookie: x\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"HTTP/2 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2.0": b"HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/0.9": b"HTTP/0.9 200 OK\r\nContent-Length: 0\r\n\r\n",
    "RTSP": b"RTSP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a status below 100": b"HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
    "an empty line before it": b"\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "a control in the phrase": b"HTTP/1.1 200 O\x01K\r\nContent-Length: 0\r\n\r\n",
    "chunked twice": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
    "an upgrade that no one asked for": b"HTTP/1.1 101 S\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    "a head without end": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 20_000,
}


@BOTH
def test_a_reply_that_could_be_read_twice_is_502(plan: Plan) -> None:
    async def main() -> None:
        seen = Seen()
        for name, reply in LIES.items():
            async with application(saying(reply)) as app, gateway(app, seen, plan) as server:
                status, _, body = await once(server, GET + b"\r\n")
                assert (status, json.loads(body)["reason"]) == (502, "upstream.cut"), name
        assert seen.reasons == ["upstream.cut"] * len(LIES)

    run(main())


CUT = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n\r\nabc",
    "chunks": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
    "a chunk": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
    "a broken chunk": b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX",
}


@pytest.mark.parametrize("name", CUT)
def test_a_reply_cut_short_breaks_the_callers_connection_too(name: str) -> None:
    async def main() -> None:
        seen = Seen()
        async with application(saying(CUT[name], wait=0.05)) as app, gateway(app, seen) as server:
            async with caller(server) as it:
                await it.send(GET + b"\r\n")
                with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                    await it.reply()
        assert seen.kinds == ["exchange", "exchange.cut"]
        assert seen.reasons == [None, "upstream.cut"]
        assert seen.events[1].sizes[1] <= 3

    run(main())


@pytest.mark.parametrize("name", CUT)
def test_a_reply_cut_short_before_it_was_checked_is_502(name: str) -> None:
    async def main() -> None:
        seen = Seen()
        async with application(saying(CUT[name])) as app, gateway(app, seen, WHOLE) as server:
            status, _, body = await once(server, GET + b"\r\n")
            assert (status, json.loads(body)["reason"]) == (502, "upstream.cut")
        assert seen.reasons == ["upstream.cut"]

    run(main())


def test_a_reset_is_no_end_of_a_reply_until_close() -> None:
    async def main() -> None:
        seen = Seen()
        reply = b"HTTP/1.1 200 OK\r\n\r\nabc"
        async with application(saying(reply, wait=0.05, broken=True)) as app, gateway(app, seen) as server:
            async with caller(server) as it:
                await it.send(GET + b"\r\n")
                with pytest.raises(ConnectionResetError):
                    await it.reply()
            async with caller(server) as it:
                await it.send(b"GET /a HTTP/1.0\r\n\r\n")
                with pytest.raises(ConnectionResetError):
                    await it.rest()
        assert seen.kinds == ["exchange", "exchange.cut"] * 2

    run(main())


def closing_after_one(answered: int = 1):  # type: ignore[no-untyped-def]
    """An application that says it keeps its connection and closes it on the next request."""

    async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
        for _ in range(answered):
            if not (head := await reader.head()):
                return
            writer.write(echo(head, *await reader.body(head)))
        await reader.head()

    return handle


def test_a_stale_connection_is_replaced_once_and_only_for_what_may_be_sent_twice() -> None:
    async def main() -> None:
        seen = Seen()
        async with application(closing_after_one()) as app, gateway(app, seen, WHOLE) as server:
            for _ in range(2):
                assert (await once(server, GET + b"\r\n"))[0] == 200
            assert app.connections == 2
            status, _, _body = await once(server, POST + b"Content-Length: 2\r\n\r\nhi")
            assert (status, seen.reasons[-1]) == (502, "upstream.cut")
            assert bytes(app.log).count(b"POST") == 1
        async with application(closing_after_one(0)) as app, gateway(app, seen, WHOLE) as server:
            assert (await once(server, GET + b"\r\n"))[0] == 502
            assert bytes(app.log).count(b"GET") == 1

    run(main())


def test_bytes_that_no_one_asked_for_never_answer_the_next_request() -> None:
    poisoned = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    head_only = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"

    async def main() -> None:
        async with application(answering(lambda *_: poisoned)) as app, gateway(app, Seen()) as server:
            for _ in range(3):
                assert (await once(server, GET + b"\r\n"))[2] == b"ok"
            assert app.connections == 3
        async with application(answering(lambda *_: head_only)) as app, gateway(app, Seen()) as server:
            for _ in range(2):
                assert (await once(server, b"HEAD /a HTTP/1.1\r\nHost: h\r\n\r\n", "HEAD"))[0] == 200
            assert app.connections == 2

    run(main())


def test_a_late_byte_on_a_kept_connection_spoils_it() -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            while await reader.head():
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
                await asyncio.sleep(0.05)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")

        async with application(handle) as app, gateway(app, Seen()) as server:
            for _ in range(2):
                assert (await once(server, GET + b"\r\n"))[2] == b"ok"
                await asyncio.sleep(0.1)
            assert app.connections == 2

    run(main())


@BOTH
def test_a_slow_head_and_a_slow_content_are_408(plan: Plan) -> None:
    plan = replace(plan, limits=Limits(seconds=0.2))

    async def main() -> None:
        seen = Seen()
        bounds = Bounds(head=0.2, idle=0.3)
        async with application(answering(echo)) as app, gateway(app, seen, plan, bounds=bounds) as server:
            for data in (
                b"G",
                GET,
                POST + b"Content-Length: 5\r\n\r\nhel",
                POST + b"Transfer-Encoding: chunked\r\n\r\n5",
            ):
                status, headers, body = await once(server, data)
                assert (status, json.loads(body)["reason"]) == (408, "transport.slow"), data
                assert headers["connection"] == "close"
            assert seen.reasons == ["transport.slow"] * 4
            async with caller(server) as idle:
                assert await idle.rest() == b""
            async with caller(server) as idle:
                await idle.send(GET + b"\r\n")
                await idle.reply()
                assert await idle.rest() == b""
        assert seen.reasons == ["transport.slow"] * 4 + [None]

    run(main())


def test_a_trickle_runs_out_of_time_and_a_steady_stream_does_not() -> None:
    async def main() -> None:
        seen = Seen()
        plan = replace(OPEN, limits=Limits(seconds=0.2))
        async with application(answering(echo)) as app, gateway(app, seen, plan) as server:
            async with caller(server) as it:
                await it.send(POST + b"Content-Length: 50000\r\n\r\n")
                for _ in range(5):
                    await it.send(b"x" * 10_000)
                    await asyncio.sleep(0.1)
                assert (await it.reply())[0] == 200
            async with caller(server) as it:
                await it.send(POST + b"Content-Length: 50000\r\n\r\n")
                for _ in range(5):
                    await it.send(b"x")
                    await asyncio.sleep(0.1)
                assert (await it.reply())[0] == 408

    run(main())


@BOTH
def test_content_over_the_limit_is_413_announced_or_not(plan: Plan) -> None:
    plan = replace(plan, limits=Limits(body=1000))

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, plan) as server:
            for data in (
                POST + b"Content-Length: 1001\r\n\r\n" + b"x" * 1001,
                POST + b"Transfer-Encoding: chunked\r\n\r\n3e9\r\n" + b"x" * 1001 + b"\r\n0\r\n\r\n",
            ):
                status, _, body = await once(server, data)
                assert (status, json.loads(body)["reason"]) == (413, "transport.body.size")
            assert (await once(server, POST + b"Content-Length: 1000\r\n\r\n" + b"x" * 1000))[0] == 200
        assert seen.reasons == ["transport.body.size"] * 2 + [None]

    run(main())


@BOTH
def test_a_caller_gone_in_the_middle_is_recorded_and_the_application_let_go(plan: Plan) -> None:
    async def main() -> None:
        seen, gone = Seen(), asyncio.Event()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            try:
                head = await reader.head()
                await reader.body(head)
            finally:
                gone.set()

        async with application(handle) as app, gateway(app, seen, plan) as server:
            async with caller(server) as it:
                await it.send(POST + b"Content-Length: 5000\r\n\r\nabc")
                await asyncio.sleep(0.05)
            await asyncio.sleep(0.1)
            assert seen.reasons == ["transport.disconnected"]
            if plan is OPEN:
                await asyncio.wait_for(gone.wait(), 2)

    run(main())


def test_a_caller_who_leaves_while_the_application_thinks_ends_its_work() -> None:
    async def main() -> None:
        seen, gone = Seen(), asyncio.Event()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            try:
                await reader.some()
            finally:
                gone.set()

        async with application(handle) as app, gateway(app, seen) as server:
            async with caller(server) as it:
                await it.send(GET + b"\r\n")
                await asyncio.sleep(0.05)
                reset(it.writer)
            await asyncio.wait_for(gone.wait(), 2)
            await asyncio.sleep(0.05)
        assert seen.reasons == ["transport.disconnected"]

    run(main())


def test_a_caller_who_leaves_an_event_stream_ends_it() -> None:
    async def main() -> None:
        seen, gone = Seen(), asyncio.Event()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            try:
                await reader.some()
            finally:
                gone.set()

        async with application(handle) as app, gateway(app, seen) as server:
            async with caller(server) as it:
                await it.send(GET + b"\r\n")
                assert b"data: 1" in await it.reader.readuntil(b"\n\n")
            await asyncio.wait_for(gone.wait(), 2)
        assert seen.kinds == ["exchange"]

    run(main())


def test_a_caller_who_takes_nothing_is_left() -> None:
    async def main() -> None:
        seen, gone = Seen(), asyncio.Event()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
            try:
                while True:
                    writer.write(b"x" * 100_000)
                    await writer.drain()
            finally:
                gone.set()

        bounds = Bounds(write=0.2)
        async with application(handle) as app, gateway(app, seen, bounds=bounds) as server, caller(server) as it:
            await it.send(GET + b"\r\n")
            await asyncio.wait_for(gone.wait(), 5)
        assert seen.kinds == ["exchange"]

    run(main())


def test_a_caller_who_says_no_more_still_gets_its_reply() -> None:
    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen()) as server, caller(server) as it:
            await it.send(GET + b"\r\n")
            it.writer.write_eof()
            assert (await it.rest()).startswith(b"HTTP/1.1 200 OK\r\n")

    run(main())


def test_a_journal_that_fails_refuses() -> None:
    async def main() -> None:
        def fail(event: object) -> None:
            raise OSError("full")

        wall = wall_of(Seen())
        wall = replace(wall, ports=replace(wall.ports, record=fail))
        async with application(answering(echo)) as app, gateway(app, Seen(), wall=wall) as server:
            status, _, body = await once(server, GET + b"\r\n")
            assert (status, json.loads(body)["reason"]) == (503, "monitoring.journal")

    run(main())


def test_what_outlasts_the_grace_of_closing_is_ended_and_recorded() -> None:
    async def main() -> None:
        seen, gone = Seen(), asyncio.Queue[int]()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            head = await reader.head()
            if b"/stream" in head:
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            try:
                await reader.some()
            finally:
                gone.put_nowait(1)

        async with application(handle) as app, gateway(app, seen) as server:
            async with caller(server) as waits, caller(server) as streams:
                await waits.send(GET + b"\r\n")
                await streams.send(b"GET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
                await streams.reader.readuntil(b"\n\n")
                await server.close(grace=0.05)
                for _ in range(2):
                    await asyncio.wait_for(gone.get(), 2)
        assert sorted(map(str, seen.reasons)) == ["None", "transport.disconnected"]

    run(main())


def test_a_slow_question_does_not_hold_the_others() -> None:
    answered = threading.Event()

    def asking(head: Head, known: Known) -> Verdict:
        if head.path != "/slow":
            return PASS
        return Ask(Call(lambda: answered.wait(5)), lambda answer: PASS if answer else Refuse(reasons.STORE))

    plan = replace(OPEN, guards=Guards(head=(Guard(Layer.AUTHENTICATION, "ask", asking),)))

    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen(), plan) as server, caller(server) as slow:
            await slow.send(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
            await asyncio.sleep(0.02)
            assert (await once(server, GET + b"\r\n"))[0] == 200
            answered.set()
            assert (await slow.reply())[0] == 200

    run(main())
