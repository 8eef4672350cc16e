"""What the tests in front of real servers stand on: processes that surely end, and a gateway with its two keys."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

ROOT = Path(__file__).parents[2]
RINGWALL = (sys.executable, "-c", "from ringwall.cli import main; main()")
START_SECONDS = 90
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def programs(name: str) -> Path:
    """Where a server's own programs are; a test that needs them is skipped where they are not installed."""
    place = ROOT / ".servers" / name
    if not (place / "bin" / name).exists():
        why = f"{name} is not installed: `make .servers/{name}/ready` installs it from its lock file"
        if os.environ.get("RINGWALL_REQUIRE_SERVERS") == "1":
            pytest.fail(why)
        pytest.skip(why)
    return place / "bin"


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def clean(extra: Mapping[str, str]) -> dict[str, str]:
    """This environment without proxies and without settings of the servers that a developer may have."""
    kept = {k: v for k, v in os.environ.items() if k not in PROXIES and not k.startswith(("PREFECT_", "CHROMA_"))}
    return {**kept, "NO_COLOR": "1", "DO_NOT_TRACK": "1", "PYTHONUNBUFFERED": "1", **extra}


@contextmanager
def running(
    command: Sequence[str | Path], ready: str | Path, directory: Path, env: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A server in a process group of its own, from when it is ready (a URL answers, or a file is there) to the end.

    Fails the test with what the server said where it ends, or is not ready, before its time."""
    log = directory / f"{Path(command[0]).name}-{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(part) for part in command], cwd=directory, env=clean(env),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    with ended(process):
        _wait(process, ready, log)
        yield process


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process and its whole group afterwards, whatever happens."""
    try:
        yield
    finally:
        _end(process)


def _wait(process: subprocess.Popen[bytes], ready: str | Path, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while not _is_ready(ready):
        if process.poll() is not None or time.monotonic() > until:
            state = f"ended with {process.returncode}" if process.returncode is not None else "does not get ready"
            said = log.read_text("utf-8", "replace")[-3000:]
            pytest.fail(f"{' '.join(map(str, process.args))} {state}; it said:\n{said}")  # type: ignore[arg-type]
        time.sleep(0.05)


def _is_ready(ready: str | Path) -> bool:
    if isinstance(ready, Path):
        return ready.exists()
    try:
        with urllib.request.urlopen(ready, timeout=5):
            return True
    except (OSError, http.client.HTTPException):
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """The whole group, politely, then not; also where its leader is already gone."""
    for number, seconds in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait(5)


def ringwall(*arguments: str | Path, directory: Path, status: int = 0) -> str:
    """What a command prints; its exit status must be `status`."""
    done = subprocess.run(
        [*RINGWALL, *map(str, arguments)], cwd=directory, env=clean({}), capture_output=True, text=True, timeout=120
    )  # fmt: skip
    assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def client(program: Path, script: str, directory: Path, env: Mapping[str, str]) -> str:
    """What a script prints that uses a server's own client, in that client's environment."""
    done = subprocess.run(
        [str(program), "-c", script], cwd=directory, env=clean(env), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def reason(self) -> str:
        """The reason code of a refusal."""
        found = json.loads(self.content)["reason"]
        assert self.headers["content-type"] == "application/problem+json"
        return str(found)


@dataclass(frozen=True)
class Protected:
    """A real server, `bare`, and the gateway before it, `url`: a key whose role may do all, and one whose may not."""

    bare: str
    url: str
    directory: Path
    key: str
    reader: str

    def ask(
        self, method: str, path: str, content: bytes | None = None, *, key: str | None = None, url: str | None = None,
        **headers: str,
    ) -> Reply:  # fmt: skip
        """One request through ringwall (or to `url`), with a key as the bearer."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if key is not None:
            given["Authorization"] = f"Bearer {key}"
        connection = http.client.HTTPConnection(urlsplit(url or self.url).netloc, timeout=30)
        try:
            connection.request(method, path, content, given)
            reply = connection.getresponse()
            return Reply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def events(self) -> list[dict[str, object]]:
        """Every exchange in the journal, oldest first."""
        lines = ringwall("audit", "export", "--format", "jsonl", directory=self.directory).splitlines()
        return [told["record"] for told in map(json.loads, lines) if told["log"] != "admin"]

    def proved(self) -> dict[str, object]:
        """What `audit verify` says."""
        told: dict[str, object] = json.loads(ringwall("audit", "verify", "--json", directory=self.directory))
        return told


@contextmanager
def protected(bare: str, directory: Path, contract: Path) -> Iterator[Protected]:
    """The gateway in front of a running server under a contract that knows the roles `user` and `reader`."""
    port, ready = free_port(), directory / "ready.json"
    command = [*RINGWALL, "up", bare, "--contract", contract, "--tls", "off", "--listen", f"127.0.0.1:{port}"]
    with running([*command, "--ready-file", ready], ready, directory, {}):
        keys = [
            ringwall("apikeys", "issue", "--name", role, "--role", role, "--contract", contract, directory=directory)
            for role in ("user", "reader")
        ]
        yield Protected(bare, f"http://127.0.0.1:{port}", directory, keys[0].strip(), keys[1].strip())
