"""Real ringwall processes on free loopback ports, stopped for sure."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

PATIENCE_S = 40.0
ENTRY = (sys.executable, "-c", "from ringwall.cli import main; main()")


@dataclass
class Running:
    """A process that serves, with what its ready file says."""

    process: subprocess.Popen[bytes]
    directory: Path
    ready: dict[str, Any]

    @property
    def url(self) -> str:
        return str(self.ready["url"])

    @property
    def data(self) -> Path:
        return self.directory / "data"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def trust(self) -> ssl.SSLContext | bool:
        return ssl.create_default_context(cafile=self.ready["ca"]) if self.ready["ca"] else False

    def client(self, **headers: str) -> httpx.Client:
        return httpx.Client(base_url=self.url, verify=self.trust(), headers=headers, timeout=20.0, trust_env=False)

    def password(self, name: str) -> str:
        return next(str(a["password"]) for a in self.ready["accounts"] if a["name"] == name)

    def sign_in(self, name: str, password: str | None = None) -> str:
        form = {"grant_type": "password", "username": name, "password": password or self.password(name)}
        with self.client() as client:
            reply = client.post("/.ringwall/oauth/token", data=form)
        assert reply.status_code == 200, reply.text
        return str(reply.json()["access_token"])

    def output(self) -> str:
        """All that it wrote so far, to both streams."""
        return "".join((self.directory / name).read_text("utf-8", "replace") for name in ("out.txt", "err.txt"))

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Its exit status after a signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)

    def journal(self) -> list[dict[str, Any]]:
        """All records, read from the files."""
        found = sorted((self.data / "journal").rglob("*.jsonl"))
        lines = [line for path in found for line in path.read_bytes().splitlines()]
        return [json.loads(line[line.index(b"{") : line.rindex(b"}") + 1]) for line in lines]


def start(directory: Path, *arguments: str, env: Mapping[str, str] | None = None, cwd: Path | None = None,
          listen: str = "127.0.0.1:0") -> subprocess.Popen[bytes]:  # fmt: skip
    """`ringwall up`, with its output in files so that no pipe can fill up."""
    directory.mkdir(parents=True, exist_ok=True)
    ready = directory / "ready.json"
    ready.unlink(missing_ok=True)
    command = [*ENTRY, "up", "--listen", listen, "--data", str(directory / "data"),
               "--ready-file", str(ready), *arguments]  # fmt: skip
    with (directory / "out.txt").open("ab") as out, (directory / "err.txt").open("ab") as err:
        return subprocess.Popen(
            command, stdout=out, stderr=err, cwd=cwd or directory, env={**os.environ, **(env or {})}
        )


@contextmanager
def serving(directory: Path, *arguments: str, **options: Any) -> Iterator[Running]:
    """Serves within the block, and is gone after it."""
    process = start(directory, *arguments, **options)
    try:
        yield Running(process, directory, ready_of(process, directory))
    finally:
        end(process)


def ready_of(process: subprocess.Popen[bytes], directory: Path) -> dict[str, Any]:
    until = time.monotonic() + PATIENCE_S
    ready = directory / "ready.json"
    while not ready.exists():
        assert process.poll() is None, (directory / "err.txt").read_text()
        assert time.monotonic() < until, "not ready in time: " + (directory / "err.txt").read_text()
        time.sleep(0.05)
    found: dict[str, Any] = json.loads(ready.read_text())
    return found


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait(10)


def ringwall(*arguments: str, cwd: Path | None = None, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """One command, to its end."""
    return subprocess.run(
        [*ENTRY, *arguments], cwd=cwd, input=stdin, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def until(condition: Any, seconds: float = 10.0) -> bool:
    """Whether a condition comes true in time."""
    end_at = time.monotonic() + seconds
    while time.monotonic() < end_at:
        if condition():
            return True
        time.sleep(0.05)
    return bool(condition())
