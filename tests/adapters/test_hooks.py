"""Sink hooks over real effects: the hostile one does not happen and the reply is replaced; the honest one does."""

from __future__ import annotations

import asyncio
import contextlib
import http.server
import os
import shlex
import socket
import sqlite3
import subprocess
import threading
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import jinja2
import pytest
import sqlalchemy
import uvloop
import yaml

from adapters.adapter_walls import Journal, guards, wall
from adapters.test_asgi import Wire, scope
from ringwall.adapters import hooks
from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.effects import SinkRefused
from ringwall.adapters.wsgi import WsgiWall
from ringwall.layers.sinks import Watch

Deed = Callable[[str], object]


@pytest.fixture(autouse=True)
def _hooked() -> None:
    hooks.install()
    hooks.install()


def ask(deed: Deed, value: str, *, swallow: bool = False, factory: Any = asyncio.new_event_loop) -> str:
    """The reason of the exchange in which the application did this deed with this value, or "done"."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        try:
            found = deed(value)
            if asyncio.iscoroutine(found):
                await found
        except SinkRefused:
            if not swallow:
                raise
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    journal, wire = Journal(), Wire()
    built = AsgiWall(app, wall(journal, given=guards(Watch())))
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(built(scope(f"/x?q={quote(value)}"), wire.receive, wire.send))
    (event,) = journal.events
    assert (wire.status == 200) == (event.reason is None)
    return event.reason or "done"


# --- SQL


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sqlalchemy.Engine]:
    made = sqlalchemy.create_engine(f"sqlite:///{tmp_path / 'x.db'}")
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE users (name TEXT, secret TEXT)")
        connection.exec_driver_sql("INSERT INTO users VALUES ('O''Brien', 's'), ('ana', 't')")
    yield made
    made.dispose()


ATTACK = "x' OR '1'='1"


@pytest.mark.parametrize(("value", "reason", "rows"), [(ATTACK, "sinks.sql", []), ("ana", "done", ["ana"])])
@pytest.mark.parametrize("swallow", [False, True])
def test_sqlalchemy_runs_no_statement_that_the_request_wrote(
    engine: sqlalchemy.Engine, value: str, reason: str, rows: list[str], swallow: bool
) -> None:
    seen: list[str] = []

    def deed(given: str) -> None:
        with engine.begin() as connection:
            text = sqlalchemy.text(f"SELECT name FROM users WHERE name = '{given}'")
            seen.extend(connection.execute(text).scalars())

    assert (ask(deed, value, swallow=swallow), seen) == (reason, rows)


def test_sqlalchemy_binds_what_would_be_an_attack(engine: sqlalchemy.Engine) -> None:
    def deed(given: str) -> None:
        with engine.begin() as connection:
            connection.execute(sqlalchemy.text("SELECT name FROM users WHERE name = :name"), {"name": given})

    assert ask(deed, ATTACK) == "done"


def test_a_pool_is_usable_after_a_refusal(engine: sqlalchemy.Engine) -> None:
    def deed(given: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("UPDATE users SET secret = 'lost'")
            connection.exec_driver_sql(f"SELECT 1 WHERE '{given}'")

    assert ask(deed, ATTACK) == "sinks.sql"
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT secret FROM users").scalars().all() == ["s", "t"]


@pytest.mark.parametrize("way", ["execute", "executescript", "cursor"])
def test_plain_sqlite_is_watched(way: str) -> None:
    base = sqlite3.connect(":memory:", check_same_thread=False)
    base.execute("CREATE TABLE t (a)")

    def deed(given: str) -> None:
        taker = base.cursor() if way == "cursor" else base
        run = taker.executescript if way == "executescript" else taker.execute
        run(f"INSERT INTO t VALUES ('{given}')")

    assert ask(deed, "x'); DROP TABLE t; --") == "sinks.sql"
    assert ask(deed, "one; two") == "done"
    assert base.execute("SELECT a FROM t").fetchall() == [("one; two",)]
    base.close()


# --- processes

DEEDS: list[Callable[[str, str], Any]] = [
    lambda marker, given: subprocess.run(f"true {given}", shell=True, check=False),
    lambda marker, given: os.system(f"true {given}"),
    lambda marker, given: os.popen(f"true {given}").close(),
    lambda marker, given: subprocess.run(["sh", "-c", f"true {given}"], check=False),
]


async def _async_shell(given: str) -> None:
    await (await asyncio.create_subprocess_shell(f"true {given}")).wait()


@pytest.mark.parametrize("deed", DEEDS)
def test_no_command_runs_that_the_request_wrote(deed: Callable[[str, str], Any], tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    attack = f"x; touch {marker}"
    assert ask(lambda given: deed(str(marker), given), attack) == "sinks.process"
    assert not marker.exists()
    assert ask(lambda given: deed(str(marker), shlex.quote(given)), attack) == "done"
    assert not marker.exists()
    deed(str(marker), attack)  # outside an exchange nothing is judged, and the attack is a real one
    assert marker.exists()


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_no_async_command_runs_that_the_request_wrote(factory: Any, tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    assert ask(_async_shell, f"x; touch {marker}", factory=factory) == "sinks.process"
    assert not marker.exists()
    assert ask(_async_shell, "plain", factory=factory) == "done"


def test_an_unsafe_loader_runs_no_command_of_the_request(tmp_path: Path) -> None:
    marker = tmp_path / "owned"
    attack = f"a: !!python/object/apply:os.system ['touch {marker}']"
    assert ask(yaml.unsafe_load, attack) == "sinks.process"
    assert not marker.exists()
    assert ask(yaml.unsafe_load, "a: plain") == "done"


def test_no_expression_of_the_request_is_evaluated() -> None:
    assert ask(lambda given: eval(given), "__import__('os').getpid()") == "sinks.template"
    assert ask(lambda given: eval("len(given)", {"given": given}), "__import__('os').getpid()") == "done"


# --- files


def test_no_file_opens_outside_its_place(tmp_path: Path) -> None:
    (tmp_path / "forms").mkdir()
    (tmp_path / "forms" / "a.txt").write_text("form")
    (tmp_path / "secret").write_text("secret")
    read: list[str] = []

    def deed(given: str) -> None:
        read.append((tmp_path / "forms" / given).read_text())

    assert ask(deed, "../secret") == "sinks.file"
    assert ask(deed, str(tmp_path / "secret")) == "sinks.file"
    assert ask(lambda given: os.remove(tmp_path / "forms" / given), "../secret") == "sinks.file"
    assert ask(deed, "a.txt") == "done"
    assert read == ["form"]
    assert (tmp_path / "secret").exists()


def test_no_entity_opens_a_file(tmp_path: Path) -> None:
    import xml.sax
    from xml.sax.handler import ContentHandler, feature_external_ges

    (tmp_path / "secret").write_text("secret")
    heard: list[str] = []

    class Reading(ContentHandler):
        def characters(self, content: str) -> None:
            heard.append(content)

    def deed(given: str) -> None:
        parser = xml.sax.make_parser()
        parser.setContentHandler(Reading())
        parser.setFeature(feature_external_ges, True)
        parser.parse(BytesIO(given.encode()))

    attack = f'<!DOCTYPE a [<!ENTITY e SYSTEM "file://{tmp_path}/secret">]><a>&e;</a>'
    assert ask(deed, attack) == "sinks.file"
    assert "secret" not in heard
    assert ask(deed, "<a>honest</a>") == "done"
    assert "honest" in heard


# --- connections


@pytest.fixture
def inside() -> Iterator[tuple[str, list[str]]]:
    """A server that only the application should reach, and the paths it was asked for."""
    asked: list[str] = []

    class Answering(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield str(server.server_port), asked
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1"])
def test_no_internal_address_is_reached_that_the_request_named(host: str, inside: tuple[str, list[str]]) -> None:
    port, asked = inside

    def deed(given: str) -> None:
        urllib.request.urlopen(given, timeout=5).close()

    assert ask(deed, f"http://{host}:{port}/owned") == "sinks.network"
    assert ask(lambda given: deed(f"http://127.0.0.1:{port}/{given}"), "own") == "done"
    assert asked == ["/own"]


@pytest.mark.parametrize("factory", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_async_connections_are_watched(factory: Any, inside: tuple[str, list[str]]) -> None:
    port, _ = inside

    async def deed(given: str) -> None:
        _, writer = await asyncio.open_connection(given, int(port))
        writer.close()
        await writer.wait_closed()

    assert ask(deed, "localhost", factory=factory) == "sinks.network"
    assert ask(lambda given: deed("localhost"), "elsewhere.example", factory=factory) == "done"


def test_a_socket_that_resolves_by_itself_is_watched(inside: tuple[str, list[str]]) -> None:
    def deed(given: str) -> None:
        with socket.socket() as made:
            made.connect((given, int(inside[0])))

    assert ask(deed, "localhost") == "sinks.network"
    assert ask(lambda given: deed("localhost"), "elsewhere") == "done"


# --- templates


def test_no_template_is_compiled_of_the_request() -> None:
    made: list[str] = []

    def deed(given: str) -> None:
        made.append(jinja2.Environment().from_string(f"Dear {given}").render())

    assert ask(deed, "{{ 7*7 }}") == "sinks.template"
    assert ask(deed, "Ana") == "done"
    assert ask(lambda given: jinja2.Environment().from_string("{{ a }}").render(a=given), "{{ 7*7 }}") == "done"
    assert made == ["Dear Ana"]


# --- where it holds


def test_an_observed_layer_lets_it_happen_and_says_so(tmp_path: Path) -> None:
    from dataclasses import replace

    from ringwall.core.reasons import Layer

    marker, journal, wire = tmp_path / "seen", Journal(), Wire()
    built = wall(journal, given=guards(Watch()))
    plans = tuple(replace(plan, observe=frozenset({Layer.SINKS})) for plan in built.plans)
    observing = replace(built, route=lambda head: (plans[0], {}), plans=plans)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        os.system(f"true x; touch {marker}")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    given = scope(f"/x?q={quote(f'x; touch {marker}')}")
    asyncio.run(AsgiWall(app, observing)(given, wire.receive, wire.send))
    assert (wire.status, marker.exists(), journal.events[0].decision) == (200, True, "observe")


@pytest.mark.parametrize("way", ["to_thread", "executor", "pool"])
def test_worker_threads_belong_to_the_exchange(way: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    path = tmp_path / "forms" / ".." / "secret"

    async def deed(given: str) -> None:
        if way == "to_thread":
            await asyncio.to_thread(path.read_text)
        elif way == "executor":
            await asyncio.get_running_loop().run_in_executor(None, path.read_text)
        else:
            with ThreadPoolExecutor(1) as pool:
                await asyncio.wrap_future(pool.submit(path.read_text))

    assert ask(deed, "../secret") == "sinks.file"


def test_background_work_is_still_held(tmp_path: Path) -> None:
    marker, held, wire = tmp_path / "owned", [], Wire()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})
        with contextlib.suppress(SinkRefused):
            os.system(f"true x; touch {marker}")
            held.append("ran")

    given = scope(f"/x?q={quote(f'x; touch {marker}')}")
    asyncio.run(AsgiWall(app, wall(given=guards(Watch())))(given, wire.receive, wire.send))
    assert (wire.status, held, marker.exists()) == (200, [], False)


def test_wsgi_applications_are_watched_too(tmp_path: Path) -> None:
    from adapters.test_wsgi import environ

    marker, told = tmp_path / "owned", []

    def app(given: Any, start_response: Any) -> Any:
        with contextlib.suppress(SinkRefused):
            os.system(f"true x; touch {marker}")
        start_response("200 OK", [])
        return [b"{}"]

    given = environ(QUERY_STRING=f"q={quote(f'x; touch {marker}')}")
    list(WsgiWall(app, wall(given=guards(Watch())))(given, lambda status, headers: told.append(status)))  # type: ignore[arg-type]
    assert (told[0][:3], marker.exists()) == ("403", False)


@pytest.mark.parametrize("way", ["asgi", "wsgi"])
def test_django_runs_no_statement_that_the_request_wrote(way: str) -> None:
    import httpx

    from adapters.test_frameworks import asking, django_asgi, django_wsgi

    app = django_asgi() if way == "asgi" else django_wsgi()
    hooks.install()
    built = wall(given=guards(Watch()))
    transport = httpx.WSGITransport(WsgiWall(app, built)) if way == "wsgi" else None
    with httpx.Client(transport=transport, base_url="http://api.example") as client:
        ask_it = client.request if transport else asking(AsgiWall(app, built))
        hostile = ask_it("GET", "/search", params={"q": "b' OR '1'='1"})
        honest = ask_it("GET", "/search", params={"q": "a"})
    assert (hostile.status_code, hostile.json()["reason"]) == (403, "sinks.sql")
    assert honest.json() == {"rows": [["x"]]}
