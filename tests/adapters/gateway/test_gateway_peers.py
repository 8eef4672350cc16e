"""The gateway between clients and servers that others wrote, over TLS and uvloop too, and within its memory."""

# ruff: noqa: SIM117 - what a caller does stands inside what serves it
from __future__ import annotations

import asyncio
import datetime
import gzip
import hashlib
import http.client
import ipaddress
import re
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import uvicorn
import uvloop
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from adapters.gateway import served_apart
from adapters.gateway.rig import (
    OPEN,
    WHOLE,
    Application,
    Logged,
    Seen,
    answering,
    application,
    caller,
    echo,
    gateway,
    once,
    run,
)
from ringwall.adapters.gateway import Upstream, fetcher
from ringwall.core.ports import Fetch, Unavailable

BIG = 24 << 20
PIECE = bytes(range(256)) * 256


async def told(request: Request) -> Response:
    return JSONResponse(
        {
            "path": request.scope["raw_path"].decode(),
            "url": str(request.url),
            "client": request.client.host if request.client else None,
            "query": str(request.query_params),
            "size": len(await request.body()),
        }
    )


async def digest(request: Request) -> Response:
    whole, size = hashlib.sha256(), 0
    async for part in request.stream():
        whole.update(part)
        size += len(part)
    return JSONResponse({"size": size, "sha256": whole.hexdigest()})


