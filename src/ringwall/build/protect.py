"""`ringwall.protect(app, contract=…)`: one line around an ASGI or a WSGI application."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from ringwall.adapters.asgi import AsgiWall
from ringwall.adapters.hooks import install
from ringwall.adapters.inside import asgi_fetcher, is_asgi, wsgi_fetcher
from ringwall.adapters.wsgi import WsgiWall
from ringwall.build.assemble import Circumstances, Prepared, assemble, prepare
from ringwall.build.load import load_contract
from ringwall.build.runtime import ISSUER, Runtime, open_runtime

DATA = Path("ringwall-data")


def protect(app: Any, *, contract: str | Path, data: str | Path = DATA, https: bool = False) -> AsgiWall | WsgiWall:
    """The same application behind its contract. `data` is the directory for state, journal and keys; `https`
    refuses what did not come over TLS (by this server's word or a trusted proxy's).

    Raises `contract.model.Misconfigured` with every mistake at once, and `core.ports.Unavailable`.
    """
    loaded = load_contract(contract, app=app)
    strict = loaded.journal == "strict"
    runtime = open_runtime(Path(data), issuer=loaded.authentication.url or ISSUER, strict=strict)
    runtime.attendant.start()
    return wrap(app, prepare(loaded), runtime, Circumstances(https=https))


def wrap(app: Any, contract: Prepared, runtime: Runtime, here: Circumstances) -> AsgiWall | WsgiWall:
    """An application behind a contract, on an open runtime."""
    if is_asgi(app):
        return protected_asgi(app, contract, runtime, here)
    install()
    return WsgiWall(app, assemble(contract, runtime, replace(here, fetch=wsgi_fetcher(app))))


def protected_asgi(app: Any, contract: Prepared, runtime: Runtime, here: Circumstances) -> AsgiWall:
    """An ASGI application behind a contract, on an open runtime."""
    install()
    return AsgiWall(app, assemble(contract, runtime, replace(here, fetch=asgi_fetcher(app))))
