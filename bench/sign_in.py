"""What 50 sign-ins at once do to the requests of those who have signed in: their latency beside that of a quiet time.

One `ringwall up` in front of a small application, in process, over loopback without TLS. Quiet and busy rounds follow
each other, so that whatever else the machine does falls on both. Run by hand: python bench/sign_in.py
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

import httptools

from ringwall.build.identity import accounts_on
from ringwall.identity.apikeys import ApiKeys
from ringwall.state.sqlite import Store

APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await send({"type": "http.response.body", "body": b"ok"})
"""
OPENAPI = {
    "openapi": "3.1.0",
    "info": {"title": "bench", "version": "1"},
    "paths": {"/ok": {"get": {"responses": {"200": {"description": "ok", "content": {"text/plain": {}}}}}}},
}
CONTRACT = """
ringwall: 1
api: openapi.json
authentication: {accounts: true, api_keys: true}
roles: {user: {}}
operations: {"GET /ok": {allow: [user]}}
"""
WORDS = "seven blue herons wade"


class Client:
    """One kept connection; a request, and the seconds until its reply was whole."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.reader: asyncio.StreamReader | None = None
        self.writer: asyncio.StreamWriter | None = None

    async def ask(self, request: bytes) -> tuple[int, float]:
        if self.reader is None or self.writer is None:
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        done = _Done()
        parser = httptools.HttpResponseParser(done)
        began = time.perf_counter()
        self.writer.write(request)
        while not done.whole:
            parser.feed_data(await self.reader.read(65536))
        return parser.get_status_code(), time.perf_counter() - began


class _Done:
    whole = False

    def on_message_complete(self) -> None:
        self.whole = True


async def requests(port: int, key: str, seconds: float, out: list[float]) -> None:
    """One caller that asks, waits a little, and asks again."""
    client, until = Client(port), time.monotonic() + seconds
    request = f"GET /ok HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n\r\n".encode()
    while time.monotonic() < until:
        status, took = await client.ask(request)
        if status != 200:
            raise SystemExit(f"status {status}")
        out.append(took)
        await asyncio.sleep(0.005)


async def sign_ins(port: int, names: list[str], took: list[float], stop: asyncio.Event) -> None:
    """Fifty people, each signing in again and again as fast as the answers come."""

    async def one(name: str) -> None:
        client = Client(port)
        body = f"grant_type=password&username={name}&password={WORDS.replace(' ', '+')}"
        head = "POST /.ringwall/oauth/token HTTP/1.1\r\nHost: localhost\r\n"
        head += f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        while not stop.is_set():
            status, seconds = await client.ask((head + body).encode())
            if status != 200:
                raise SystemExit(f"sign-in: status {status}")
            took.append(seconds)

    await asyncio.gather(*map(one, names))


async def measure(port: int, key: str, names: list[str], rounds: int, seconds: float) -> dict[str, float]:
    """Percentiles in milliseconds, quiet and busy."""
    quiet: list[float] = []
    busy: list[float] = []
    signing: list[float] = []
    spent = 0.0
    await _callers(port, key, 0.5, [])
    for _ in range(rounds):
        await _callers(port, key, seconds, quiet)
        stop, began = asyncio.Event(), time.monotonic()
        crowd = asyncio.create_task(sign_ins(port, names, signing, stop))
        await asyncio.sleep(0.2)
        await _callers(port, key, seconds, busy)
        stop.set()
        await crowd
        spent += time.monotonic() - began
    found = {
        "quiet p50": _at(quiet, 50), "quiet p99": _at(quiet, 99), "busy p50": _at(busy, 50), "busy p99": _at(busy, 99),
        "sign-in p50": _at(signing, 50), "sign-ins/s": len(signing) / spent,
    }  # fmt: skip
    return found | {"p99 ratio": found["busy p99"] / found["quiet p99"]}


async def _callers(port: int, key: str, seconds: float, out: list[float]) -> None:
    await asyncio.gather(*(requests(port, key, seconds, out) for _ in range(4)))


def _at(values: list[float], percent: int) -> float:
    return statistics.quantiles(values, n=100)[percent - 1] * 1000


def served(
    directory: Path, act: Callable[[int, str, list[str]], Coroutine[None, None, dict[str, float]]]
) -> dict[str, float]:
    """Start a deployment with fifty accounts and a key, and measure."""
    (directory / "bench_app.py").write_text(APP)
    (directory / "openapi.json").write_text(json.dumps(OPENAPI))
    (directory / "ringwall.yaml").write_text(CONTRACT)
    data = directory / "data"
    data.mkdir()
    store = Store(data / "state.db")
    names = [f"user{i}" for i in range(50)]
    for name in names:
        accounts_on(store).create(name, WORDS, frozenset({"user"}), None)
    key, _ = ApiKeys(store, time.time).issue("bench", frozenset({"user"}))
    store.close()
    ready = directory / "ready.json"
    command = [sys.executable, "-c", "from ringwall.cli import main; main()", "up", "bench_app:app",
               "--contract", "ringwall.yaml", "--listen", "127.0.0.1:0", "--tls", "off", "--data", str(data),
               "--ready-file", str(ready)]  # fmt: skip
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        while not ready.exists():
            if process.poll() is not None:
                raise SystemExit("it did not start")
            time.sleep(0.05)
        port = int(json.loads(ready.read_text())["url"].rpartition(":")[2])
        return asyncio.run(act(port, key, names))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main() -> None:
    """Print the figures: milliseconds, but for the rate and the ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        found = served(Path(scratch), lambda *at: measure(*at, asked.rounds, asked.seconds))
    found["load"] = os.getloadavg()[0]
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, value in found.items():
        sys.stdout.write(f"{name:14} {value:10.2f}\n")


if __name__ == "__main__":
    main()
