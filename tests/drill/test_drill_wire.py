"""The attacks that only a socket can carry, on real ones: the clinic in process behind uvicorn, and bare behind the
gateway. None hurts, the honest twin is served, and the journal has the reason."""

from __future__ import annotations

import asyncio
import http.client
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from ringwall.adapters.gateway import Bounds, Gateway, Upstream, fetcher
from ringwall.adapters.uvicorn_http import strict_http
from ringwall.attacks import Case, Received, Reply, Sent, corpus, strike
from ringwall.build.assemble import Circumstances, Prepared, assemble, prepare
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import open_runtime
from ringwall.core.event import Event
from ringwall.drill.sandbox import Sandbox
from ringwall.examples.clinic import create_app

WIRE = {case.name: case for case in corpus() if case.wire}
REASONS = {
    "flood-slow-body": ("transport.slow", "transport.slow"),
    "flood-slow-head": ("transport.slow", "transport.slow"),
    "path-dots-in-request-line": ("transport.path", "transport.path"),
    "smuggling-bare-line-feed": ("transport.line", "transport.line"),
    "smuggling-chunk-size": ("transport.chunk", "transport.chunk"),
    "smuggling-chunks-spelled": ("transport.framing", "transport.framing"),
    "smuggling-folded-header": ("transport.fold", "transport.fold"),
    "smuggling-length-and-chunks": ("transport.framing", "transport.framing"),
    "smuggling-signed-length": ("transport.framing", "transport.framing"),
    "smuggling-space-before-colon": ("transport.header", "transport.header"),
    "smuggling-two-hosts": ("transport.host", "transport.host"),
    "smuggling-two-lengths": ("transport.framing", "transport.framing"),
}
"""What the journal says of each: in process, and at the gateway."""
QUICK = Bounds(head=2.0)
"""What a slow head is let have: no shorter, since the honest twin's has to be read in it on a busy machine."""
PATIENCE = 30.0
"""How long a connection is given to be closed, in seconds, where the wall is to close it."""
SILENT = 1.0
"""How long a plain server is watched not closing one."""
Serving = Callable[[asyncio.AbstractEventLoop], AbstractContextManager[int]]


@contextmanager
def looped() -> Iterator[asyncio.AbstractEventLoop]:
    """An event loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _cancel_all() -> None:
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class _Quiet(uvicorn.Server):
    """A server in a thread: signals are not its own."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def by_uvicorn(loop: asyncio.AbstractEventLoop, app: Any, protocol: Any) -> Iterator[int]:
    """An application on a port."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app, http=protocol, lifespan="off", log_config=None, server_header=False, timeout_keep_alive=1
    )
    server = _Quiet(config)
    server.force_exit = True
    running = asyncio.run_coroutine_threadsafe(server.serve([listener]), loop)
    while not server.started:
        time.sleep(0.005)
    yield listener.getsockname()[1]
    server.should_exit = True
    running.result(PATIENCE)
    listener.close()


def sender(port: int) -> Callable[[Sent], Reply]:
    def send(sent: Sent) -> Reply:
        talk = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        talk.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
        for name, value in sent.headers:
            talk.putheader(name, value)
        talk.endheaders(sent.body or None)
        reply = talk.getresponse()
        found = Reply(reply.status, tuple(reply.getheaders()), reply.read())
        talk.close()
        return found

    return send


def transmitter(port: int, patience: float = PATIENCE) -> Callable[[bytes], Received]:
    def transmit(data: bytes) -> Received:
        got = b""
        with socket.create_connection(("127.0.0.1", port)) as there:
            there.settimeout(patience)
            there.sendall(data)
            try:
                while part := there.recv(65_536):
                    got += part
            except TimeoutError:
                return Received(got, closed=False)
            except ConnectionError:
                pass
        return Received(got, closed=True)

    return transmit


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    log = logging.getLogger("ringwall")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)
    yield Sandbox(tmp_path_factory.mktemp("wire"))
    log.setLevel(before)


@pytest.fixture(scope="module")
def prepared(sandbox: Sandbox) -> Prepared:
    """The clinic's contract, with less patience than it states for a body that never comes."""
    contract = sandbox.contract
    return prepare(replace(contract, limits=replace(contract.limits, seconds=3.0)))


def bounds(case: Case) -> Bounds:
    """Those of a server, shortened where the case is there to outlast them."""
    return QUICK if case.name == "flood-slow-head" else Bounds()


