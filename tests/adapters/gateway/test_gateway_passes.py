"""What an honest exchange looks like on both sides: nothing lost, nothing added but what is documented."""

# ruff: noqa: SIM117 - what a caller does stands inside what serves it
from __future__ import annotations

import asyncio
import ipaddress
import json
import re
import socket
import string
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.gateway.rig import (
    OPEN,
    WHOLE,
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
    wall_of,
)
from ringwall.adapters.gateway import Upstream
from ringwall.adapters.gateway.bounds import Upstream as UpstreamValue
from ringwall.core.admit import Admission
from ringwall.core.message import Head, Request, Response
from ringwall.core.plan import Guard, Guards, Plan
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict

GET = b"GET /a HTTP/1.1\r\nHost: h\r\n"
POST = b"POST /a HTTP/1.1\r\nHost: h\r\n"
ADDED = (
    b"X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
    b'Forwarded: for=127.0.0.1;host="h";proto=http\r\nX-Forwarded-Host: h\r\n'
)
NO = Reason("authz.test", 403, "No", "", "")


def refusing(head: Head, known: object) -> Verdict:
    return Refuse(NO)


CLOSED = Plan("POST /a", "/a", Guards(head=(Guard(Layer.AUTHORIZATION, "no", refusing),)))


def test_the_application_gets_the_request_as_it_was() -> None:
    data = (
        b"PUT /%E2%82%AC/a%20b?q=%2F&q=+x HTTP/1.1\r\nhOSt: h\r\nX-B: 2\r\nx-a: 1\r\nX-B: 3\r\n"
        b'Cookie: a=b; c=d\r\nIf-Match: W/"e"\r\nRange: bytes=0-1\r\nContent-LENGTH: 2\r\nZ: \xe4\r\n\r\nhi'
    )

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen) as server:
            status, headers, body = await once(server, data)
        assert (status, headers["x-case"]) == (200, "Kept")
        assert body == data.replace(b"\r\n\r\n", b"\r\n" + ADDED + b"\r\n")
        assert "connection" not in headers
        assert [(e.decision, e.status, e.kind) for e in seen.events] == [("allow", 200, "exchange")]

    run(main())


def test_fields_of_one_hop_and_claims_of_forwarding_end_here() -> None:
    ended = (
        b"Connection: keep-alive, X-Mine, Authorization\r\nX-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Connection: x\r\n"
        b"Proxy-Authorization: Basic eA==\r\nTE: deflate\r\nUpgrade: h2c\r\nHTTP2-Settings: AAA\r\nVia: 1.1 x\r\n"
        b"X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Host: evil\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\n"
        b"X-Forwarded-Prefix: /x\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nTrue-Client-IP: 6.6.6.6\r\n"
    )

    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen()) as server:
            body = (await once(server, GET + ended + b"Authorization: Bearer t\r\nA: b\r\n\r\n"))[2]
        assert body == GET + b"Authorization: Bearer t\r\nA: b\r\n" + ADDED + b"\r\n"

    run(main())


def test_a_trusted_proxy_is_believed_from_the_caller_it_names() -> None:
    trusted = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("10.0.0.0/8"))
    sent = GET + b"X-Forwarded-For: 6.6.6.6, 2001:db8::1, 10.0.0.1\r\nX-Forwarded-Proto: https\r\n\r\n"

    async def main() -> None:
        seen = Seen()
        wall = wall_of(seen, admission=Admission(trusted=trusted))
        async with application(answering(echo)) as app, gateway(app, seen, wall=wall, trusted=trusted) as server:
            body = (await once(server, sent))[2]
        assert b"X-Forwarded-For: 2001:db8::1, 10.0.0.1, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n" in body
        assert b'Forwarded: for="[2001:db8::1]", for=10.0.0.1, for=127.0.0.1;host="h";proto=https\r\n' in body
        assert b"6.6.6.6" not in body
        assert seen.events[0].client == "2001:db8::1"

    run(main())


