"""Heads and contents that two programs could read in two ways: refused for the named reason, and nothing hidden in
them ever reaches the application. Classes from RFC 9112, section 11, and from public work on request smuggling
(Linhart et al. 2005; Kettle 2019; the funky-chunks line of 2025)."""

from __future__ import annotations

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.gateway.rig import (
    OPEN,
    WHOLE,
    Bounds,
    Caller,
    Seen,
    answering,
    application,
    caller,
    echo,
    gateway,
    once,
    run,
)
from ringwall.core.plan import Plan

HIDDEN = b"GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
GET = b"GET /a HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

REFUSED = {
    "bare LF everywhere": (b"GET /a HTTP/1.1\nHost: h\n\n", "transport.line"),
    "bare LF after the request line": (b"GET /a HTTP/1.1\nHost: h\r\n\r\n", "transport.line"),
    "bare LF after a field": (b"GET /a HTTP/1.1\r\nHost: h\nA: b\r\n\r\n", "transport.line"),
    "bare LF at the end": (GET + b"\n", "transport.line"),
    "bare CR in a value": (GET + b"A: b\rC: d\r\n\r\n", "transport.line"),
    "bare CR in the request line": (b"GET /a\r HTTP/1.1\r\nHost: h\r\n\r\n", "transport.line"),
    "CR CR LF": (GET + b"A: b\r\r\n\r\n", "transport.line"),
    "NUL in a value": (GET + b"A: b\0c\r\n\r\n", "transport.line"),
    "NUL in a name": (GET + b"A\0: b\r\n\r\n", "transport.line"),
    "NUL in the target": (b"GET /a\0b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.line"),
    "LF alone as a fold": (GET + b"A: b\n c\r\n\r\n", "transport.line"),
    "obs-fold with space": (GET + b"A: b\r\n c\r\n\r\n", "transport.fold"),
    "obs-fold with tab": (GET + b"Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n", "transport.fold"),
    "space before the first field": (b"GET /a HTTP/1.1\r\n Host: h\r\n\r\n", "transport.fold"),
    "space before the colon": (POST + b"Content-Length : 5\r\n\r\nhello", "transport.header"),
    "tab before the colon": (POST + b"Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", "transport.header"),
    "no colon": (GET + b"Nonsense\r\n\r\n", "transport.header"),
    "no name": (GET + b": b\r\n\r\n", "transport.header"),
    "a name in parentheses": (GET + b"(A): b\r\n\r\n", "transport.header"),
    "a name with a byte above ASCII": (GET + b"\xc4: b\r\n\r\n", "transport.header"),
    "a control in a value": (GET + b"A: b\x0bc\r\n\r\n", "transport.header"),
    "DEL in a value": (GET + b"A: b\x7f\r\n\r\n", "transport.header"),
    "a vertical tab before chunked": (POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n", "transport.header"),
    "HTTP/0.9": (b"GET /a\r\n\r\n", "transport.syntax"),
    "two spaces": (b"GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "a tab for a space": (b"GET\t/a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "a space in the target": (b"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "a space at the end of the line": (b"GET /a HTTP/1.1 \r\nHost: h\r\n\r\n", "transport.syntax"),
    "a space at the start": (b" GET /a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "no target": (b"GET HTTP/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "a lower-case protocol": (b"GET /a http/1.1\r\nHost: h\r\n\r\n", "transport.syntax"),
    "another protocol": (b"GET /a HTCPCP/1.0\r\nHost: h\r\n\r\n", "transport.syntax"),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "transport.syntax"),
    "an SSH banner": (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "transport.syntax"),
    "HTTP/1.2": (b"GET /a HTTP/1.2\r\nHost: h\r\n\r\n", "transport.version"),
    "HTTP/2.0": (b"GET /a HTTP/2.0\r\nHost: h\r\n\r\n", "transport.version"),
    "the HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "transport.version"),
    "HTTP/1.10": (b"GET /a HTTP/1.10\r\nHost: h\r\n\r\n", "transport.version"),
    "HTTP/01.1": (b"GET /a HTTP/01.1\r\nHost: h\r\n\r\n", "transport.version"),
    "a method in lower case": (b"get /a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.method"),
    "a method of our own": (b"FROB /a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.method"),
    "TRACE": (b"TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.method"),
    "CONNECT": (b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", "transport.method"),
    "absolute form": (b"GET http://other/a HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "asterisk form": (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "a fragment": (b"GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "a quote in the target": (b'GET /a"b HTTP/1.1\r\nHost: h\r\n\r\n', "transport.target"),
    "raw UTF-8 in the target": (b"GET /\xc3\xa4 HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target"),
    "an encoded slash": (b"GET /a%2fb HTTP/1.1\r\nHost: h\r\n\r\n", "transport.path"),
    "an encoded parent": (b"GET /a/%2e%2e/b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.path"),
    "a path parameter": (b"GET /a;b HTTP/1.1\r\nHost: h\r\n\r\n", "transport.path"),
    "an encoded line end": (b"GET /a%0d%0ab HTTP/1.1\r\nHost: h\r\n\r\n", "transport.path"),
    "broken percent-encoding": (b"GET /a%zz HTTP/1.1\r\nHost: h\r\n\r\n", "transport.encoding"),
    "overlong UTF-8": (b"GET /%c0%af HTTP/1.1\r\nHost: h\r\n\r\n", "transport.encoding"),
    "two hosts": (GET + b"Host: other\r\n\r\n", "transport.host"),
    "no host": (b"GET /a HTTP/1.1\r\n\r\n", "transport.host"),
    "a host with a path": (b"GET /a HTTP/1.1\r\nHost: h/x\r\n\r\n", "transport.host"),
    "a host with a user": (b"GET /a HTTP/1.1\r\nHost: u@h\r\n\r\n", "transport.host"),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 50\r\n\r\nhello", "transport.framing"),
    "two equal lengths": (POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", "transport.framing"),
    "a list of lengths": (POST + b"Content-Length: 5, 5\r\n\r\nhello", "transport.framing"),
    "a signed length": (POST + b"Content-Length: +5\r\n\r\nhello", "transport.framing"),
    "a negative length": (POST + b"Content-Length: -5\r\n\r\nhello", "transport.framing"),
    "a hexadecimal length": (POST + b"Content-Length: 0x5\r\n\r\nhello", "transport.framing"),
    "a length with an underscore": (POST + b"Content-Length: 1_0\r\n\r\nhello", "transport.framing"),
    "an empty length": (POST + b"Content-Length:\r\n\r\n", "transport.framing"),
    "a length with a space inside": (POST + b"Content-Length: 5 5\r\n\r\nhello", "transport.framing"),
    "a length that overflows": (POST + b"Content-Length: 18446744073709551621\r\n\r\n", "transport.framing"),
    "a very long length": (POST + b"Content-Length: 0000000000000000005\r\n\r\nhello", "transport.framing"),
    "length and chunks": (
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "transport.framing",
    ),
    "chunks and length": (
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "transport.framing",
    ),
    "chunked in HTTP/1.0": (
        b"POST /a HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "transport.framing",
    ),
    "xchunked": (POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", "transport.framing"),
    "identity": (POST + b"Transfer-Encoding: identity\r\n\r\n", "transport.framing"),
    "gzip and chunked": (POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", "transport.framing"),
    "chunked twice": (POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", "transport.framing"),
    "chunked in two fields": (
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
        "transport.framing",
    ),
    "quoted chunked": (POST + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n', "transport.framing"),
    "chunked with a parameter": (POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n0\r\n\r\n", "transport.framing"),
    "an underscored length": (POST + b"Content_Length: 5\r\n\r\nhello", "transport.header.alias"),
    "another expectation": (POST + b"Expect: 200-ok\r\nContent-Length: 5\r\n\r\n", "transport.expect"),
    "a huge field": (GET + b"A: " + b"b" * 20_000 + b"\r\n\r\n", "transport.header.size"),
    "too many fields": (GET + b"A: b\r\n" * 200 + b"\r\n", "transport.header.size"),
    "a head without end": (GET + b"A: b\r\n" * 20_000, "transport.header.size"),
    "a target without end": (b"GET /" + b"a" * 70_000, "transport.target.size"),
    "a long target": (b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", "transport.target.size"),
    "a chunk size of another base": (CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a signed chunk size": (CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a space after a chunk size": (CHUNKED + b"5 \r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a chunk size that overflows": (CHUNKED + b"10000000000000005\r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a bare LF after a chunk size": (CHUNKED + b"5\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a bare LF in an extension": (CHUNKED + b"5;a\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a bare CR in an extension": (CHUNKED + b"5;a\rb\r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "a line end in a quoted extension": (CHUNKED + b'5;a="\r\n"\r\nhello\r\n0\r\n\r\n', "transport.chunk"),
    "a chunk longer than its size": (CHUNKED + b"3\r\nhello\r\n0\r\n\r\n", "transport.chunk"),
    "no line end after a chunk": (CHUNKED + b"5\r\nhello0\r\n\r\n", "transport.chunk"),
    "two bytes for a line end": (CHUNKED + b"5\r\nhelloXX0\r\n\r\n", "transport.chunk"),
    "a bare LF after a chunk": (CHUNKED + b"5\r\nhello\n0\r\n\r\n", "transport.chunk"),
    "a bare LF after the last chunk": (CHUNKED + b"0\n\r\n", "transport.chunk"),
    "a bare LF at the end of chunks": (CHUNKED + b"0\r\n\n", "transport.chunk"),
    "a length in a trailer": (CHUNKED + b"0\r\nContent-Length: 9\r\n\r\n", "transport.chunk"),
    "a folded trailer": (CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n", "transport.chunk"),
    "a space before a trailer's colon": (CHUNKED + b"0\r\nA : b\r\n\r\n", "transport.chunk"),
    "nothing where a chunk should be": (CHUNKED + b"\r\n0\r\n\r\n", "transport.chunk"),
    "an extension without end": (CHUNKED + b"1;" + b"a" * 200_000, "transport.chunk"),
    "trailers without end": (CHUNKED + b"0\r\n" + b"A: b\r\n" * 20_000, "transport.chunk"),
}


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_what_could_be_read_twice_is_refused_and_hides_nothing(plan: Plan) -> None:
    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, plan) as server:
            for name, (data, reason) in REFUSED.items():
                seen.events.clear()
                async with caller(server) as it:
                    await it.send(data + HIDDEN)
                    status, headers, body = await it.reply()
                    assert json.loads(body)["reason"] == reason, name
                    assert 400 <= status < 500 or status == 505, name
                    assert headers["content-type"] == "application/problem+json", name
                    assert headers["connection"] == "close", name
                    assert await it.rest() == b"", name
                assert seen.reasons == [reason], name
                assert seen.events[0].client == "127.0.0.1", name
            assert b"hidden" not in app.log

    run(main())


@pytest.mark.parametrize(
    "padding", [b"1;" + b"a" * 200_000, b"0\r\n" + b"A: b\r\n" * 20_000], ids=["extension", "trailers"]
)
def test_padding_without_end_is_refused_before_it_ends(padding: bytes) -> None:
    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, WHOLE) as server:
            status, _, body = await once(server, CHUNKED + padding)
            assert (status, json.loads(body)["reason"]) == (400, "transport.chunk")
            assert app.log == b""

    run(main())


PASSES = {
    "a plain request": (GET + b"\r\n", b""),
    "an empty line before it": (b"\r\n" + GET + b"\r\n", b""),
    "a byte above ASCII in a value": (GET + b"A: \xe4\r\n\r\n", b""),
    "an empty value": (GET + b"A:\r\n\r\n", b""),
    "HTTP/1.0 without a host": (b"GET /a HTTP/1.0\r\n\r\n", b""),
    "a length": (POST + b"Content-Length: 5\r\n\r\nhello", b"hello"),
    "a length with zeros": (POST + b"Content-Length: 0005\r\n\r\nhello", b"hello"),
    "chunks": (CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "chunks with an extension": (CHUNKED + b'5;a=b;c="d"\r\nhello\r\n0;e\r\n\r\n', b"hello"),
    "chunks with a trailer": (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", b"hello"),
    "Chunked": (POST + b"Transfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", b"hello"),
    "chunks and an upgrade": (
        POST + b"Transfer-Encoding: chunked\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        b"hello",
    ),
    "an empty line inside a chunk": (CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n", b"\r\n\r\n"),
    "a request inside a content": (POST + b"Content-Length: %d\r\n\r\n" % len(HIDDEN) + HIDDEN, HIDDEN),
    "a GET with content": (GET + b"Content-Length: 5\r\n\r\nhello", b"hello"),
}


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_what_can_be_read_in_one_way_passes_with_its_content(plan: Plan) -> None:
    async def main() -> None:
        seen, contents = Seen(), []

        def note(head: bytes, body: bytes, trailers: bytes) -> bytes:
            contents.append((head.split(b" ")[1], body))
            return b"HTTP/1.1 204 No Content\r\n\r\n"

        async with application(answering(note)) as app, gateway(app, seen, plan) as server:
            for name, (data, content) in PASSES.items():
                contents.clear()
                async with caller(server) as it:
                    await it.send(data)
                    assert (await it.reply())[0] == 204, name
                assert contents == [(b"/a", content)], name
            assert set(seen.reasons) == {None}

    run(main())


@pytest.mark.parametrize("step", [1, 2, 3, 7])
def test_bytes_may_come_in_any_pieces(step: int) -> None:
    data = CHUNKED + b"4\r\n\r\n\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n" + GET + b"Connection: close\r\n\r\n"

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen) as server, caller(server) as it:
            for start in range(0, len(data), step):
                await it.send(data[start : start + step])
                await asyncio.sleep(0)
            first, second = await it.reply(), await it.reply()
            assert first[2].endswith(b"\r\n\r\nhelloX-Sum: 1\r\n")
            assert second[2].startswith(b"GET /a HTTP/1.1\r\nHost: h\r\n")
            assert await it.rest() == b""

    run(main())


async def _answers_or_closes(it: Caller) -> bytes:
    it.writer.write_eof()
    return await it.rest(3)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [b"GET ", b"/a", b" HTTP/1.1", b"\r\n", b"\n", b"Host: h\r\n", b"Content-Length: 3\r\n", b"POST ",
                 b"Transfer-Encoding: chunked\r\n", b"\r\n\r\n", b"0\r\n\r\n", b"3\r\nabc\r\n", b" ", b":",
                 b"\0", b"\xff", b"5"]
            ),
            max_size=14,
        ).map(b"".join),
    )
)  # fmt: skip
def test_any_bytes_end_in_replies_and_a_close(data: bytes) -> None:
    failures: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: failures.append(context))
        seen = Seen()
        bounds = Bounds(head=1.0, idle=1.0)
        async with application(answering(echo)) as app, gateway(app, seen, bounds=bounds) as server:
            async with caller(server) as it:
                await it.send(data)
                got = await _answers_or_closes(it)
            assert got == b"" or got.startswith(b"HTTP/1.1 "), got
            assert not got or seen.events

    run(main())
    assert not failures
