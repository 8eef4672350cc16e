"""uvloop resolves, connects and spawns in C, where no audit event is raised: its loop is asked before it does."""

from __future__ import annotations

import functools
import socket
from typing import Any

import uvloop

from ringwall.adapters import audit, current
from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def install() -> None:
    """Watch the loop's connections and processes."""
    loop: Any = uvloop.Loop
    loop.create_connection = _connecting(loop.create_connection)
    loop.subprocess_shell = _spawning(loop.subprocess_shell, "os.system")
    loop.subprocess_exec = _spawning(loop.subprocess_exec, "os.exec")


def _connecting(plain: Any) -> Any:
    @functools.wraps(plain)
    async def create_connection(self: Any, factory: Any, host: Any = None, port: Any = None, **kwargs: Any) -> Any:
        if host is not None and current.exchange.get() is not None:
            for info in await self.getaddrinfo(host, port, type=socket.SOCK_STREAM):
                show(Effect("network", str(info[4][0]), str(host)))
        return await plain(self, factory, host, port, **kwargs)

    return create_connection


def _spawning(plain: Any, event: str) -> Any:
    """As the audit event of the same deed would have it: a command line, or an argument list."""

    @functools.wraps(plain)
    async def spawn(self: Any, factory: Any, *words: Any, **kwargs: Any) -> Any:
        audit.hook(event, words[:1] if event == "os.system" else (None, list(words)))
        return await plain(self, factory, *words, **kwargs)

    return spawn