def hostile(events: list[Event], case: Case) -> list[str | None]:
    """The reasons in the events after those of the honest twin."""
    return [event.reason for event in events[sum(draft.times for draft in (*case.setup, *case.honest)) :]]


def settled(events: list[Event], case: Case) -> list[str | None]:
    """As `hostile`, once there is one: a reply may be read before its neighbours are recorded."""
    until = time.monotonic() + PATIENCE
    while not (found := hostile(events, case)) and time.monotonic() < until:
        time.sleep(0.01)
    return found


@pytest.mark.parametrize("case", WIRE.values(), ids=WIRE)
def test_in_process_no_bytes_hurt(case: Case, sandbox: Sandbox, prepared: Prepared) -> None:
    events: list[Event] = []
    with sandbox.fresh() as (grounds, data), looped() as loop:
        runtime = open_runtime(data)
        app = protected_asgi(create_app(grounds.directory), prepared, runtime, Circumstances(watch=events.append))
        with by_uvicorn(loop, app, strict_http(app.wall, bounds(case))) as port:
            outcome = strike(case, sender(port), transmitter(port), grounds)
            reasons = settled(events, case)
        runtime.close()
    assert outcome.honest_ok, [(reply.status, reply.body) for reply in outcome.honest]
    assert not outcome.hurt
    assert REASONS[case.name][0] in reasons


@pytest.mark.parametrize("case", WIRE.values(), ids=WIRE)
def test_at_the_gateway_no_bytes_hurt(case: Case, sandbox: Sandbox, prepared: Prepared) -> None:
    events: list[Event] = []
    with sandbox.fresh() as (grounds, data), looped() as loop:
        runtime = open_runtime(data)
        with by_uvicorn(loop, create_app(grounds.directory), "httptools") as behind:
            upstream = Upstream(f"http://127.0.0.1:{behind}")
            wall = assemble(prepared, runtime, Circumstances(watch=events.append, fetch=fetcher(upstream)))
            starting = Gateway(wall, upstream, bounds=bounds(case)).serve()
            server = asyncio.run_coroutine_threadsafe(starting, loop).result(PATIENCE)
            outcome = strike(case, sender(server.port), transmitter(server.port), grounds)
            reasons = settled(events, case)
            asyncio.run_coroutine_threadsafe(server.close(0.1), loop).result(PATIENCE)
        runtime.close()
    assert outcome.honest_ok, [(reply.status, reply.body) for reply in outcome.honest]
    assert not outcome.hurt
    assert REASONS[case.name][1] in reasons


@pytest.mark.parametrize("name", ["flood-slow-body", "flood-slow-head", "path-dots-in-request-line"])
def test_behind_a_plain_server_the_bare_clinic_is_hurt(name: str, sandbox: Sandbox) -> None:
    """The others hurt only where a front reads otherwise than the server does; llhttp refuses them by itself."""
    case = WIRE[name]
    with (
        sandbox.fresh() as (grounds, _),
        looped() as loop,
        by_uvicorn(loop, create_app(grounds.directory), "httptools") as port,
    ):
        outcome = strike(case, sender(port), transmitter(port, SILENT), grounds)
    assert outcome.honest_ok
    assert outcome.hurt


def test_up_answers_what_is_no_http_with_a_reason_and_an_event(tmp_path: Path) -> None:
    ready, data = tmp_path / "ready.json", tmp_path / "data"
    options = ["--listen", "127.0.0.1:0", "--tls", "off", "--data", str(data), "--ready-file", str(ready)]
    command = [sys.executable, "-c", "from ringwall.cli import main; main()", "up", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ}) as up:
        try:
            until = time.monotonic() + 60
            while not ready.exists() and up.poll() is None and time.monotonic() < until:
                time.sleep(0.05)
            port = int(json.loads(ready.read_text())["url"].rpartition(":")[2])
            replied = transmitter(port)(b"\x16\x03\x01\x02\x00\x01").data
        finally:
            with suppress(ProcessLookupError):
                up.send_signal(signal.SIGINT)
            up.communicate(timeout=30)
    head, _, body = replied.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"content-type: application/problem+json" in head.lower()
    assert json.loads(body)["reason"] == "transport.syntax"
    journal = b"".join(path.read_bytes() for path in (data / "journal").rglob("*") if path.is_file())
    assert b'"transport.syntax"' in journal
