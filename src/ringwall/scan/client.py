"""Sends calls to the one host named: bounded in flight, in rate, in time; it keeps connections and follows nothing.

A reply that does not come is a value too (status 0). `Ended` is raised when the time is spent or the target is failing.
"""

from __future__ import annotations

import http.client
import shlex
import ssl
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from ringwall.scan.model import Call, Headers, Reply

BYTES = 4 << 20
STORM = 25
PATIENCE_S = 3.0
_FAILURES = (OSError, http.client.HTTPException)


class Ended(Exception):
    """The scan has to stop; says why."""


class Client:
    """A client for one origin. `pulse` is asked after many failures in a row whether the target still lives, `renew`
    after a refusal for new headers in place of those that were refused."""

    def __init__(
        self, url: str, *, in_flight: int, rate: float, budget_s: float, tls: ssl.SSLContext | None, timeout_s: float
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{url!r} is no http or https URL")
        self.url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self.host, self.port = parts.hostname, parts.port
        self.secure = parts.scheme == "https"
        self.requests = 0
        self.pulse: Callable[[], bool] | None = None
        self.renew: Callable[[Headers], Headers | None] | None = None
        self._renewed: dict[Headers, Headers] = {}
        self._renewing = threading.local()
        self._tls = tls or ssl.create_default_context()
        self._timeout = timeout_s
        self._slots = threading.BoundedSemaphore(in_flight)
        self._gap = 1 / rate if rate else 0.0
        self._next = 0.0
        self._until = time.monotonic() + budget_s
        self._failed = 0
        self._local = threading.local()
        self._lock = threading.Lock()
        self._open: list[http.client.HTTPConnection] = []

    def grant(self, seconds: float) -> None:
        """At least so much time from now, to clean up in."""
        self._until = max(self._until, time.monotonic() + seconds)
        self._failed = 0

    def send(self, call: Call, *, wait: bool = True) -> Reply:
        """The reply; waits out a short `Retry-After` once unless told not to. Raises Ended."""
        reply = self._paced(call)
        if reply.status in (401, 403) and self._is_renewed(call.account.headers):
            reply = self._paced(call)
        delay = _delay(reply)
        if wait and delay is not None:
            time.sleep(delay)
            reply = self._paced(call)
        self._watch(reply)
        return reply

    def _is_renewed(self, headers: Headers) -> bool:
        """Whether a refused credential had ended, and is a new one now."""
        if self.renew is None or not headers or getattr(self._renewing, "busy", False):
            return False
        self._renewing.busy = True
        try:
            fresh = self.renew(headers)
        finally:
            self._renewing.busy = False
        if fresh:
            self._renewed[headers] = fresh
        return bool(fresh)

    def elsewhere(self, url: str) -> Client:
        """A client for the host of a URL that the user named: this one, if it is the same."""
        if url.startswith(self.url + "/"):
            return self
        rest = max(1.0, self._until - time.monotonic())
        return Client(url, in_flight=1, rate=0.0, budget_s=rest, tls=self._tls, timeout_s=self._timeout)

    def close(self) -> None:
        """Close every connection."""
        for connection in self._open:
            connection.close()

    def _paced(self, call: Call) -> Reply:
        with self._lock:
            now = time.monotonic()
            if now > self._until:
                raise Ended("the time budget is spent")
            start = max(now, self._next)
            self._next = start + self._gap
            self.requests += 1
        time.sleep(max(0.0, start - now))
        with self._slots:
            return self._exchange(call)

    def _exchange(self, call: Call) -> Reply:
        """One exchange; a kept connection that the target has closed meanwhile is opened again, once."""
        for connection, kept in self._connections():
            try:
                return self._ask(connection, call)
            except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
                connection.close()
                if not kept:
                    break
            except (*_FAILURES, ValueError):
                connection.close()
                break
        return Reply(0, {}, b"")

    def _connections(self) -> list[tuple[http.client.HTTPConnection, bool]]:
        held: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if held is None:
            if self.secure:
                held = http.client.HTTPSConnection(self.host, self.port, timeout=self._timeout, context=self._tls)
            else:
                held = http.client.HTTPConnection(self.host, self.port, timeout=self._timeout)
            self._local.connection = held
            with self._lock:
                self._open.append(held)
        return [(held, True), (held, False)] if held.sock else [(held, False)]

    def _ask(self, connection: http.client.HTTPConnection, call: Call) -> Reply:
        connection.putrequest(call.method, call.target, skip_accept_encoding=True)
        for name, value in (*call.headers, *self._renewed.get(call.account.headers, call.account.headers)):
            connection.putheader(name, value.encode("latin-1", "replace"))
        if call.body or call.method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(call.body)))
        connection.endheaders(call.body or None)
        answer = connection.getresponse()
        body = answer.read(BYTES)
        if not answer.isclosed():
            connection.close()
            if len(body) < BYTES:
                raise http.client.IncompleteRead(body)
        headers: dict[str, str] = {}
        for name, value in answer.getheaders():
            key = name.lower()
            headers[key] = f"{headers[key]}\n{value}" if key in headers else value
        return Reply(answer.status, headers, body)

    def _watch(self, reply: Reply) -> None:
        """Stop on a storm: many failures in a row, and the pulse is gone too."""
        with self._lock:
            self._failed = self._failed + 1 if reply.status == 0 or reply.status >= 500 else 0
            stormy = self._failed >= STORM
            if stormy:
                self._failed = 0
        if stormy and self.pulse is not None and not self.pulse():
            raise Ended(f"the target failed {STORM} times in a row and no longer answers what it answered before")


def _delay(reply: Reply) -> float | None:
    stated = reply.headers.get("retry-after", "")
    if reply.status not in (429, 503) or not stated.isdecimal() or int(stated) > PATIENCE_S:
        return None
    return float(stated)


def curl(call: Call, url: str) -> str:
    """A line for a shell that sends it again; credentials are variables of the shell (`$ANA`)."""
    parts = ["curl", "-si"] + (["-X", call.method] if call.method != "GET" else [])
    parts += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in call.headers if name != "User-Agent"]
    variable = "".join(c if c.isalnum() else "_" for c in call.account.name.upper())
    parts += [f'-H "{name}: ${variable}"' for name, _ in call.account.headers]
    if call.body:
        parts.append(f"--data-raw {shlex.quote(call.body.decode('utf-8', 'replace'))}")
    return " ".join([*parts, shlex.quote(url + call.target)])