def test_the_reply_passes_with_order_case_and_repeats() -> None:
    reply = (
        b'HTTP/1.1 207\r\nSet-Cookie: a=1\r\nX-b: 2\r\nset-cookie: c=3\r\nETag: "x"\r\nContent-Encoding: br\r\n'
        b"Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\n"
        b"Content-Length: 3\r\n\r\n\x00\x01\x02"
    )

    async def main() -> None:
        async with application(answering(lambda *_: reply)) as app, gateway(app, Seen()) as server:
            async with caller(server) as it:
                await it.send(GET + b"\r\n")
                assert await it.reader.readuntil(b"\r\n\r\n") == (
                    b'HTTP/1.1 207 Multi-Status\r\nSet-Cookie: a=1\r\nX-b: 2\r\nset-cookie: c=3\r\nETag: "x"\r\n'
                    b"Content-Encoding: br\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: 3\r\n\r\n"
                )
                assert await it.reader.readexactly(3) == b"\x00\x01\x02"

    run(main())


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_replies_without_content_keep_the_connection(plan: Plan) -> None:
    replies = [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n", "999"),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", None),
        ("GET", b'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 7\r\n\r\n', "7"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0"),
        ("DELETE", b"HTTP/1.1 412 Precondition Failed\r\nContent-Length: 0\r\n\r\n", "0"),
        ("OPTIONS", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 204 No\r\nAllow: GET\r\n\r\n", None),
    ]

    async def main() -> None:
        queue = iter(reply for _, reply, _ in replies)
        async with application(answering(lambda *_: next(queue))) as app, gateway(app, Seen(), plan) as server:
            async with caller(server) as it:
                for method, reply, length in replies:
                    await it.send(method.encode() + b" /a HTTP/1.1\r\nHost: h\r\n\r\n")
                    status, headers, body = await it.reply(method)
                    assert b" %d " % status in reply
                    assert (headers.get("content-length"), body) == (length, b"")
            assert app.connections == 1

    run(main())


def test_chunked_replies_pass_with_trailers_but_not_with_those_that_decide() -> None:
    reply = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-Sum: 9\r\nSet-Cookie: a=b\r\n\r\n"
    )

    async def main() -> None:
        async with application(answering(lambda *_: reply)) as app, gateway(app, Seen()) as server:
            _, headers, body = await once(server, GET + b"TE: trailers\r\n\r\n")
            assert (body, headers["(trailers)"], headers["trailer"]) == (b"abcde", "X-Sum: 9\r\n", "X-Sum")
            assert b"\r\nConnection: TE\r\nTE: trailers\r\n" in app.log

    run(main())


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_a_reply_until_close_becomes_chunked_and_for_http_1_0_stays_so(plan: Plan) -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\nabc")

        async with application(handle) as app, gateway(app, Seen(), plan) as server:
            _, headers, body = await once(server, GET + b"\r\n")
            assert (headers["transfer-encoding"], body) == ("chunked", b"abc")
            _, headers, body = await once(server, b"GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert "transfer-encoding" not in headers
            assert (headers["connection"], body) == ("close", b"abc")

    run(main())


def test_http_1_0_is_kept_alive_only_when_asked() -> None:
    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen()) as server, caller(server) as it:
            await it.send(b"GET /a HTTP/1.0\r\nHost: h\r\nConnection: Keep-Alive\r\n\r\n")
            assert (await it.reply())[1]["connection"] == "keep-alive"
            await it.send(b"GET /a HTTP/1.0\r\nHost: h\r\n\r\n")
            assert (await it.reply())[1]["connection"] == "close"
            assert await it.rest() == b""

    run(main())