async def flood(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(BIG // len(PIECE)):
            yield PIECE

    return StreamingResponse(parts())


async def events(request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for n in range(3):
            yield b"data: %d\n\n" % n

    return StreamingResponse(parts(), media_type="text/event-stream")


async def packed(request: Request) -> Response:
    return Response(gzip.compress(b"x" * 1000), headers={"Content-Encoding": "gzip"}, media_type="text/plain")


async def moved(request: Request) -> Response:
    return RedirectResponse(request.url_for("told"))


async def file(request: Request) -> Response:
    return FileResponse(__file__)


SITE = Starlette(
    routes=[
        Route("/told", told, methods=["GET", "POST", "OPTIONS"]),
        Route("/digest", digest, methods=["POST"]),
        Route("/flood", flood),
        Route("/events", events),
        Route("/packed", packed),
        Route("/moved", moved),
        Route("/file", file, methods=["GET", "HEAD"]),
    ]
)


@asynccontextmanager
async def site(**more: Any) -> AsyncIterator[Application]:
    server = uvicorn.Server(uvicorn.Config(SITE, port=0, log_level="critical", lifespan="off", **more))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield Application(server.servers[0].sockets[0].getsockname()[1])
    finally:
        server.should_exit = True
        await serving


@pytest.mark.parametrize("plan", [OPEN, WHOLE], ids=["streamed", "whole"])
def test_httpx_and_uvicorn_understand_each_other_through_it(plan: Any) -> None:
    async def main() -> None:
        seen = Seen()
        async with site() as app, gateway(app, seen, plan) as server:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{server.port}", trust_env=False) as client:
                got = (await client.get("/told?q=a%20b&q=c", headers={"Host": "pub.example"})).json()
                assert got["url"] == "http://pub.example/told?q=a%20b&q=c"
                got = (await client.post("/told", json={"a": 1})).json()
                assert (got["size"], got["client"]) == (7, "127.0.0.1")
                assert (await client.get("/packed")).text == "x" * 1000
                assert (await client.get("/events")).text == "data: 0\n\ndata: 1\n\ndata: 2\n\n"
                moved = await client.get("/moved")
                assert moved.headers["location"] == f"http://127.0.0.1:{server.port}/told"
                whole = await client.get("/file")
                assert whole.content == Path(__file__).read_bytes()
                part = await client.get("/file", headers={"Range": "bytes=2-9"})
                assert (part.status_code, part.content) == (206, whole.content[2:10])
                same = await client.get("/file", headers={"If-None-Match": whole.headers["etag"]})
                assert same.status_code in (200, 304)
                head = await client.head("/file")
                assert head.headers["content-length"] == str(len(whole.content))
                assert (await client.get("/none")).status_code == 404
                assert (await client.delete("/told")).status_code == 405
        assert {event.kind for event in seen.events} == {"exchange"}

    run(main())


def test_aiohttp_uploads_in_chunks_and_downloads_over_uvloop() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(32):
            yield PIECE

    async def main() -> None:
        async with site() as app, gateway(app, Seen()) as server, aiohttp.ClientSession() as client:
            async with client.post(f"http://127.0.0.1:{server.port}/digest", data=parts()) as reply:
                assert await reply.json() == {
                    "size": 32 * len(PIECE),
                    "sha256": hashlib.sha256(PIECE * 32).hexdigest(),
                }
            async with client.get(f"http://127.0.0.1:{server.port}/flood") as reply:
                assert len(await reply.read()) == BIG

    uvloop.run(main())


def test_http_client_of_the_standard_library() -> None:
    async def main() -> None:
        async with site() as app, gateway(app, Seen()) as server:

            def ask() -> list[tuple[int, int]]:
                client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
                found = []
                for method, path in (("GET", "/told"), ("HEAD", "/file"), ("OPTIONS", "/told"), ("GET", "/events")):
                    client.request(method, path)
                    reply = client.getresponse()
                    found.append((reply.status, len(reply.read())))
                client.close()
                return found

            found = await asyncio.to_thread(ask)
            assert [status for status, _ in found] == [200] * 4
            assert found[1][1] == 0

    run(main())


@contextmanager
def certificate(at: Path, *, host: str = "127.0.0.1") -> Iterator[tuple[Path, Path]]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = at / f"{host}.pem", at / f"{host}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    yield pem, secret


@pytest.mark.parametrize("start", [asyncio.run, uvloop.run], ids=["asyncio", "uvloop"])
def test_tls_on_both_sides_is_verified(tmp_path: Path, start: Any) -> None:
    async def main() -> None:
        with certificate(tmp_path) as (pem, key):
            mine = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            mine.load_cert_chain(pem, key)
            trusting = ssl.create_default_context(cafile=pem)
            async with site(ssl_certfile=str(pem), ssl_keyfile=str(key)) as app:
                seen = Seen()
                url = f"https://127.0.0.1:{app.port}"
                async with gateway(Upstream(url, ca=pem), seen, ssl=mine) as server:
                    async with caller(server, ssl=trusting) as it:
                        await it.send(b"GET /moved HTTP/1.1\r\nHost: pub:1\r\n\r\n")
                        assert (await it.reply())[1]["location"] == "https://pub:1/told"
                        await it.send(b"GET /told HTTP/1.1\r\nHost: pub:1\r\n\r\n")
                        assert b'"url":"https://pub:1/told"' in (await it.reply())[2]
                        await it.send(b"GET /a\n\n")
                        assert (await it.reply())[0] == 400
                        assert await it.rest() == b""
                async with gateway(Upstream(url), seen) as server:
                    assert (await once(server, b"GET /told HTTP/1.1\r\nHost: h\r\n\r\n"))[0] == 502
                async with gateway(Upstream(f"https://localhost:{app.port}", ca=pem), seen) as server:
                    assert (await once(server, b"GET /told HTTP/1.1\r\nHost: h\r\n\r\n"))[0] == 502
                answer = await asyncio.to_thread(fetcher(Upstream(url, ca=pem)), Fetch("/told"))
                assert answer.status == 200
                with pytest.raises(Unavailable):
                    await asyncio.to_thread(fetcher(Upstream(url)), Fetch("/told"))
            assert seen.reasons == [None, None, "transport.line", "upstream.unreachable", "upstream.unreachable"]

    start(main())


def test_a_clear_request_on_a_tls_port_and_tls_on_a_clear_one_are_no_harm(tmp_path: Path) -> None:
    async def main() -> None:
        with certificate(tmp_path) as (pem, key):
            mine = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            mine.load_cert_chain(pem, key)
            async with application(answering(echo)) as app:
                async with gateway(app, Seen(), ssl=mine) as server, caller(server) as it:
                    await it.send(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n")
                    assert b"HTTP" not in await it.rest()
                async with gateway(app, Seen()) as server:
                    with pytest.raises(ssl.SSLError):
                        async with caller(server, ssl=ssl.create_default_context(cafile=pem), server_hostname="h"):
                            pass
            assert app.log == b""

    run(main())


def memory(process: int) -> int:
    """The most resident memory that a process ever had, in KiB."""
    found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found.group(1)) if found else 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
@pytest.mark.parametrize("loop", [[], ["--uvloop"]], ids=["asyncio", "uvloop"])
def test_content_of_24_mib_passes_both_ways_within_bounded_memory(loop: list[str]) -> None:
    async def handle(reader: Logged, writer: asyncio.StreamWriter) -> None:
        reader.log = bytearray()
        await reader.head()
        await asyncio.sleep(0.2)  # the caller's bytes pile up meanwhile
        left = BIG
        while left:
            left -= len(await reader.some(left))
            reader.log.clear()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % BIG)
        for _ in range(BIG // len(PIECE)):
            writer.write(PIECE)
            await writer.drain()

    async def main() -> None:
        async with application(handle) as app:
            command = [sys.executable, served_apart.__file__, app.url, *loop]
            gate = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
            try:
                assert gate.stdout is not None
                port = int(await gate.stdout.readline())
                before = memory(gate.pid)
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n" % BIG)
                for _ in range(BIG // len(PIECE)):
                    writer.write(PIECE)
                    await writer.drain()
                await reader.readuntil(b"\r\n\r\n")
                await asyncio.sleep(0.2)
                assert hashlib.sha256(await reader.readexactly(BIG)).digest() == EXPECTED
                writer.close()
                assert memory(gate.pid) - before < 6 << 10
            finally:
                gate.kill()
                await gate.wait()

    run(main())


EXPECTED = hashlib.sha256(PIECE * (BIG // len(PIECE))).digest()
