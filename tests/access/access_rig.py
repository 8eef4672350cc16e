"""A third party's API behind a contract of its own, in process and behind the gateway, with a key for each account."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

import httpx

from ringwall.adapters.gateway import Gateway, Upstream, fetcher
from ringwall.adapters.inside import is_asgi
from ringwall.build.assemble import Circumstances, assemble, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import wrap
from ringwall.build.runtime import Runtime, open_runtime
from scan.scan_served import served


@dataclass
class Protected:
    """The way to an API: bare (`None`) or as an account, through ringwall."""

    url: str
    keys: Mapping[str, str]
    app: Any
    wall: Any
    runtime: Runtime

    def ask(self, who: str | None, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**({"x-api-key": self.keys[who]} if who else {}), **more.pop("headers", {})}
        with httpx.Client(base_url=self.url, timeout=20, trust_env=False) as client:
            return client.request(method, path, headers=headers, **more)

    def said(self, who: str | None, method: str, path: str, **more: Any) -> str:
        """The reason of a refusal, else the status."""
        reply = self.ask(who, method, path, **more)
        if reply.headers.get("content-type") == "application/problem+json":
            return str(reply.json()["reason"])
        return str(reply.status_code)


@contextmanager
def protected(
    app: Any, contract: str, accounts: Mapping[str, tuple[str, ...]], mode: str, data: Path, tenant: str | None = None
) -> Iterator[Protected]:
    """An API behind its contract. `mode` is "in process" or "gateway"."""
    data.mkdir(parents=True, exist_ok=True)
    path = data / "ringwall.yaml"
    path.write_text(contract)
    runtime = open_runtime(data / "data")
    keys = {
        name: runtime.api_keys.issue(name, frozenset(roles), subject=name, tenant=tenant)[0]
        for name, roles in accounts.items()
    }
    prepared = prepare(load_contract(path, app=app))
    try:
        if mode == "gateway":
            with running(app) as upstream, gateway(prepared, runtime, upstream) as url:
                yield Protected(url, keys, app, None, runtime)
        else:
            wall = wrap(app, prepared, runtime, Circumstances())
            with running(wall) as url:
                yield Protected(url, keys, app, wall, runtime)
    finally:
        runtime.close()


@contextmanager
def running(app: Any) -> Iterator[str]:
    """An ASGI or WSGI application on a loopback port."""
    if is_asgi(app):
        with served(app) as url:
            yield url
        return
    server = make_server("127.0.0.1", 0, app, handler_class=_Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def gateway(prepared: Any, runtime: Runtime, upstream: str) -> Iterator[str]:
    """The gateway before an upstream, on an event loop of its own."""
    behind = Upstream(upstream)
    wall = assemble(prepared, runtime, Circumstances(fetch=fetcher(behind)))
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(Gateway(wall, behind).serve("127.0.0.1", 0), loop).result(10)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
