"""What the gateway itself costs: requests a second through it against the application alone, and against nginx as a
reverse proxy where that is installed, with CPU time per request. The wall is open: no guard runs.

    python bench/gateway.py [--seconds 3] [--connections 32] [--nginx PATH] [--json]

Each server is one process on this machine; the load comes from another. Shares of one run compare, figures of
different machines or moments do not.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

CONTENT = b'{"items": [' + b",".join(b'{"id": %d, "name": "n"}' % n for n in range(10)) + b"]}"
REPLY = (
    b"HTTP/1.1 200 OK\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nServer: bench\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%b" % (len(CONTENT), CONTENT)
)
GET = (
    b"GET /items?limit=10 HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: bench/1\r\nAccept: application/json\r\n"
    b"Accept-Encoding: gzip\r\nAuthorization: Bearer abcdefghijklmnopqrstuvwxyz\r\n\r\n"
)
BODY = b'{"name": "' + b"n" * 288 + b'"}'
POST = (
    b"POST /items HTTP/1.1\r\nHost: bench.example\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(BODY), BODY)
)


@dataclass(frozen=True)
class Row:
    """One case: what stood in the way, and what it came to."""

    case: str
    through: str
    requests_per_second: int
    share_of_direct: float
    cpu_us_per_request: float


class Fixed(asyncio.Protocol):
    """An application that answers each request with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.left = b""

    def data_received(self, data: bytes) -> None:
        data = self.left + data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            size = end + 4 + (len(BODY) if data.startswith(b"POST") else 0)
            if len(data) < size:
                break
            data = data[size:]
            self.transport.write(REPLY)  # type: ignore[attr-defined]
        self.left = data


def serve_fixed(port: int) -> None:
    """Run the application."""

    async def main() -> None:
        server = await asyncio.get_running_loop().create_server(Fixed, "127.0.0.1", port)
        await server.serve_forever()

    uvloop.run(main())


def serve_gateway(port: int, application: int) -> None:
    """Run the gateway, with a wall that has no guards."""
    from adapters.gateway.served_apart import open_wall
    from ringwall.adapters.gateway import Gateway, Upstream

    async def main() -> None:
        await Gateway(open_wall(), Upstream(f"http://127.0.0.1:{application}")).serve(port=port)
        await asyncio.Event().wait()

    uvloop.run(main())


class Load(asyncio.Protocol):
    """One connection that asks again as soon as it is answered, and counts."""

    def __init__(self, request: bytes, end: float) -> None:
        self.request, self.end, self.count, self.got = request, end, 0, b""
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.got += data
        if not self.got.endswith(CONTENT):
            return
        self.count += 1
        self.got = b""
        if time.monotonic() < self.end:
            self.transport.write(self.request)  # type: ignore[attr-defined]
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set_result(self.count)


async def load(port: int, request: bytes, seconds: float, connections: int) -> int:
    """How many requests were answered."""
    loop, end = asyncio.get_running_loop(), time.monotonic() + seconds
    made = [await loop.create_connection(lambda: Load(request, end), "127.0.0.1", port) for _ in range(connections)]
    return sum([await protocol.done for _, protocol in made])


def cpu_seconds(pids: list[int]) -> float:
    """User and system time of processes so far."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    """A port that is free now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Wait until something listens."""
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"nothing listens on port {port}")


NGINX = """daemon off; worker_processes 1; pid {at}/pid; error_log {at}/error.log crit;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;
uwsgi_temp_path {at}/u; scgi_temp_path {at}/s; keepalive_requests 1000000000;
upstream app {{ server 127.0.0.1:{application}; keepalive 64; keepalive_requests 1000000000; }}
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://app; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_set_header Host $host; }} }} }}
"""


@contextmanager
def nginx(binary: str, application: int) -> Iterator[tuple[int, list[int]]]:
    """nginx with one worker in front of the application."""
    port = free_port()
    with tempfile.TemporaryDirectory() as at:
        Path(at, "conf").write_text(NGINX.format(at=at, application=application, port=port))
        running = subprocess.Popen([binary, "-p", at, "-c", f"{at}/conf"], stderr=subprocess.DEVNULL)  # noqa: S603 - named by who runs it
        try:
            wait_for(port)
            children = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
            yield port, [running.pid, *map(int, children)]
        finally:
            running.terminate()
            running.wait()


@contextmanager
def process(target: object, *args: int) -> Iterator[tuple[int, list[int]]]:
    """One of the servers above, on a port of its own."""
    port = free_port()
    running = multiprocessing.get_context("spawn").Process(target=target, args=(port, *args))  # type: ignore[arg-type]
    running.start()
    try:
        wait_for(port)
        yield port, [running.pid or 0]
    finally:
        running.terminate()
        running.join()


def measure(seconds: float, connections: int, binary: str | None) -> list[Row]:
    """All cases in turn."""
    rows: list[Row] = []
    with process(serve_fixed) as (application, pids):
        for case, request in (("GET", GET), ("POST 300 B", POST)):
            direct = _case(rows, case, "direct", application, pids, request, seconds, connections, 0)
            with process(serve_gateway, application) as (port, gate):
                _case(rows, case, "ringwall, open wall", port, gate, request, seconds, connections, direct)
            if binary:
                with nginx(binary, application) as (port, gate):
                    _case(rows, case, "nginx", port, gate, request, seconds, connections, direct)
    return rows


def _case(
    rows: list[Row], case: str, through: str, port: int, pids: list[int], request: bytes, seconds: float,
    connections: int, direct: float,
) -> float:  # fmt: skip
    uvloop.run(load(port, request, 0.5, connections))
    before, start = cpu_seconds(pids), time.monotonic()
    count = uvloop.run(load(port, request, seconds, connections))
    rate = count / (time.monotonic() - start)
    cpu = (cpu_seconds(pids) - before) / count * 1e6
    rows.append(Row(case, through, round(rate), round(rate / direct, 2) if direct else 1.0, round(cpu, 1)))
    return rate


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--nginx", default=shutil.which("nginx"), help="the nginx to compare with (default: on PATH)")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    rows = measure(given.seconds, given.connections, given.nginx)
    if given.json:
        print(json.dumps({"cases": [asdict(row) for row in rows]}))
        return
    print(f"{'case':12}{'through':22}{'requests/s':>12}{'of direct':>11}{'CPU us/request':>16}")
    for row in rows:
        print(
            f"{row.case:12}{row.through:22}{row.requests_per_second:12,}{row.share_of_direct:11.0%}"
            f"{row.cpu_us_per_request:16.1f}"
        )
    if not given.nginx:
        print("nginx is not installed, so it is not compared.")


if __name__ == "__main__":
    main()
