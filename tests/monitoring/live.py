"""The corpus against a running `up`: every case's requests over real sockets, and the alerts that they raise."""

from __future__ import annotations

import http.client
import socket
import sqlite3
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e.e2e_process import Running
from ringwall.attacks.case import Case, Headers, Reply, Sent
from ringwall.attacks.grounds import Grounds
from ringwall.attacks.run import raw, requests
from ringwall.state.alerts import Alert, Alerts
from ringwall.state.database import Database


@dataclass(frozen=True)
class Proofs:
    """The demo's credentials at a running `up`."""

    running: Running
    tokens: dict[str, str]
    pem: bytes

    def headers(self, caller: str) -> Headers:
        if caller == "none":
            return ()
        kind, _, name = caller.rpartition(":")
        if kind == "key":
            return (("X-API-Key", next(k["key"] for k in self.running.ready["api_keys"] if k["name"] == name)),)
        return (("Authorization", f"Bearer {self.token(name)}"),)

    def token(self, account: str) -> str:
        if account not in self.tokens:
            self.tokens[account] = self.running.sign_in(account)
        return self.tokens[account]

    def password(self, account: str) -> str:
        return self.running.password(account)

    def subject(self, account: str) -> str:
        return next(str(a["subject"]) for a in self.running.ready["accounts"] if a["name"] == account)

    def public_key(self) -> bytes:
        return self.pem


class LiveGrounds(Grounds):
    """Surroundings whose database is the running clinic's."""

    __slots__ = ("live",)

    @property
    def database(self) -> Path:
        return self.live


class Live:
    """A running clinic to attack, and the alerts in its store."""

    def __init__(self, running: Running, root: Path) -> None:
        self.running = running
        self.grounds = LiveGrounds(root, Proofs(running, {}, _pem(running)), host=f"localhost:{running.port}")
        self.grounds.live = running.data / "clinic" / "clinic.db"
        self._database = Database(running.data / "state.db")
        self.alerts = Alerts(self._database)
        trust = running.trust()
        self._trust = trust if isinstance(trust, ssl.SSLContext) else None

    def close(self) -> None:
        self._database.close()

    def attack(self, case: Case) -> float:
        """What a case sends, its honest twin only where the attack builds on it, since rates are shared; when its
        hostile part began (epoch seconds)."""
        for draft in (*case.setup, *(case.honest if case.tamper else ())):
            for sent in requests(draft, self.grounds):
                self.send(sent)
        if case.tamper:
            with closing(sqlite3.connect(self.grounds.database)) as database, database:
                for statement in case.tamper:
                    database.execute(statement)
        began = time.time()
        for draft in case.hostile or case.honest:
            if case.wire:
                self.transmit(raw(draft, self.grounds))
            else:
                for sent in requests(draft, self.grounds):
                    self.send(sent)
        return began

    def raised(self, rule: str, since: float, seconds: float = 30.0) -> Alert | None:
        """The alert of a rule that held since then, waited for."""
        until = time.monotonic() + seconds
        while True:
            found = self.alerts.alerts(since=since - 0.05, rule=rule)
            if found or time.monotonic() > until:
                return found[0] if found else None
            time.sleep(0.02)

    def send(self, sent: Sent) -> Reply:
        connection = http.client.HTTPSConnection("localhost", self.running.port, context=self._trust, timeout=20)
        try:
            connection.putrequest(sent.method, sent.target, skip_host=True, skip_accept_encoding=True)
            for name, value in sent.headers:
                connection.putheader(name, value)
            connection.endheaders(sent.body or None)
            reply = connection.getresponse()
            return Reply(reply.status, tuple(reply.getheaders()), reply.read())
        except (OSError, http.client.HTTPException, ValueError):
            return Reply(0, (), b"")
        finally:
            connection.close()

    def transmit(self, data: bytes) -> bytes:
        assert self._trust is not None
        with (
            socket.create_connection(("127.0.0.1", self.running.port), timeout=2) as plain,
            self._trust.wrap_socket(plain, server_hostname="localhost") as connection,
        ):
            connection.sendall(data)
            with suppress(OSError):
                return connection.recv(65536)
        return b""


def _pem(running: Running) -> bytes:
    import base64

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    with running.client() as client:
        x: Any = client.get("/.ringwall/jwks.json").json()["keys"][0]["x"]
    key = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(f"{x}="))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def ordered(cases: tuple[Case, ...]) -> Iterator[Case]:
    """Those that exhaust a rate last, and the theft of what others read before them."""
    late = ("authentication-guessed", "flood-requests")
    yield from (case for case in cases if not case.name.startswith(late))
    yield from (case for case in cases if case.name.startswith(late))
