"""Tickets in the embedded store: what is begun and must be finished soon, once, by whoever holds its secret."""

from __future__ import annotations

import json
from typing import Final

from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE ticket (
      digest BLOB PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, facts TEXT NOT NULL,
      until REAL NOT NULL, tries INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID""",
    "CREATE INDEX ticket_until ON ticket (until)",
)
Facts = dict[str, str]


class TicketTable:
    """The tickets of an open `state.db`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("tickets", _STEPS)

    def add_ticket(self, digest: bytes, kind: str, subject: str, facts: Facts, now: float, until: float) -> None:
        """Keep a new ticket, and let go of what is over."""
        self._db.rows("DELETE FROM ticket WHERE until < ?", (now,))
        row = (digest, kind, subject, json.dumps(facts), until)
        self._db.rows("INSERT INTO ticket (digest, kind, subject, facts, until) VALUES (?, ?, ?, ?, ?)", row)

    def ticket(self, digest: bytes, kind: str, now: float) -> tuple[str, Facts] | None:
        """The subject and facts of a ticket that stands."""
        sql = "SELECT subject, facts FROM ticket WHERE digest = ? AND kind = ? AND until >= ?"
        return self._db.one(sql, (digest, kind, now), _made)

    def take_ticket(self, digest: bytes, kind: str, now: float) -> tuple[str, Facts] | None:
        """The same, and the ticket is gone: of many that take it at once, one has it."""
        sql = "DELETE FROM ticket WHERE digest = ? AND kind = ? AND until >= ? RETURNING subject, facts"
        return self._db.one(sql, (digest, kind, now), _made)

    def strike_ticket(self, digest: bytes, most: int) -> None:
        """Count a failed try against a ticket; the last of `most` ends it."""
        self._db.rows("UPDATE ticket SET tries = tries + 1 WHERE digest = ?", (digest,))
        self._db.rows("DELETE FROM ticket WHERE digest = ? AND tries >= ?", (digest, most))

    def end_tickets(self, subject: str) -> None:
        """Let go of all of a subject's tickets."""
        self._db.rows("DELETE FROM ticket WHERE subject = ?", (subject,))


def _made(row: Row) -> tuple[str, Facts]:
    subject, facts = row
    return str(subject), {str(name): str(value) for name, value in json.loads(str(facts)).items()}