def test_a_thousand_requests_use_one_connection_each_way_and_pipelines_keep_their_order() -> None:
    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen()) as server, caller(server) as it:
            for _ in range(600):
                await it.send(GET + b"\r\n")
                assert (await it.reply())[0] == 200
            await it.send(b"".join(b"GET /%d HTTP/1.1\r\nHost: h\r\n\r\n" % n for n in range(400)))
            for n in range(400):
                assert (await it.reply())[2].startswith(b"GET /%d HTTP" % n)
            assert app.connections == 1

    run(main())


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_content_is_asked_for_only_when_it_is_wanted(plan: Plan) -> None:
    head = POST + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n"

    async def main() -> None:
        seen = Seen()

        def route(head: Head) -> Plan:
            return CLOSED if head.path == "/closed" else plan

        async with application(answering(echo)) as app, gateway(app, seen, route) as server:
            async with caller(server) as it:
                await it.send(head)
                assert (await it.reply())[0] == 100
                await it.send(b"hello")
                body = (await it.reply())[2]
                assert body.endswith(b"\r\n\r\nhello")
                assert b"Expect" not in body
                await it.send(head + b"hello")
                assert (await it.reply())[0] == 200
                await it.send(head.replace(b"/a", b"/closed"))
                assert (await it.reply())[0] == 403
                assert await it.rest() == b""

    run(main())


def test_a_refusal_with_unread_content_is_read_and_closes_or_goes_on() -> None:
    big = POST + b"Content-Length: 3000000\r\n\r\n" + b"x" * 3_000_000

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, CLOSED) as server:
            status, headers, body = await once(server, big)
            assert (status, headers["connection"], json.loads(body)["reason"]) == (403, "close", "authz.test")
            async with caller(server) as it:
                await it.send(POST + b"Content-Length: 5\r\n\r\nhello" + GET + b"\r\n")
                assert [(await it.reply())[0], (await it.reply())[0]] == [403, 403]
            assert app.log == b""

    run(main())


def test_streamed_content_goes_on_before_it_is_complete_and_so_does_the_reply() -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            while await reader.line() == b"2\r\n":
                got = await reader.exactly(4)
                writer.write(b"2\r\n" + got)
            writer.write(b"0\r\n\r\n")

        async with application(handle) as app, gateway(app, Seen()) as server, caller(server) as it:
            await it.send(POST + b"Transfer-Encoding: chunked\r\n\r\n")
            await it.reader.readuntil(b"\r\n\r\n")
            for word in (b"ab", b"cd", b"ef"):
                await it.send(b"2\r\n" + word + b"\r\n")
                assert await it.reader.readexactly(7) == b"2\r\n" + word + b"\r\n"
            await it.send(b"0\r\n\r\n")
            assert await it.reader.readexactly(5) == b"0\r\n\r\n"

    run(main())


def test_an_early_reply_ends_an_upload_without_waiting_for_it() -> None:
    async def main() -> None:
        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            writer.write(b"HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")

        async with application(handle) as app, gateway(app, Seen()) as server, caller(server) as it:
            await it.send(POST + b"Content-Length: 1000000\r\n\r\nabc")
            status, headers, body = await it.reply()
            assert (status, headers["connection"], body) == (413, "close", b"no")

    run(main())


def test_a_rewritten_request_and_reply_get_their_own_length() -> None:
    def shorter(request: Request, known: object) -> Verdict:
        return Rewritten(request.with_body(b"{}"), "short")

    def longer(response: Response, known: object) -> Verdict:
        return Rewritten(response.with_data({"long": "er"}), "long")

    guards = Guards(body=(Guard(Layer.VALIDATION, "s", shorter),), reply=(Guard(Layer.DISCLOSURE, "l", longer),))
    plan = Plan("POST /a", "/a", guards)

    async def main() -> None:
        reply = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        reply += b"2\r\n{}\r\n0\r\n\r\n"
        async with application(answering(lambda *_: reply)) as app, gateway(app, Seen(), plan) as server:
            _, headers, body = await once(server, POST + b"Transfer-Encoding: chunked\r\n\r\n4\r\n[{}]\r\n0\r\n\r\n")
            assert (body, headers["content-length"]) == (b'{"long":"er"}', "13")
            assert b"content-length: 2\r\n" in app.log.lower()
            assert app.log.endswith(b"\r\n\r\n{}")

    run(main())


