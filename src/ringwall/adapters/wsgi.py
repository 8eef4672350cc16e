"""WSGI (PEP 3333): Flask, Django and others behind the wall, in process, one thread for each request.

A thread cannot be interrupted, so an operation's time limit holds here only for the server that runs it.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from ringwall.adapters.caller import caller_of, without_credential
from ringwall.adapters.drive import hang_up, log, recorded
from ringwall.adapters.resolvers import Resolver, owner_of
from ringwall.adapters.wsgi_environ import Environ, Metered, asking, environ_below, raw_head
from ringwall.adapters.wsgi_reply import Attributed, Reply, Streamed
from ringwall.core import reasons
from ringwall.core.admit import FRAMING
from ringwall.core.exchange import Exchange, Forward, ReadBody, ReadReply, Record, Send, TooLong, Want
from ringwall.core.judge import answered
from ringwall.core.message import Response
from ringwall.core.plan import Wall
from ringwall.core.ports import Question
from ringwall.core.reasons import Reason

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class WsgiWall:
    """A WSGI application behind a wall. Thread-safe: all that a request needs belongs to its own talk."""

    def __init__(self, app: WSGIApplication, wall: Wall) -> None:
        self.app = app
        self.wall = wall

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """One request of the server's."""
        return Talk(self.app, self.wall, environ).run(start_response)

    def owner_of(self, resource: str) -> Callable[[Resolver], Resolver]:
        """Decorate the application's way to tell whose an object of `resource` is: a function of its id."""
        return owner_of(self.wall, resource)


class Talk:
    """One exchange: drives its way, and runs the application while the way waits for it."""

    __slots__ = ("app", "environ", "exchange", "ports", "reply", "want", "way")

    def __init__(self, app: WSGIApplication, wall: Wall, environ: Environ) -> None:
        self.app, self.environ, self.ports = app, environ, wall.ports
        self.exchange = Exchange(wall)
        self.way = self.exchange.run(raw_head(environ))
        self.want: Want = next(self.way)
        self.reply = Reply()

    def run(self, start_response: StartResponse) -> Iterable[bytes]:
        """The whole exchange. Whatever cuts it short, its event is recorded and the application's reply closed."""
        try:
            while not isinstance(self.want, Send):
                self.want = self.way.send(self.result(self.want))
        except BaseException:
            self.reply.close()
            hang_up(self.way, self.want, self.ports)
            raise
        return self.sent(self.want.response, start_response)

    def result(self, want: Want) -> object:
        """What one want comes to."""
        if isinstance(want, Forward):
            return self.ask(want)
        if isinstance(want, ReadReply):
            return self.gathered(want.limit)
        if isinstance(want, ReadBody):
            return self.content(want.limit)
        if isinstance(want, Record):
            return recorded(self.ports, want.event)
        if isinstance(want, Question):
            return answered(self.ports, want)
        raise TypeError(f"the exchange wants {type(want).__name__}, which this adapter does not know")

    def content(self, limit: int) -> bytes | Reason:
        """The request's whole content: by its length, or to its end where the server says that it has one."""
        source, length = self.environ["wsgi.input"], self.environ.get("CONTENT_LENGTH")
        try:
            if length:
                body: bytes = source.read(int(length))
                return body if len(body) == int(length) else reasons.DISCONNECTED
            if not self.environ.get("wsgi.input_terminated"):
                return FRAMING  # reading on would read into the next request
            body = source.read(limit + 1)
        except (OSError, ValueError):
            return reasons.DISCONNECTED
        return body if len(body) <= limit else reasons.BODY_SIZE

    def ask(self, forward: Forward) -> Response | Reason:
        """The head of the application's reply. WSGI may give it as late as with the first part of the content."""
        environ = self.below(forward)
        if environ is None:
            return FRAMING
        metered = environ["wsgi.input"]
        try:
            with Attributed(self.exchange):
                self.reply.begin(self.app(environ, self.reply.start))
        except Exception:  # noqa: BLE001 - the application's failure is its own log's, never the caller's
            log.exception("the application failed in request %s", self.exchange.known.request_id)
            return reasons.BODY_SIZE if isinstance(metered, Metered) and metered.over else reasons.APPLICATION
        if isinstance(metered, Metered) and metered.over:
            return reasons.BODY_SIZE
        return self.reply.head or reasons.APPLICATION

    def below(self, forward: Forward) -> Environ | None:
        """The application's environ, or None for streamed content that has no end that could be seen."""
        request, caller = forward.request, caller_of(self.exchange)
        environ = environ_below(self.environ, without_credential(request.headers, caller), caller)
        if self.exchange.head is not None and request.head.target is not self.exchange.head.target:
            environ.update(asking(request.head.target))
        if request.body is not None:
            environ["wsgi.input"] = io.BytesIO(request.body)
            environ["wsgi.input_terminated"] = True
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            if request.body or "CONTENT_LENGTH" in environ:
                environ["CONTENT_LENGTH"] = str(len(request.body))
        elif not environ.get("CONTENT_LENGTH"):
            if not environ.get("wsgi.input_terminated"):
                return None
            environ["wsgi.input"] = Metered(environ["wsgi.input"], forward.plan.limits.body)
        return environ

    def gathered(self, limit: int) -> bytes | TooLong | Reason:
        """The reply's whole content, or what is longer than can be checked."""
        try:
            with Attributed(self.exchange):
                whole = self.reply.gather(limit)
        except Exception:  # noqa: BLE001 - the application's failure is its own log's, never the caller's
            log.exception("the application failed in request %s", self.exchange.known.request_id)
            return reasons.APPLICATION
        return whole if whole is not None else TooLong(self.reply.taken)

    def sent(self, response: Response, start_response: StartResponse) -> Iterable[bytes]:
        """Give the server the head, and the content or the stream."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers]
        try:
            start_response(f"{response.status} {_PHRASES.get(response.status, 'Status')}", headers)
        except BaseException:
            self.reply.close()
            raise
        if response.body is None:
            return Streamed(self.reply, self.exchange, self.ports, response.status)
        self.reply.close()
        return [] if self.environ["REQUEST_METHOD"] == "HEAD" else [response.body]
