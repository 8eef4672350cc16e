"""Sends one request to an ASGI application in process, byte for byte as a case has it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes

from ringwall.attacks.case import Reply, Sent

Message = MutableMapping[str, Any]
Application = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]
]

SECONDS = 20.0


class Client:
    """Holds one event loop for all requests of a play. A context manager."""

    def __init__(self, app: Application, peer: str = "127.0.0.1") -> None:
        self._app = app
        self._peer = peer
        self._runner = asyncio.Runner()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.close()

    def send(self, sent: Sent) -> Reply:
        """The reply; a target that raises answers as a server would, with a bare 500."""
        return self._runner.run(asyncio.wait_for(self._exchange(sent), SECONDS))

    async def _exchange(self, sent: Sent) -> Reply:
        head: list[Message] = []
        body: list[bytes] = []
        asked = iter(({"type": "http.request", "body": sent.body, "more_body": False},))

        async def receive() -> Message:
            message = next(asked, None)
            if message is None:
                await asyncio.sleep(SECONDS)
                return {"type": "http.disconnect"}
            return message

        async def take(message: Message) -> None:
            if message["type"] == "http.response.start":
                head.append(message)
            else:
                body.append(message.get("body", b""))

        try:
            await self._app(_scope(sent, self._peer), receive, take)
        except Exception:  # noqa: BLE001 - a server answers 500 for whatever its application raises
            if not head:
                return Reply(500, (), b"Internal Server Error")
        pairs = tuple((bytes(n).decode("latin-1"), bytes(v).decode("latin-1")) for n, v in head[0].get("headers", ()))
        return Reply(head[0]["status"], pairs, b"".join(body))


def _scope(sent: Sent, peer: str) -> Message:
    path, _, query = sent.target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": sent.method,
        "scheme": "https",
        "path": unquote_to_bytes(path.encode()).decode("utf-8", "replace"),
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(n.lower().encode("latin-1"), v.encode("latin-1")) for n, v in sent.headers],
        "client": (peer, 40000),
        "server": ("127.0.0.1", 443),
        "state": {},
    }
