"""Tickets: what a sign-in, an enrolment or an invitation has come to, until it is finished or its time is over.

The secret is with the browser (or on paper), its hash in the store; every worker knows every ticket.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

Facts = dict[str, str]

SECOND: Final = "second"
"""A right password, and the second factor still to come."""
INVITATION: Final = "invitation"
"""An account whose holder is to set a password."""
SHORT_S: Final = 600.0
INVITED_S: Final = 7 * 86_400.0
_TRIES: Final = 5


class TicketStore(Protocol):
    """Where tickets are kept."""

    def add_ticket(self, digest: bytes, kind: str, subject: str, facts: Facts, now: float, until: float) -> None: ...
    def ticket(self, digest: bytes, kind: str, now: float) -> tuple[str, Facts] | None: ...
    def take_ticket(self, digest: bytes, kind: str, now: float) -> tuple[str, Facts] | None: ...
    def strike_ticket(self, digest: bytes, most: int) -> None: ...
    def end_tickets(self, subject: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Ticket:
    """What is known of one: whom it is for (empty: nobody yet) and what was written on it."""

    subject: str
    facts: Facts


class Tickets:
    """The tickets of one store. A kind is never taken for another."""

    def __init__(self, store: TicketStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def issue(self, kind: str, subject: str, facts: Facts | None = None, seconds: float = SHORT_S) -> str:
        """A new ticket's secret: 256 random bits as text."""
        secret = secrets.token_urlsafe(32)
        self.note(kind, secret, subject, facts, seconds)
        return secret

    def note(self, kind: str, secret: str, subject: str, facts: Facts | None = None, seconds: float = SHORT_S) -> None:
        """A ticket whose secret was made elsewhere and is as hard to guess."""
        now = self._now()
        self._store.add_ticket(_digest(secret), kind, subject, facts or {}, now, now + seconds)

    def read(self, kind: str, secret: str) -> Ticket | None:
        """A ticket that stands."""
        found = self._store.ticket(_digest(secret), kind, self._now())
        return Ticket(*found) if found else None

    def take(self, kind: str, secret: str) -> Ticket | None:
        """A ticket that stands, which is over with this: once, in whichever process."""
        found = self._store.take_ticket(_digest(secret), kind, self._now())
        return Ticket(*found) if found else None

    def strike(self, secret: str) -> None:
        """A failed try: the fifth ends the ticket."""
        self._store.strike_ticket(_digest(secret), _TRIES)

    def end_all(self, subject: str) -> None:
        """End whatever a subject has begun."""
        self._store.end_tickets(subject)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
