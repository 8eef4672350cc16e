"""ASGI 3 (asgiref's specification): FastAPI, Starlette, Litestar, Django, Quart behind the wall, in process.

Here is the way in; `asgi_http` and `asgi_socket` carry out one exchange each.
"""

from __future__ import annotations

from collections.abc import Callable

from ringwall.adapters.asgi_http import HttpTalk
from ringwall.adapters.asgi_socket import SocketTalk
from ringwall.adapters.asgi_talk import Application, Receive, Scope, Write
from ringwall.adapters.resolvers import Resolver, owner_of
from ringwall.core.plan import Wall


class AsgiWall:
    """An ASGI application behind a wall. Lifespan passes untouched; unknown protocols do not pass at all."""

    def __init__(self, app: Application, wall: Wall) -> None:
        self.app = app
        self.wall = wall

    def owner_of(self, resource: str) -> Callable[[Resolver], Resolver]:
        """Decorate the application's way to tell whose an object of `resource` is: a function of its id, which may be a
        coroutine function."""
        return owner_of(self.wall, resource)

    async def __call__(self, scope: Scope, receive: Receive, send: Write) -> None:
        """One connection of the server's: a request, a WebSocket, or the server's own lifespan."""
        kind = scope["type"]
        if kind == "http":
            await HttpTalk(self.app, self.wall, scope, receive, send).run()
        elif kind == "websocket":
            await SocketTalk(self.app, self.wall, scope, receive, send).run()
        elif kind == "lifespan":
            await self.app(scope, receive, send)
        else:
            raise RuntimeError(f"ringwall does not know the ASGI protocol {kind!r}, so nothing of it passes")
