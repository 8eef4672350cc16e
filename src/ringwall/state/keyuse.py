"""Which keys are still used, as the last whole pass over each table found, and how far an unfinished pass has come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import orjson

from ringwall.engines.crypto.fields import Envelope, read
from ringwall.state.database import Database

_STEPS: Final = (
    """CREATE TABLE key_use (place TEXT NOT NULL, kid TEXT NOT NULL, uses INTEGER NOT NULL, PRIMARY KEY (place, kid))
      STRICT, WITHOUT ROWID""",
    "CREATE TABLE key_counted (place TEXT PRIMARY KEY, at REAL NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE TABLE key_pass (place TEXT PRIMARY KEY, after TEXT NOT NULL) STRICT, WITHOUT ROWID",
)


@dataclass(frozen=True, slots=True)
class Counted:
    """How many values a key seals in all places that were counted, and when the first of those was (epoch seconds)."""

    uses: Mapping[str, int]
    since: float | None


class KeyUse:
    """The counts of a data directory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("key_use", _STEPS)

    def counted(self) -> Counted:
        """All counts, added up, with what ringwall's own tables hold now."""
        rows = self._database.rows("SELECT kid, sum(uses) FROM key_use GROUP BY kid")
        since = self._database.rows("SELECT min(at) FROM key_counted")[0][0]
        uses = Counter({str(kid): int(str(number)) for kid, number in rows})
        uses.update(envelope.kid for _, envelope in self.own())
        return Counted(uses, None if since is None else float(str(since)))

    def own(self) -> list[tuple[str, Envelope]]:
        """The records that ringwall itself keeps, each with whom or what it is of: second factors, and accounts with
        ACME authorities."""
        there = {str(row[0]) for row in self._database.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = [
            row
            for table, whose in (("totp", "subject"), ("acme_account", "directory"))
            if table in there
            for row in self._database.rows(f"SELECT {whose}, sealed FROM {table}")  # noqa: S608 - two words of ours
        ]
        found = [(str(subject), read(str(sealed))) for subject, sealed in rows]
        return [(subject, envelope) for subject, envelope in found if isinstance(envelope, Envelope)]

    def count(self, place: str, uses: Mapping[str, int], at: float) -> None:
        """Keep what a whole pass over a place has found, in place of what an earlier one did; the pass is over."""
        with self._database.transaction():
            self._database.rows("DELETE FROM key_use WHERE place = ?", (place,))
            for kid, number in uses.items():
                self._database.rows("INSERT INTO key_use VALUES (?, ?, ?)", (place, kid, number))
            self._database.rows(
                "INSERT INTO key_counted VALUES (?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (place, at)
            )
            self._database.rows("DELETE FROM key_pass WHERE place = ?", (place,))

    def forget(self, place: str) -> bool:
        """Count a place no more: it is gone. False where it never was counted."""
        with self._database.transaction():
            self._database.rows("DELETE FROM key_use WHERE place = ?", (place,))
            return bool(self._database.rows("DELETE FROM key_counted WHERE place = ? RETURNING 1", (place,)))

    def reached(self, place: str) -> object:
        """The id after which an unfinished pass goes on; None where there is none."""
        rows = self._database.rows("SELECT after FROM key_pass WHERE place = ?", (place,))
        return orjson.loads(str(rows[0][0])) if rows else None

    def reach(self, place: str, after: object) -> None:
        """Keep how far a pass has come; an id that JSON does not hold is not kept, and the pass begins anew."""
        try:
            text = orjson.dumps(after).decode()
        except TypeError:
            return
        self._database.rows(
            "INSERT INTO key_pass VALUES (?, ?) ON CONFLICT DO UPDATE SET after = excluded.after", (place, text)
        )
