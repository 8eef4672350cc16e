"""What a long list costs on its way through the gateway: `python bench/exports.py [MEGABYTES]`.

A child process is the gateway before an application that sends a list of so many megabytes, a third of it the caller's.
Told are the child's processor time, and how much its memory grew over what it held after a first short list.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import httpx
import orjson

from ringwall.adapters.gateway import Gateway, Upstream
from ringwall.build.assemble import Circumstances, assemble, prepare
from ringwall.build.runtime import open_runtime
from ringwall.contract.parse import load

_TEXT = {"type": "string"}
_REF = {"$ref": "#/components/schemas/Row"}
_FORMS = {"array": ("application/json", {"type": "array", "items": _REF}), "lines": ("application/x-ndjson", _REF),
          "table": ("text/csv", _TEXT)}  # fmt: skip
_NAMES = ("id", "owner", "name", "diagnosis", "card", "note")
DOCUMENT = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "paths": {f"/{form}": {"get": {
                  "parameters": [{"name": "short", "in": "query", "schema": _TEXT}],
                  "responses": {"200": {"description": ".", "content": {media: {"schema": schema}}}}}}
              for form, (media, schema) in _FORMS.items()},
    "components": {"schemas": {"Row": {"type": "object", "properties": dict.fromkeys(_NAMES, _TEXT)}}},
}  # fmt: skip
CONTRACT = {
    "ringwall": 1, "api": "x", "authentication": {"api_keys": True}, "roles": {"staff": {}},
    "resources": {"row": {"schema": "Row", "id": "id", "owner": "owner", "fields": {
        "diagnosis": {"class": "health", "encrypt": False, "read": ["owner"]},
        "card": {"class": "cardholder", "encrypt": False, "mask": "last4", "read": ["staff"]}}}},
    "operations": {f"GET /{form}": {"allow": ["owner"], "filter": "owner", "resource": "row"} for form in _FORMS},
}  # fmt: skip


def rows(form: str) -> bytes:
    """About 60 KiB of rows."""
    made = [(f"{i}", ("ann", "bob", "cyd")[i % 3], f"Name of {i}", "stable, no complaints", f"411111111111{i:04}",
             "seen on Monday; to come again in two weeks " * 2) for i in range(240)]  # fmt: skip
    if form == "table":
        return b"".join(",".join(f'"{cell}"' for cell in row).encode() + b"\r\n" for row in made)
    told = [orjson.dumps(dict(zip(_NAMES, row, strict=True))) for row in made]
    return b",".join(told) if form == "array" else b"\n".join(told) + b"\n"


def content(form: str, size: int) -> Iterator[bytes]:
    """A list of about `size` bytes."""
    part, sent = rows(form), 0
    yield {"array": b"[", "lines": b"", "table": ",".join(_NAMES).encode() + b"\r\n"}[form]
    while sent < size:
        yield b"," + part if sent and form == "array" else part
        sent += len(part)
    yield b"]" if form == "array" else b""


async def application(size: int) -> asyncio.Server:
    """An HTTP server that answers each form's path with its list."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            form, _, wanted = head.split(b" ")[1][1:].decode().partition("?")
            media = _FORMS[form][0].encode()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: " + media + b"\r\nTransfer-Encoding: chunked\r\n\r\n")
            for part in content(form, size if not wanted else 1):
                if part:
                    writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                    await writer.drain()
            writer.write(b"0\r\n\r\n")
            await writer.drain()

    return await asyncio.start_server(answer, "127.0.0.1", 0)


def wall(told: Connection, upstream: int) -> None:
    """The child: a gateway that tells its address and a key, and its time and memory whenever it is asked."""

    async def serve() -> None:
        with tempfile.TemporaryDirectory() as place:
            runtime = open_runtime(Path(place))
            key = runtime.api_keys.issue("ann", frozenset(), subject="ann")[0]
            contract = load("\n" + orjson.dumps(CONTRACT).decode(), openapi=DOCUMENT)
            behind = Upstream(f"http://127.0.0.1:{upstream}")
            walled = assemble(prepare(contract), runtime, Circumstances())
            server = await Gateway(walled, behind).serve("127.0.0.1", 0)
            told.send((server.port, key))
            loop = asyncio.get_running_loop()
            while await loop.run_in_executor(None, told.recv):
                told.send((time.process_time(), _memory(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10))
            await server.close()
            runtime.close()

    asyncio.run(serve())


def _memory() -> int:
    """Resident megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


async def measure(size: int) -> None:
    """One line for each form."""
    server = await application(size)
    port = server.sockets[0].getsockname()[1]
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    child = multiprocessing.get_context("spawn").Process(target=wall, args=(theirs, port), daemon=True)
    child.start()
    loop = asyncio.get_running_loop()
    gate, key = await loop.run_in_executor(None, ours.recv)

    async def asked(path: str) -> int:
        got = 0
        url = f"http://127.0.0.1:{gate}{path}"
        client = httpx.AsyncClient(timeout=600, trust_env=False)
        async with client, client.stream("GET", url, headers={"x-api-key": key}) as reply:
            async for part in reply.aiter_raw():
                got += len(part)
            assert reply.status_code == 200, reply.status_code
        return got

    async def stand() -> tuple[float, int, int]:
        ours.send(True)
        return await loop.run_in_executor(None, ours.recv)

    for form in _FORMS:
        await asked(f"/{form}?short=1")
        before = await stand()
        got = await asked(f"/{form}")
        after = await stand()
        took = after[0] - before[0]
        print(f"{form:6} {size >> 20} MB in, {got >> 20} MB out: {size / took / 1e6:.0f} MB/s of the processor, "
              f"{before[1]} MB resident before, {after[2]} MB at most")  # fmt: skip
    ours.send(False)
    child.join()
    server.close()


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1] if len(sys.argv) > 1 else "200") << 20))
