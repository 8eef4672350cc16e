"""The ASGI adapter by hand-made messages: what passes, what is refused, what is streamed, what is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import pytest

from adapters.adapter_walls import Journal, wall
from ringwall.adapters import current
from ringwall.adapters.asgi import AsgiWall
from ringwall.core.plan import Limits

Message = MutableMapping[str, Any]
App = Callable[..., Awaitable[None]]


def scope(asked: str = "/x", method: str = "GET", headers: tuple[tuple[bytes, bytes], ...] = (), **more: Any) -> Any:
    raw, _, query = asked.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": raw,
        "raw_path": raw.encode(),
        "query_string": query.encode(),
        "headers": [(b"host", b"api.example"), *headers],
        "client": ("192.0.2.7", 4242),
        "scheme": "http",
        "http_version": "1.1",
        **more,
    }


class Wire:
    """The server's side: what it has to give, and what it was sent."""

    def __init__(self, *incoming: Message) -> None:
        self.incoming = list(incoming)
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.incoming:
            return self.incoming.pop(0)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def body(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.sent[1:])

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


def part(body: bytes, more: bool = False) -> Message:
    return {"type": "http.request", "body": body, "more_body": more}


def replying(body: bytes, content_type: bytes = b"application/json", status: int = 200) -> App:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", content_type)]})
        await send({"type": "http.response.body", "body": body})

    return app


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with the content that it heard and the caller it was told of."""
    content, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError("the caller left")
        content += message["body"]
        more = message["more_body"]
    who = scope["state"]["ringwall"].subject
    names = b",".join(name for name, _ in scope["headers"])
    await replying(b"%s|%s|%s" % (content, str(who).encode(), names))(scope, receive, send)


def run(app: App, given: Any, *incoming: Message, journal: Journal | None = None, **kwargs: Any) -> Wire:
    wire = Wire(*incoming)
    asyncio.run(AsgiWall(app, wall(journal, **kwargs))(given, wire.receive, wire.send))
    return wire


POST = (b"content-length", b"5")


def test_an_allowed_request_reaches_the_app_and_its_reply_the_caller() -> None:
    journal = Journal()
    wire = run(replying(b"{}"), scope(), journal=journal)
    assert (wire.status, wire.body, wire.headers[b"x-dressed"]) == (200, b"{}", b"yes")
    assert [(e.decision, e.status, e.client) for e in journal.events] == [("allow", 200, "192.0.2.7")]


def test_a_refused_request_never_reaches_the_app() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("reached")

    journal = Journal()
    wire = run(app, scope("/closed"), journal=journal)
    assert wire.status == 403
    assert b'"reason": "authz.test"' in wire.body
    assert journal.events[0].reason == "authz.test"


@pytest.mark.parametrize(
    ("path", "raw"), [("/a b", b"/a%20b"), ("/é", b"/%C3%A9"), ("/x", b"/x"), ("/api/x", b"/api/x")]
)
def test_the_target_is_what_the_client_asked(path: str, raw: bytes) -> None:
    seen: list[bytes] = []
    built = wall()
    spied = type(built)(
        lambda head, id_: seen.append(head.target) or built.admit(head, id_),  # type: ignore[func-returns-value]
        built.route, built.plans, built.ports, built.dress,
    )  # fmt: skip
    wire = Wire()
    given = scope(path, raw_path=raw, query_string=b"q=%41")
    asyncio.run(AsgiWall(replying(b"{}"), spied)(given, wire.receive, wire.send))
    assert seen == [raw + b"?q=%41"]


def test_a_path_that_was_changed_before_us_is_judged_as_the_app_will_see_it() -> None:
    assert run(replying(b"{}"), scope("/x", path="/closed", raw_path=b"/x")).status == 403
    assert run(replying(b"{}"), scope("/x", path="/x", raw_path=b"/closed")).status == 200


def test_a_root_path_is_part_of_what_was_asked_however_the_server_tells_it() -> None:
    told = ({"path": "/closed/x", "raw_path": b"/closed/x"}, {"path": "/closed/x", "raw_path": b"/x"},
            {"path": "/x", "raw_path": b"/closed/x"})  # fmt: skip
    for paths in told:
        assert run(replying(b"{}"), scope("/", root_path="/closed", **paths)).status == 403


def test_content_is_read_whole_rewritten_and_replayed() -> None:
    head = scope(method="POST", headers=(POST, (b"x-api-key", b"k"), (b"x-own", b"1")))
    wire = run(echo, head, part(b"he", True), part(b"llo"))
    assert wire.body == b"hello|alice|host,content-length,x-own"  # the credential is ringwall's own
    rewritten = run(echo, scope(method="POST", headers=((b"content-length", b"7"),)), part(b"rewrite"))
    assert rewritten.body.startswith(b"rewritten|None|")


def test_a_slow_question_is_answered_off_the_loop() -> None:
    assert b"alice" in run(echo, scope(headers=((b"x-api-key", b"slow"),))).body


def test_too_much_content_is_refused_announced_or_not() -> None:
    announced = run(echo, scope(method="POST", headers=((b"content-length", b"5000"),)), part(b"x" * 5000))
    chunked = (b"transfer-encoding", b"chunked")
    found = run(echo, scope(method="POST", headers=(chunked,)), part(b"x" * 600, True), part(b"x" * 600))
    assert (announced.status, found.status) == (413, 413)
    assert run(echo, scope(method="POST", headers=(chunked,)), part(b"x" * 600, True), part(b"x")).status == 200


def test_a_caller_that_leaves_in_mid_body_is_recorded() -> None:
    journal = Journal()
    run(echo, scope(method="POST", headers=(POST,)), part(b"he", True), journal=journal)
    assert journal.events[0].reason == "transport.disconnected"


def test_a_body_that_trickles_is_refused() -> None:
    class Slow(Wire):
        async def receive(self) -> Message:
            await asyncio.sleep(30)
            return part(b"")

    wire, limits = Slow(), Limits(body=10, reply=10, seconds=0.02)
    given = scope(method="POST", headers=(POST,))
    asyncio.run(AsgiWall(echo, wall(limits=limits))(given, wire.receive, wire.send))
    assert wire.status == 408


def test_streamed_content_passes_in_parts_and_is_cut_at_the_limit() -> None:
    heard: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            heard.append(len(message["body"]))
            if not message["more_body"]:
                break
        await replying(b"{}")(scope, receive, send)

    chunked = ((b"transfer-encoding", b"chunked"),)
    fits = run(app, scope("/upload", "POST", chunked), part(b"x" * 900, True), part(b"x" * 900))
    assert (fits.status, heard) == (200, [900, 900])
    over = run(app, scope("/upload", "POST", chunked), part(b"x" * 1900, True), part(b"x" * 900, True), part(b""))
    assert over.status == 413


def test_a_reply_that_may_not_leave_is_withheld_in_one_part_or_many() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for body, more in ((b"..LE", True), (b"AK..", False)):
            await send({"type": "http.response.body", "body": body, "more_body": more})

    assert run(app, scope()).status == 502
    assert b"LEAK" not in run(replying(b"xLEAKx"), scope()).body


def test_a_live_stream_is_flushed_part_by_part() -> None:
    wire = Wire()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        assert wire.status == 200
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        assert wire.body == b"data: 1\n\n"
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    asyncio.run(AsgiWall(app, wall())(scope(), wire.receive, wire.send))
    assert len(wire.sent) == 3


def test_a_reply_too_long_to_check_goes_on_as_a_stream_complete() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for more in (True, True, False):
            await send({"type": "http.response.body", "body": b"y" * 700, "more_body": more})

    wire = run(app, scope())
    assert (wire.body, [m.get("more_body") for m in wire.sent[1:]]) == (b"y" * 2100, [True, False])
    alone = run(replying(b"z" * 1500), scope())
    assert (alone.body, alone.sent[-1].get("more_body")) == (b"z" * 1500, False)


def test_an_error_of_the_app_is_its_own_logs_and_never_the_callers(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise ValueError("secret detail")

    journal = Journal()
    with caplog.at_level(logging.ERROR, "ringwall.application"):
        wire = run(app, scope(), journal=journal)
    assert wire.status == 500
    assert b"secret" not in wire.body
    assert "secret detail" in caplog.text
    assert journal.events[0].reason == "upstream.error"


def test_an_error_after_half_a_reply_gives_a_problem_where_nothing_was_sent_and_a_cut_where_it_was() -> None:
    def app(kind: bytes) -> App:
        async def failing(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", kind)]})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            raise ValueError("broke")

        return failing

    assert run(app(b"application/json"), scope()).status == 500
    with pytest.raises(ValueError, match="broke"):
        run(app(b"text/event-stream"), scope())


@pytest.mark.parametrize("half", [False, True])
def test_an_app_that_ends_without_a_whole_reply_has_failed(half: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        if half:
            await send({"type": "http.response.start", "status": 200, "headers": []})

    assert run(app, scope()).status == 500


def test_an_app_that_takes_too_long_is_ended() -> None:
    ended = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(True)

    wire = run(app, scope(), limits=Limits(body=10, reply=10, seconds=0.02))
    assert (wire.status, ended) == (504, [True])


def test_a_timeout_of_the_apps_own_is_an_error_of_the_app() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise TimeoutError("its database")

    assert run(app, scope()).status == 500


def test_background_work_runs_on_after_the_reply_and_past_the_time_limit() -> None:
    done: list[bool] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await replying(b"{}")(scope, receive, send)
        await asyncio.sleep(0.05)
        done.append(current.exchange.get() is not None)

    assert run(app, scope(), limits=Limits(body=10, reply=10, seconds=0.02)).status == 200
    assert done == [True]


def test_a_journal_that_fails_refuses() -> None:
    wire = run(replying(b"{}"), scope(), journal=Journal(broken=True))
    assert (wire.status, b"monitoring.journal" in wire.body) == (503, True)


def test_a_cancelled_request_is_recorded_all_the_same() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(30)

    async def main() -> None:
        wire = Wire()
        task = asyncio.ensure_future(AsgiWall(app, wall(journal))(scope(), wire.receive, wire.send))
        await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert wire.sent == []

    journal = Journal()
    asyncio.run(main())
    assert [e.reason for e in journal.events] == ["transport.disconnected"]


def test_a_refused_stream_is_stopped() -> None:
    parts = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"image/png")]})
        while True:
            parts.append(1)
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    assert run(app, scope(), journal=Journal(broken=True)).status == 503
    assert len(parts) == 1


def test_a_head_request_keeps_its_length_and_has_no_content() -> None:
    wire = run(replying(b"{}"), scope("/closed", "HEAD"))
    assert (wire.status, wire.body, int(wire.headers[b"content-length"]) > 0) == (403, b"", True)


def test_lifespan_passes_untouched_and_the_unknown_not_at_all() -> None:
    seen: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append((scope, receive, send))

    wire, given = Wire(), {"type": "lifespan", "state": {}}
    walled = AsgiWall(app, wall())
    asyncio.run(walled(given, wire.receive, wire.send))
    assert seen == [(given, wire.receive, wire.send)]
    with pytest.raises(RuntimeError, match="telepathy"):
        asyncio.run(walled({"type": "telepathy"}, wire.receive, wire.send))


def test_extensions_that_would_carry_content_past_the_guards_are_not_offered() -> None:
    offered: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        offered.append(set(scope["extensions"]))
        await send({"type": "http.response.pathsend", "path": "/etc/passwd"})

    given = scope(extensions={"http.response.pathsend": {}, "http.response.debug": {}})
    assert run(app, given).status == 500
    assert offered == [{"http.response.debug"}]


def test_content_over_http_2_is_read_though_no_header_announces_it() -> None:
    assert run(echo, scope(method="POST", http_version="2"), part(b"over h2")).body.startswith(b"over h2|")


def socket(path: str = "/ws", **more: Any) -> Any:
    return {**scope(path), "type": "websocket", "scheme": "ws", "subprotocols": ["v1"], **more}


async def talkative(scope: Any, receive: Any, send: Any) -> None:
    assert (await receive())["type"] == "websocket.connect"
    await send({"type": "websocket.accept", "subprotocol": "v1"})
    message = await receive()
    await send({"type": "websocket.send", "text": message["text"] + "!"})


def test_a_websocket_passes_untouched_after_its_handshake() -> None:
    journal = Journal()
    incoming = ({"type": "websocket.connect"}, {"type": "websocket.receive", "text": "hi"})
    wire = run(talkative, socket(), *incoming, journal=journal)
    assert wire.sent == [
        {"type": "websocket.accept", "subprotocol": "v1"},
        {"type": "websocket.send", "text": "hi!"},
    ]
    assert [(e.decision, e.status) for e in journal.events] == [("allow", 101)]


def test_a_websocket_is_refused_in_full_where_the_server_can_and_else_closed() -> None:
    connect = {"type": "websocket.connect"}
    assert run(talkative, socket("/closed"), connect).sent == [{"type": "websocket.close", "code": 1008}]
    full = run(talkative, socket("/closed", extensions={"websocket.http.response": {}}), connect)
    assert full.status == 403
    assert b"authz.test" in full.body


def test_a_websocket_that_the_app_turns_away_is_turned_away() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "websocket.close", "code": 4000})

    journal = Journal()
    assert run(app, socket(), {"type": "websocket.connect"}, journal=journal).sent[0]["type"] == "websocket.close"
    assert journal.events[0].status == 403