def test_a_reply_too_long_to_check_goes_on_whole() -> None:
    content = bytes(range(256)) * 1000

    async def main() -> None:
        plan = Plan("GET /a", "/a", Guards(), reply="whole")
        plan = Plan(plan.operation, plan.template, plan.guards, limits=type(plan.limits)(reply=1000))
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n" % len(content)
        async with application(answering(lambda *_: head + content)) as app, gateway(app, Seen(), plan) as server:
            async with caller(server) as it:
                for _ in range(2):
                    await it.send(GET + b"\r\n")
                    _, _headers, body = await it.reply()
                    assert body == content
            assert app.connections == 1

    run(main())


def test_addresses_of_the_application_become_public_ones() -> None:
    cases = {
        "http://127.0.0.1:%d/base/x?y=1": b"http://pub:81/x?y=1",
        "http://127.0.0.1:%d/base": b"http://pub:81",
        "http://127.0.0.1:%d/basement": b"http://pub:81/basement",
        "/base/x": b"/x",
        "/base": b"/",
        "/other": b"/other",
        "http://127.0.0.1:%d0/x": None,
        "https://elsewhere/base/x": None,
        "http://pub:81/x": None,
        "x/y": None,
    }

    async def main() -> None:
        location = b""

        def reply(*_: bytes) -> bytes:
            return b"HTTP/1.1 302 Found\r\nLocation: %b\r\nLink: <%b>; rel=x\r\nContent-Length: 0\r\n\r\n" % (
                location,
                location,
            )

        async with application(answering(reply)) as app:
            async with gateway(Upstream(app.url + "/base/"), Seen()) as server:
                for template, wanted in cases.items():
                    location = (template % app.port if "%d" in template else template).encode()
                    _, headers, _ = await once(server, b"GET /a HTTP/1.1\r\nHost: pub:81\r\n\r\n")
                    assert headers["location"].encode() == (location if wanted is None else wanted)
                assert app.log.startswith(b"GET /base/a HTTP/1.1\r\nHost: pub:81\r\n")

    run(main())


def test_the_applications_own_credential_takes_the_place_of_the_callers() -> None:
    async def main() -> None:
        async with application(answering(echo)) as app:
            upstream = Upstream(app.url, header=(b"Authorization", b"Bearer own-secret"))
            assert "own-secret" not in repr(upstream)
            async with gateway(upstream, Seen()) as server:
                body = (await once(server, GET + b"authorization: Bearer callers\r\n\r\n"))[2]
        assert body.count(b"uthorization") == 1
        assert b"Authorization: Bearer own-secret\r\n" in body

    run(main())


@pytest.mark.parametrize(
    "url", ["ftp://h", "h:80", "http://", "http://u:p@h", "http://h/?q", "http://h#f", "http://h:0", "http://h:99999"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError):
        UpstreamValue(url)
    assert UpstreamValue("https://h/base/").base == "/base"


def test_a_reply_header_that_would_end_its_line_is_never_sent() -> None:
    def split(head: Head | None, response: Response) -> Response:
        return response.with_headers((*response.headers, (b"x", b"a\r\nSet-Cookie: b=c")))

    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app:
            for plan in (OPEN, WHOLE):
                async with gateway(app, seen, wall=wall_of(seen, plan, dress=split)) as server:
                    status, headers, body = await once(server, GET + b"\r\n")
                    assert (status, json.loads(body)["reason"]) == (500, "internal.transport")
                    assert "set-cookie" not in headers

    run(main())


def test_it_serves_on_a_unix_socket(tmp_path: Path) -> None:
    async def main() -> None:
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / "s"))
        async with application(answering(echo)) as app, gateway(app, Seen(), sock=listening) as server:
            reader, writer = await asyncio.open_unix_connection(str(tmp_path / "s"))
            writer.write(GET + b"Connection: close\r\n\r\n")
            got = await reader.read()
            writer.close()
            assert b"X-Forwarded-For: unknown\r\n" in got
            assert server.port == 0

    run(main())


