"""An application's WSGI reply: its head as soon as it gives one, its parts as they come, closed exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Final

from ringwall.adapters import current
from ringwall.adapters.drive import log, recorded, sifted
from ringwall.core.exchange import Exchange, Sequel
from ringwall.core.message import Response
from ringwall.core.ports import Ports

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Attributed:
    """While entered, what this thread does is this exchange's."""

    __slots__ = ("exchange", "token")

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange

    def __enter__(self) -> None:
        self.token = current.exchange.set(self.exchange)

    def __exit__(self, *_: object) -> None:
        current.exchange.reset(self.token)


class Reply:
    """What the application answers. `kept` are parts that were read before they could be passed on."""

    __slots__ = ("closer", "head", "kept", "parts")

    def __init__(self) -> None:
        self.head: Response | None = None
        self.kept: list[bytes] = []
        self.parts: Iterator[bytes] = iter(())
        self.closer: Callable[[], object] | None = None

    def start(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """The application's `start_response`. Nothing has left yet, so an error page may always replace it."""
        if self.head is not None and exc_info is None:
            raise RuntimeError("the reply was already started")
        pairs = tuple((name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers)
        self.head = Response(int(status[:3]), pairs, None)
        return self.kept.append

    def begin(self, parts: Iterable[bytes]) -> None:
        """Take the application's iterable, and read as far as its head: to the first part that is not empty."""
        self.closer = getattr(parts, "close", None)
        self.parts = iter(parts)
        while self.head is None:
            part = next(self.parts, None)
            if part is None:
                return
            self.kept.append(part)

    def gather(self, limit: int) -> bytes | None:
        """The whole content, or None once it is over `limit` bytes."""
        size = sum(map(len, self.kept))
        while size <= limit:
            part = next(self.parts, None)
            if part is None:
                return b"".join(self.kept)
            self.kept.append(part)
            size += len(part)
        return None

    def taken(self) -> bytes:
        """What was kept."""
        whole = b"".join(self.kept)
        self.kept.clear()
        return whole

    def close(self) -> None:
        """PEP 3333: `close` is called once, whether the content was read to its end or not."""
        closer, self.closer = self.closer, None
        if closer is not None:
            closer()


class Withheld(OSError):
    """Told to the server in the middle of a reply whose rest was refused: only it can cut it off."""


class Streamed:
    """The iterable that the server reads: what was kept, then the rest, as this exchange's doing."""

    def __init__(self, reply: Reply, exchange: Exchange, ports: Ports, status: int) -> None:
        self.reply, self.exchange, self.ports, self.status = reply, exchange, ports, status
        self.kept: Final = iter([exchange.begun] if exchange.begun else reply.kept)
        self.sent = 0
        self.ended = False

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        for part in self.kept:
            return part
        return self._sifted() if self.exchange.sifts else self._next()

    def _sifted(self) -> bytes:
        """What can leave of the next parts; b"" would look like the end to some servers."""
        while not self.ended:
            try:
                part = self._next()
            except StopIteration:
                part, self.ended = b"", True
            told = sifted(self.exchange, self.ports, part, last=self.ended)
            self.sent += len(told.part)
            if told.reason is not None or self.ended:
                kind: Sequel = "exchange.cut" if told.reason is not None else "exchange.close"
                recorded(self.ports, self.exchange.sequel(kind, self.status, (0, self.sent), told.reason))
            if told.reason is not None:
                raise Withheld("the rest of the reply was refused")
            if told.part:
                return told.part
        raise StopIteration

    def _next(self) -> bytes:
        try:
            with Attributed(self.exchange):
                return next(self.reply.parts)
        except StopIteration:
            raise
        except Exception:
            log.exception("the application failed in request %s", self.exchange.known.request_id)
            raise  # the reply has begun: only the server can cut it off

    def close(self) -> None:
        """The server has done with it."""
        with Attributed(self.exchange):
            self.reply.close()
