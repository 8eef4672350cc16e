"""The last result of each kind of test of a deployment (`drill`, `scan`), for the console to show."""

from __future__ import annotations

import json
from typing import Final

from ringwall.state.alert_rows import number
from ringwall.state.database import Database, Row

Document = dict[str, object]

_STEPS: Final = ("CREATE TABLE result (name TEXT PRIMARY KEY, document TEXT NOT NULL, at REAL NOT NULL) STRICT",)


class Results:
    """The results in one store. What the store cannot tell raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("results", _STEPS)

    def keep(self, name: str, document: Document, at: float) -> None:
        """The last result of a kind, in place of the one before; `at` in epoch seconds."""
        sql = (
            "INSERT INTO result VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET document = excluded.document,"
            " at = excluded.at"
        )
        self._db.rows(sql, (name, json.dumps(document), at))

    def last(self, name: str) -> tuple[Document, float] | None:
        """The last result of a kind, and when it was."""
        return self._db.one("SELECT document, at FROM result WHERE name = ?", (name,), _result)


def _result(row: Row) -> tuple[Document, float]:
    document, at = row
    return json.loads(str(document)), number(at)
