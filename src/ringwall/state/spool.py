"""What is still to be delivered, on disk, by outlet: in order, bounded, and gone only once a receiver has it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE item (
      id INTEGER PRIMARY KEY AUTOINCREMENT, outlet TEXT NOT NULL, at REAL NOT NULL, due REAL NOT NULL,
      tries INTEGER NOT NULL, body BLOB NOT NULL) STRICT""",
    "CREATE INDEX item_by_outlet ON item (outlet, id)",
    "CREATE TABLE lost (outlet TEXT PRIMARY KEY, count INTEGER NOT NULL) STRICT",
)

MOST: Final = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """Something to deliver: how often that was tried, and when it is due (epoch seconds)."""

    id: int
    at: float
    due: float
    tries: int
    body: bytes


class Spool:
    """The spool of one data directory. What it cannot tell raises Unavailable."""

    def __init__(self, path: Path, most: int = MOST) -> None:
        self._db = Database(path)
        self._most = most
        self._db.grow("spool", _STEPS)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def put(self, outlet: str, body: bytes, now: float) -> None:
        """Queue something; where the outlet's queue is full, its oldest item is lost, and counted."""
        with self._db.transaction():
            self._db.rows("INSERT INTO item (outlet, at, due, tries, body) VALUES (?, ?, ?, 0, ?)",
                          (outlet, now, now, body))  # fmt: skip
            gone = self._db.rows(
                "DELETE FROM item WHERE outlet = ? AND id <= (SELECT id FROM item WHERE outlet = ?"
                " ORDER BY id DESC LIMIT 1 OFFSET ?) RETURNING 1",
                (outlet, outlet, self._most),
            )
            self._lose(outlet, len(gone))

    def head(self, outlet: str) -> Item | None:
        """The oldest item of an outlet, due or not: nothing overtakes it."""
        sql = "SELECT id, at, due, tries, body FROM item WHERE outlet = ? ORDER BY id LIMIT 1"
        return self._db.one(sql, (outlet,), _item)

    def done(self, item: Item) -> None:
        """The receiver has it."""
        self._db.rows("DELETE FROM item WHERE id = ?", (item.id,))

    def later(self, item: Item, due: float) -> None:
        """Try it again then."""
        self._db.rows("UPDATE item SET due = ?, tries = tries + 1 WHERE id = ?", (due, item.id))

    def drop(self, outlet: str, item: Item) -> None:
        """Give it up, and count it."""
        with self._db.transaction():
            self.done(item)
            self._lose(outlet, 1)

    def lost(self) -> dict[str, int]:
        """How many items of each outlet were never delivered."""
        return {str(row[0]): int(str(row[1])) for row in self._db.rows("SELECT outlet, count FROM lost")}

    def waiting(self) -> dict[str, int]:
        """How many items each outlet has still to deliver."""
        rows = self._db.rows("SELECT outlet, count(*) FROM item GROUP BY outlet")
        return {str(row[0]): int(str(row[1])) for row in rows}

    def _lose(self, outlet: str, count: int) -> None:
        if count:
            self._db.rows(
                "INSERT INTO lost VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                (outlet, count),
            )


def _item(row: Row) -> Item:
    identity, at, due, tries, body = row
    return Item(
        int(str(identity)), float(str(at)), float(str(due)), int(str(tries)), body if isinstance(body, bytes) else b""
    )
