"""The WSGI adapter by hand-made environs: what passes, what is refused, what is streamed, what is recorded."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from adapters.adapter_walls import Journal, guards, wall
from ringwall.adapters import current
from ringwall.adapters.wsgi import WsgiWall
from ringwall.adapters.wsgi_environ import raw_head

Environ = dict[str, Any]
App = Callable[[Environ, Any], Iterable[bytes]]


def environ(path: str = "/x", method: str = "GET", body: bytes = b"", **more: Any) -> Environ:
    given: Environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "api.example",
        "REMOTE_ADDR": "192.0.2.7",
        "wsgi.input": io.BytesIO(body),
    }
    if body:
        given["CONTENT_LENGTH"] = str(len(body))
    setup_testing_defaults(given)
    return {**given, **more}


def run(app: App, given: Environ, journal: Journal | None = None, **kwargs: Any) -> tuple[int, dict[str, str], bytes]:
    told: list[Any] = []
    reply = WsgiWall(app, wall(journal, **kwargs))(given, lambda status, headers: told.extend((status, headers)))  # type: ignore[arg-type]
    body = b"".join(reply)
    if hasattr(reply, "close"):
        reply.close()
    return int(told[0][:3]), dict(told[1]), body


def replying(*parts: bytes, kind: str = "application/json") -> App:
    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", kind)])
        return list(parts)

    return app


def echo(given: Environ, start_response: Any) -> Iterable[bytes]:
    content = given["wsgi.input"].read(int(given.get("CONTENT_LENGTH") or -1))
    start_response("200 OK", [("Content-Type", "application/json")])
    who = given["ringwall.caller"].subject
    return [content, b"|%s|" % str(who).encode(), b",".join(k.encode() for k in sorted(given) if k[:5] == "HTTP_")]


def test_an_allowed_request_reaches_the_app_and_its_reply_the_caller() -> None:
    journal = Journal()
    status, headers, body = run(replying(b"{}"), environ(), journal)
    assert (status, headers["x-dressed"], body) == (200, "yes", b"{}")
    assert [(e.decision, e.status, e.client) for e in journal.events] == [("allow", 200, "192.0.2.7")]


def test_a_refused_request_never_reaches_the_app() -> None:
    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        raise AssertionError("reached")

    status, _, body = run(app, environ("/closed"))
    assert (status, b"authz.test" in body) == (403, True)


@pytest.mark.parametrize(
    ("told", "target"),
    [
        ({"PATH_INFO": "/a b;c"}, b"/a%20b;c"),
        ({"PATH_INFO": "/\u00c3\u00a9"}, b"/%C3%A9"),
        ({"PATH_INFO": "/a/b", "REQUEST_URI": "/a%2Fb?q=1", "QUERY_STRING": "q=1"}, b"/a%2Fb?q=1"),
        ({"PATH_INFO": "/x", "RAW_URI": "http://api.example/%78"}, b"/%78"),
        ({"PATH_INFO": "/closed", "REQUEST_URI": "/x"}, b"/closed"),
        ({"SCRIPT_NAME": "/api", "PATH_INFO": "/x", "REQUEST_URI": "/api/x"}, b"/api/x"),
        ({"SCRIPT_NAME": "", "PATH_INFO": ""}, b"/"),
    ],
)
def test_the_target_is_what_the_client_asked_and_what_the_app_will_route(told: Environ, target: bytes) -> None:
    assert raw_head(environ(**told)).target == target


def test_a_header_that_is_not_http_is_refused() -> None:
    assert run(replying(b"{}"), environ(HTTP_X_ODD="\u0416"))[0] == 400
    assert run(replying(b"{}"), environ(HTTP_X_ODD="\u00e9"))[0] == 200


def test_content_is_read_whole_rewritten_and_replayed() -> None:
    status, _, body = run(echo, environ(method="POST", body=b"hello", HTTP_X_API_KEY="k", HTTP_X_OWN="1"))
    assert (status, body) == (200, b"hello|alice|HTTP_HOST,HTTP_X_OWN")
    assert run(echo, environ(method="POST", body=b"rewrite"))[2].startswith(b"rewritten|None|")


def test_content_that_breaks_off_or_has_no_end_is_refused() -> None:
    short = environ(method="POST", body=b"hello", CONTENT_LENGTH="9")
    endless = environ(method="POST", HTTP_TRANSFER_ENCODING="chunked")
    assert (run(echo, short)[0], run(echo, endless)[0]) == (400, 400)
    assert run(echo, {**endless, "PATH_INFO": "/upload"})[0] == 400


def test_chunked_content_is_read_to_its_end_and_its_limit() -> None:
    def chunked(size: int, path: str = "/x") -> Environ:
        more = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
        return {**environ(path, "POST"), **more, "wsgi.input": io.BytesIO(b"x" * size)}

    assert [run(echo, chunked(size))[0] for size in (900, 1001)] == [200, 413]
    assert [run(echo, chunked(size, "/upload"))[0] for size in (1900, 2001)] == [200, 413]


def test_a_reply_that_may_not_leave_is_withheld_and_a_long_one_streamed_complete() -> None:
    assert run(replying(b"..LE", b"AK.."), environ())[0] == 502
    assert run(replying(*[b"y" * 700] * 3), environ())[2] == b"y" * 2100


def test_a_stream_is_read_part_by_part_attributed_and_closed_once() -> None:
    closed: list[int] = []

    class Parts:
        left = 3

        def __iter__(self) -> Iterator[bytes]:
            return self

        def __next__(self) -> bytes:
            if not self.left:
                raise StopIteration
            assert current.exchange.get() is not None
            self.left -= 1
            return b"data: x\n\n"

        def close(self) -> None:
            closed.append(1)

    parts = Parts()

    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return parts

    reply = WsgiWall(app, wall())(environ(), lambda *_: None)  # type: ignore[arg-type]
    stream = iter(reply)
    assert (parts.left, next(stream), parts.left) == (3, b"data: x\n\n", 2)
    assert current.exchange.get() is None
    reply.close()  # type: ignore[attr-defined]
    reply.close()  # type: ignore[attr-defined]
    assert closed == [1]


@pytest.mark.parametrize("path", ["/x", "/raw"])
def test_a_head_that_comes_with_the_first_part_is_taken(path: str) -> None:
    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        write = start_response("201 Created", [("Content-Type", "application/json")])
        write(b"a")
        yield b"b"
        yield b"c"

    assert run(app, environ(path))[::2] == (201, b"abc")


def test_an_error_page_may_replace_a_reply_that_has_not_left() -> None:
    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [])
        try:
            raise ValueError("half-way")
        except ValueError as failure:
            start_response("418 Teapot", [], (type(failure), failure, failure.__traceback__))
        return [b"sorry"]

    assert run(app, environ())[0] == 418


@pytest.mark.parametrize("late", [False, True])
def test_an_error_of_the_app_is_its_own_logs_and_never_the_callers(
    late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        def parts() -> Iterator[bytes]:
            yield b"half"
            raise ValueError("secret detail")

        start_response("200 OK", [("Content-Type", "text/plain")])
        if late:
            return parts()
        raise ValueError("secret detail")

    journal = Journal()
    with caplog.at_level(logging.ERROR, "ringwall.application"):
        status, _, body = run(app, environ(), journal)
    assert (status, b"secret" in body, "secret detail" in caplog.text) == (500, False, True)
    assert journal.events[0].reason == "upstream.error"


def test_an_app_that_gives_no_head_has_failed() -> None:
    assert run(lambda given, start_response: [b"x"], environ())[0] == 500


def test_a_journal_that_fails_refuses_and_a_head_request_has_no_content() -> None:
    assert run(replying(b"{}"), environ(), Journal(broken=True))[0] == 503
    assert run(replying(b"{}"), environ("/closed", "HEAD"))[::2] == (403, b"")


def test_requests_in_many_threads_keep_apart() -> None:
    journal, built = Journal(), []

    def app(given: Environ, start_response: Any) -> Iterable[bytes]:
        exchange = current.exchange.get()
        assert exchange is not None
        assert given["ringwall.caller"].request_id == exchange.known.request_id
        start_response("200 OK", [])
        return [given["PATH_INFO"].encode()]

    walled = WsgiWall(app, wall(journal, given=guards()))
    with ThreadPoolExecutor(8) as pool:
        built = list(pool.map(lambda n: b"".join(walled(environ(f"/{n}"), lambda *_: None)), range(200)))  # type: ignore[arg-type]
    assert built == [b"/%d" % n for n in range(200)]
    assert len({event.id for event in journal.events}) == 200
