"""`ringwall.protect(app, contract=…)`: one line around an ASGI or a WSGI application."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.hooks import install
from ringwall.adapters.inside import asgi_fetcher, wsgi_fetcher
from ringwall.adapters.wsgi import WsgiWall
from ringwall.build.assemble import Circumstances, assemble
from ringwall.build.load import load_contract
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.contract.model import Contract

DATA = Path("ringwall-data")


def protect(app: Any, *, contract: str | Path, data: str | Path = DATA, https: bool = False) -> AsgiWall | WsgiWall:
    """The same application behind its contract. `data` is the directory for state, journal and keys; `https`
    refuses what did not come over TLS (by this server's word or a trusted proxy's).

    Raises `contract.model.Misconfigured` with every mistake at once, and `core.ports.Unavailable`.
    """
    return wrap(app, load_contract(contract, app=app), open_runtime(Path(data)), Circumstances(https=https))


def wrap(app: Any, contract: Contract, runtime: Runtime, here: Circumstances) -> AsgiWall | WsgiWall:
    """An application behind a contract, on an open runtime."""
    install()
    if is_asgi(app):
        return AsgiWall(app, assemble(contract, runtime, Circumstances(here.https, asgi_fetcher(app), here.watch)))
    return WsgiWall(app, assemble(contract, runtime, Circumstances(here.https, wsgi_fetcher(app), here.watch)))


def is_asgi(app: Any) -> bool:
    """Whether an application is ASGI (a coroutine function of three arguments), else it is WSGI."""
    if inspect.iscoroutinefunction(app):
        return True
    return inspect.iscoroutinefunction(getattr(app, "__call__", None))  # noqa: B004 - asked for being async
