"""The scanner's parts: legal values, accounts, markup, and a client that is polite whatever the target does."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.contract.openapi import load_api
from ringwall.scan import Options, scan
from ringwall.scan.checks.markup import acted_on
from ringwall.scan.checks.points import shape
from ringwall.scan.client import STORM, Client, Ended, curl
from ringwall.scan.jwt import claims, weak_key
from ringwall.scan.login import Unusable
from ringwall.scan.model import ANONYMOUS, Account, Call, Reply
from ringwall.scan.patterns import matching
from ringwall.scan.signing import account
from ringwall.scan.values import Dice, Maker

PATTERNS = (
    r"^\d{4}-\d{2}-\d{2}$", r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", r"^\d{12,19}$", r"^(GB|DE)\d{2}[A-Z]{4}\d{14}$",
    r"^/[A-Za-z0-9/_-]*$", r"^[\w .'*-]{1,60}$", r"^\+?[1-9]\d{1,14}$", r"[^@\s]+@[^@\s]+\.[a-z]{2,}",
    r"^#[0-9a-f]{6}$",
    r"^(?:[0-9A-F]{2}:){5}[0-9A-F]{2}$", r"^\S+$", r"^[^<>]*$", r"^.{3,5}$", "",
)  # fmt: skip


@given(st.sampled_from(PATTERNS), st.text("abcz09-é", max_size=12))
def test_made_texts_match_their_pattern(pattern: str, filler: str) -> None:
    made = matching(pattern, filler)
    assert made is not None
    assert re.search(pattern, made)


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", r"\p{L}+", "(" * 5000, r"^(?!x)x$"])
def test_a_pattern_that_cannot_be_served_gives_none(pattern: str) -> None:
    assert matching(pattern, "abc") is None


SCHEMAS = st.deferred(
    lambda: st.one_of(
        st.fixed_dictionaries({"type": st.just("string")}, optional={"minLength": st.integers(0, 20)}),
        st.fixed_dictionaries({"type": st.just("string"), "pattern": st.sampled_from(PATTERNS)}),
        st.fixed_dictionaries(
            {
                "type": st.just("string"),
                "format": st.sampled_from(["date", "date-time", "email", "uuid", "ipv4", "uri"]),
            }
        ),
        st.fixed_dictionaries({"type": st.just("integer"), "minimum": st.integers(-5, 50)}),
        st.fixed_dictionaries({"type": st.just("number"), "maximum": st.integers(-5, 50)}),
        st.fixed_dictionaries({"type": st.just("boolean")}),
        st.fixed_dictionaries({"enum": st.lists(st.sampled_from(["a", "b", 3]), min_size=1, unique=True)}),
        st.fixed_dictionaries({"type": st.just("array"), "items": SCHEMAS, "minItems": st.integers(0, 2)}),
        st.dictionaries(st.sampled_from("pqr"), SCHEMAS, max_size=3).map(
            lambda p: {"type": "object", "properties": p, "required": [*p]}
        ),
        st.sampled_from([{"type": "integer"}, {"type": "string"}]).map(lambda s: {"anyOf": [{"type": "null"}, s]}),
    )
)


@settings(max_examples=80, deadline=None)
@given(SCHEMAS, st.booleans())
def test_made_values_are_legal(schema: dict[str, object], full: bool) -> None:
    maker = Maker({}, Dice("seed"), lambda word: f"http://127.0.0.1:9/{word}")
    made = maker.make(schema, "value", "label", lambda name, flat: None, full=full)  # type: ignore[arg-type]
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    assert validator.is_valid(made), made


def test_the_same_seed_gives_the_same_words() -> None:
    assert Dice("a").word("x") == Dice("a").word("x") != Dice("b").word("x")
    assert Dice("a").word("x") != Dice("a").word("y")


# --- accounts


@pytest.mark.parametrize("stated", ["ana", "ana=bearer", "ana=bearer:", "ana=magic:x", "=bearer:x", "a b=bearer:x",
                                    "ana=header:X: a\r\nY: b", "ana=header: v", "ana=key:\U0001f600"])  # fmt: skip
def test_credentials_that_cannot_be_used_are_named_without_being_shown(stated: str) -> None:
    with pytest.raises(Unusable) as failure:
        account(stated, {})
    assert "\U0001f600" not in str(failure.value)


def test_an_account_shows_no_secret() -> None:
    made = account("ana=basic:ana:open sesame", {})
    assert made.headers == (("Authorization", "Basic YW5hOm9wZW4gc2VzYW1l"),)
    assert "sesame" not in repr(made)
    assert "YW5h" not in repr(made)


def test_a_line_to_repeat_it_names_a_variable_for_the_credential() -> None:
    made = account("ana-x=bearer:sesame.open.now", {})
    line = curl(Call("POST", "/a?b='", (("Content-Type", "text/plain"),), b"it's", made), "http://h")
    assert "sesame" not in line
    assert '-H "Authorization: $ANA_X"' in line


@given(st.text(max_size=60))
def test_any_text_is_a_token_to_look_at(text: str) -> None:
    assert isinstance(claims(text), dict)
    assert weak_key(text) is None


# --- replies


def reply(body: str, **headers: str) -> Reply:
    return Reply(
        200, {"content-type": "text/html", **{n.replace("_", "-"): v for n, v in headers.items()}}, body.encode()
    )


@pytest.mark.parametrize(
    ("shown", "acts"),
    [
        (reply("<p><rwtag x=1></p>"), True),
        (reply("<input value=\"\"><rwtag x=1>"), True),
        (reply("<p>&lt;rwtag x=1&gt;</p>"), False),
        (reply("<textarea><rwtag x=1></textarea>"), False),
        (reply("<title><rwtag x=1></title>"), False),
        (reply("<!-- <rwtag x=1> -->"), False),
        (reply("<input value='<rwtag x=1>'>"), False),
        (reply("<script>var a = '<rwtag x=1>'</script>"), False),
        (reply("<rwtag x=1>", content_type="application/json"), False),
        (reply("<rwtag x=1>", content_type="text/plain"), False),
        (reply("<rwtag x=1>", content_security_policy="default-src 'self'"), False),
        (reply("<rwtag x=1>", content_security_policy="default-src 'self' 'unsafe-inline'"), True),
        (reply("<rwtag x=1>", content_security_policy="img-src 'self'"), True),
        (reply("<rwtag x=1>", content_disposition="attachment"), False),
    ],
)  # fmt: skip
def test_markup_counts_where_a_browser_would_act_on_it(shown: Reply, acts: bool) -> None:
    assert acted_on(shown, "rwtag") is acts


def test_echoes_and_clocks_do_not_make_a_difference() -> None:
    one = Reply(200, {}, b'{"q": "a\\"b", "at": "2026-01-01T10:00:00Z", "id": "7c9e6679-7425-40de-944b-e07fc1f90ae7"}')
    two = Reply(200, {}, b'{"q": "zz", "at": "2026-02-02T11:00:01Z", "id": "550e8400-e29b-41d4-a716-446655440000"}')
    assert shape(one, ['a"b']) == shape(two, ["zz"])
    assert shape(one, []) != shape(two, [])


# --- the client


@contextmanager
def answering(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self) -> None:
            answer(self)

        do_POST = do_GET

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def plain(handler: BaseHTTPRequestHandler, status: int = 200, body: bytes = b"{}", **headers: str) -> None:
    handler.send_response(status)
    for name, value in {"Content-Length": str(len(body)), "Content-Type": "application/json", **headers}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def client(url: str, *, budget_s: float = 20, in_flight: int = 4, timeout_s: float = 2) -> Iterator[Client]:
    made = Client(url, in_flight=in_flight, rate=0, budget_s=budget_s, tls=None, timeout_s=timeout_s)
    try:
        yield made
    finally:
        made.close()


GET = Call("GET", "/x", (), b"", ANONYMOUS)


def test_a_storm_of_failures_ends_the_scan_if_the_pulse_is_gone() -> None:
    with answering(lambda h: plain(h, 500)) as url, client(url) as made:
        made.pulse = lambda: made.send(GET).fine
        for _ in range(STORM - 1):
            made.send(GET)
        with pytest.raises(Ended, match="failed"):
            made.send(GET)


def test_failures_of_probes_alone_end_nothing() -> None:
    with answering(lambda h: plain(h, 200 if h.path == "/well" else 500)) as url, client(url) as made:
        made.pulse = lambda: made.send(Call("GET", "/well", (), b"", ANONYMOUS)).fine
        for _ in range(3 * STORM):
            made.send(GET)


def test_no_more_than_so_many_are_in_flight() -> None:
    now, most, lock = 0, 0, threading.Lock()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.02)
        with lock:
            now -= 1
        plain(handler)

    with answering(answer) as url, client(url, in_flight=3) as made, ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: made.send(GET), range(24)))
    assert 1 < most <= 3


def test_a_spent_budget_ends_it_and_leaves_time_to_clean_up() -> None:
    with answering(plain) as url, client(url, budget_s=-1) as made:
        with pytest.raises(Ended, match="budget"):
            made.send(GET)
        made.grant(5)
        assert made.send(GET).fine


def test_a_redirect_is_a_reply_and_is_not_followed() -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        plain(handler, 302, b"", Location="/elsewhere")

    with answering(answer) as url, client(url) as made:
        assert made.send(GET).status == 302
    assert asked == ["/x"]


class _Rude(socketserver.BaseRequestHandler):
    """Answers with whatever the server was given, and hangs up."""

    def handle(self) -> None:
        self.request.recv(65536)
        self.request.sendall(self.server.answer)  # type: ignore[attr-defined]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", b"nonsense\r\n\r\n",
                                    b"HTTP/1.1 999999 X\r\n\r\n",
                                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                    b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"])  # fmt: skip
def test_a_broken_answer_is_no_answer(answer: bytes) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Rude) as server:
        server.answer = answer  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        with client(f"http://127.0.0.1:{server.server_address[1]}") as made:
            assert made.send(GET).status == 0
        server.shutdown()


def test_deep_json_is_no_document() -> None:
    assert Reply(200, {}, b"[" * 200_000).document is None


REF = {"$ref": "#/components/schemas/R"}
HOSTILE = {
    "openapi": "3.1.0",
    "info": {"title": "<b>\x1b[31m", "version": "1"},
    "paths": {
        "/a/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {}}],
                "responses": {"200": {"description": ""}},
            }
        },
        "/a": {
            "post": {"requestBody": {"content": {"application/json": {"schema": REF}}}, "responses": {}},
            "get": {"responses": {}},
        },
        "/reset": {"post": {"responses": {}}},
    },
    "components": {"schemas": {"R": {"type": "object", "properties": {"r": REF}, "required": ["r"]}}},
}


def test_a_hostile_target_and_a_recursive_schema_end_in_a_report() -> None:
    asked: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        plain(handler, 200, b'[{"id": "x\\u0000\\n"}, {"id": null}, [[[[[{"id": 1}]]]]]]')

    api, _ = load_api(HOSTILE, "hostile")  # type: ignore[arg-type]
    with answering(answer) as url:
        people = [Account(name, (("Authorization", f"Bearer {name}"),)) for name in ("a", "b")]
        report = scan(url, api, None, people, Options(seed="1", budget_s=10))
    assert report.ended is None
    assert not [path for path in asked if path.startswith("/reset")], "held back: its name speaks of harm"
    assert not [f for f in report.findings if f.kind not in ("headers", "inventory")]
