"""The ledger of what was issued here, in the embedded store: each credential by its hash, and to whom it was given."""

from __future__ import annotations

from typing import Final

from ringwall.state.database import Database

_STEPS: Final = (
    """CREATE TABLE issued (digest BLOB PRIMARY KEY, subject TEXT NOT NULL, until REAL NOT NULL)
      STRICT, WITHOUT ROWID""",
    "CREATE INDEX issued_until ON issued (until)",
    "CREATE INDEX api_key_digest ON api_key (digest)",
)
_SWEEP: Final = 256


class IssuedTable:
    """Access tokens have a table of their own here; keys and sessions are looked up where they are kept."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._added = 0
        database.grow("issued", _STEPS)

    def add(self, digest: bytes, subject: str, until: float, now: float) -> None:
        """A token was issued; it is kept until it ends."""
        self._added += 1
        if self._added % _SWEEP == 0:
            self._database.rows("DELETE FROM issued WHERE until < ?", (now,))
        self._database.rows("INSERT INTO issued VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (digest, subject, until))

    def subjects(self, digest: bytes) -> frozenset[str]:
        """To whom a credential was issued; nobody where it never was."""
        found = self._database.rows(
            "SELECT subject FROM issued WHERE digest = ?1 UNION ALL SELECT subject FROM api_key WHERE digest = ?1"
            " UNION ALL SELECT subject FROM session WHERE digest = ?1",
            (digest,),
        )
        return frozenset(str(row[0]) for row in found)