def test_closing_lets_a_request_finish_and_idle_callers_go() -> None:
    async def main() -> None:
        started, go = asyncio.Event(), asyncio.Event()

        async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
            await reader.head()
            started.set()
            await go.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

        async with application(handle) as app, gateway(app, Seen()) as server:
            async with caller(server) as busy, caller(server) as idle:
                await busy.send(GET + b"\r\n")
                await started.wait()
                closing = asyncio.create_task(server.close(grace=5))
                assert await idle.rest() == b""
                go.set()
                status, headers, body = await busy.reply()
                assert (status, headers["connection"], body) == (200, "close", b"ok")
                await closing
                with pytest.raises(OSError):
                    await asyncio.open_connection("127.0.0.1", server.port)

    run(main())


def test_too_many_callers_are_told_so() -> None:
    async def main() -> None:
        seen = Seen()
        async with application(answering(echo)) as app, gateway(app, seen, bounds=Bounds(connections=2)) as server:
            async with caller(server) as one, caller(server) as two:
                for it in (one, two):
                    await it.send(GET + b"\r\n")
                    assert (await it.reply())[0] == 200
                async with caller(server) as third:
                    assert (await third.reply())[0] == 503
            await asyncio.sleep(0.05)
            assert (await once(server, GET + b"\r\n"))[0] == 200
        assert seen.reasons == [None, None, "transport.connections", None]

    run(main())


_TOKEN = st.text(string.ascii_letters + string.digits + "-!#$%&'*+.^`|~", min_size=1, max_size=12)
_OWN = re.compile(
    r"(?i)connection|keep-alive|proxy-.*|te|transfer-.*|upgrade|http2-settings|forwarded|x-forwarded-.*|x-real-ip|"
    r"x-client-ip|true-client-ip|via|expect|trailer|content-.*|host|authorization|origin|range|if-range|x-api-key|"
    r"traceparent"
)
_VALUE = st.text(
    st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f", exclude_categories=["Cc"]),
    max_size=20,
)


def _told_apart(fields: list[tuple[str, str]]) -> bool:
    """Whether no name would be read as another one where names are folded: those are refused, not passed on."""
    names = {name.lower() for name, _ in fields}
    return len({re.sub("[^a-z0-9]", "-", name) for name in names}) == len(names)


_FIELDS = st.lists(st.tuples(_TOKEN.filter(lambda n: not _OWN.fullmatch(n)), _VALUE), max_size=8).filter(_told_apart)
_PATH = st.text(string.ascii_letters + string.digits + "-._~!$&'()*+,:@", min_size=1, max_size=20)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(["GET", "DELETE", "PATCH", "OPTIONS"]), _PATH, _FIELDS, st.binary(max_size=40))
def test_the_application_gets_exactly_what_was_sent(
    method: str, path: str, fields: list[tuple[str, str]], content: bytes
) -> None:
    if path in (".", ".."):
        path = "a"
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields).encode("latin-1")
    head = f"{method} /{path} HTTP/1.1\r\nHost: h\r\n".encode() + lines
    framing = b"Content-Length: %d\r\n" % len(content)

    async def main() -> None:
        async with application(answering(echo)) as app, gateway(app, Seen()) as server:
            status, _, body = await once(server, head + framing + b"\r\n" + content)
            assert status == 200
            assert body == head + framing + ADDED + b"\r\n" + content

    run(main())


def test_a_guard_that_only_passes_changes_nothing() -> None:
    guards = Guards(body=(Guard(Layer.VALIDATION, "p", lambda request, known: PASS),))

    async def main() -> None:
        plan = Plan("POST /a", "/a", guards)
        async with application(answering(echo)) as app, gateway(app, Seen(), plan) as server:
            body = (await once(server, POST + b"Content-Length: 2\r\n\r\nhi"))[2]
        assert body == POST + b"Content-Length: 2\r\n" + ADDED + b"\r\nhi"

    run(main())
