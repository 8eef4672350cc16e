"""What the monitor keeps in the store: alerts, actions taken, and what it says of itself; for every process to read."""

from __future__ import annotations

import json
from typing import Final

from ringwall.state.alert_persons import (
    Persons,
    Unsealed,
    opened_alert,
    opened_response,
    sealed_alert,
    sealed_response,
)
from ringwall.state.alert_rows import REQUESTS, Alert, Response, alert_of, as_json, number, response_of
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE alert (
      id TEXT PRIMARY KEY, rule TEXT NOT NULL, title TEXT NOT NULL, level TEXT NOT NULL, first REAL NOT NULL,
      last REAL NOT NULL, count INTEGER NOT NULL, grouped TEXT NOT NULL, explanation TEXT NOT NULL,
      principal TEXT, client TEXT, operation TEXT, requests TEXT NOT NULL, closed REAL) STRICT""",
    "CREATE INDEX alert_by_last ON alert (last)",
    "CREATE INDEX alert_open ON alert (rule, grouped, last)",
    """CREATE TABLE response (
      id TEXT PRIMARY KEY, action TEXT NOT NULL, kind TEXT NOT NULL, value TEXT NOT NULL, since REAL NOT NULL,
      until REAL NOT NULL, alert TEXT NOT NULL, rule TEXT NOT NULL, detail TEXT NOT NULL, dry INTEGER NOT NULL,
      undone REAL) STRICT""",
    "CREATE INDEX response_by_until ON response (until)",
    """CREATE TABLE monitor (name TEXT PRIMARY KEY, value TEXT NOT NULL, at REAL NOT NULL) STRICT""",
)


class Alerts:
    """Alerts and responses of one store, their personal parts sealed there by `persons` and in clear here while the
    keys live. What the store cannot tell raises Unavailable."""

    def __init__(self, database: Database, persons: Persons | None = None) -> None:
        self._db, self.persons = database, persons or Unsealed()
        database.grow("alerts", _STEPS)

    # Alerts

    def add(self, alert: Alert) -> None:
        """Keep a new alert."""
        kept = sealed_alert(alert, self.persons)
        self._db.rows("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            kept.id, kept.rule, kept.title, kept.level, kept.first, kept.last, kept.count,
            as_json(dict(kept.group)), kept.explanation, kept.principal, kept.client, kept.operation,
            as_json(kept.requests), kept.closed,
        ))  # fmt: skip

    def again(self, alert: Alert) -> bool:
        """Keep that an alert's rule held again. False where it was closed meanwhile, or is kept no more."""
        sql = (
            "UPDATE alert SET last = ?, count = ?, explanation = ?, requests = ? WHERE id = ? AND closed IS NULL"
            " RETURNING 1"
        )
        values = (alert.last, alert.count, alert.explanation, as_json(alert.requests), alert.id)
        return bool(self._db.rows(sql, values))

    def alert(self, alert_id: str) -> Alert | None:
        """One alert."""
        return self._db.one("SELECT * FROM alert WHERE id = ?", (alert_id,), self._alert)

    def alerts(
        self, *, since: float = 0.0, rule: str | None = None, principal: str | None = None, limit: int = 100,
        open_only: bool = False,
    ) -> list[Alert]:  # fmt: skip
        """The latest alerts, latest first."""
        sql = (
            "SELECT * FROM alert WHERE last >= ? AND (? IS NULL OR rule = ?)"
            " AND (? IS NULL OR principal IN (SELECT value FROM json_each(?)))"
            " AND (closed IS NULL OR NOT ?) ORDER BY last DESC LIMIT ?"
        )
        who = None if principal is None else as_json(self.persons.spellings("principal", principal))
        values = (since, rule, rule, who, who, open_only, limit)
        return [self._alert(row) for row in self._db.rows(sql, values)]

    def open_counts(self) -> dict[tuple[str, str], int]:
        """How many open alerts there are by rule and level."""
        sql = "SELECT rule, level, count(*) FROM alert WHERE closed IS NULL GROUP BY rule, level"
        return {(str(row[0]), str(row[1])): int(number(row[2])) for row in self._db.rows(sql)}

    def close(self, alert_id: str, now: float) -> bool:
        """Say that an alert was dealt with. False where there is none open."""
        sql = "UPDATE alert SET closed = ? WHERE id = ? AND closed IS NULL RETURNING 1"
        return bool(self._db.rows(sql, (now, alert_id)))

    def forget_before(self, at: float) -> None:
        """Let go of alerts that last held before a time, and of responses that ended before it."""
        self._db.rows("DELETE FROM alert WHERE last < ?", (at,))
        self._db.rows("DELETE FROM response WHERE until < ?", (at,))

    # Responses

    def respond(self, response: Response, whose: str | None = None) -> None:
        """Keep something that is done; `whose` address it is held against, where that is known."""
        kept = sealed_response(response, whose, self.persons)
        self._db.rows("INSERT INTO response VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            kept.id, kept.action, kept.kind, kept.value, kept.since, kept.until,
            kept.alert, kept.rule, kept.detail, int(kept.dry), kept.undone,
        ))  # fmt: skip

    def undo(self, response_id: str, now: float) -> Response | None:
        """End a response now; None where there is none of this id in force."""
        sql = "UPDATE response SET undone = ? WHERE id = ? AND undone IS NULL RETURNING *"
        return self._db.one(sql, (now, response_id), self._response)

    def responses(self, *, since: float = 0.0, limit: int = 1000) -> list[Response]:
        """What was done, latest first."""
        sql = "SELECT * FROM response WHERE since >= ? ORDER BY since DESC, id DESC LIMIT ?"
        return [self._response(row) for row in self._db.rows(sql, (since, limit))]

    def in_force(self, now: float) -> list[Response]:
        """What holds now, oldest first."""
        sql = "SELECT * FROM response WHERE until > ? AND undone IS NULL AND dry = 0 ORDER BY since"
        return [self._response(row) for row in self._db.rows(sql, (now,))]

    def touched(self, since: float) -> set[tuple[str, str]]:
        """Whom automation acted on since a time: kinds and values, each once."""
        sql = "SELECT * FROM response WHERE since >= ? AND dry = 0 AND alert <> ''"
        return {(each.kind, each.value) for each in map(self._response, self._db.rows(sql, (since,)))}

    def _alert(self, row: Row) -> Alert:
        return opened_alert(alert_of(row), self.persons)

    def _response(self, row: Row) -> Response:
        return opened_response(response_of(row), self.persons)

    # What the monitor says of itself

    def say(self, name: str, value: object, now: float) -> None:
        """Leave a word for other processes."""
        sql = "INSERT INTO monitor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at"
        self._db.rows(sql, (name, json.dumps(value), now))

    def said(self) -> dict[str, tuple[object, float]]:
        """Every word left, and when."""
        rows = self._db.rows("SELECT name, value, at FROM monitor")
        return {str(name): (json.loads(str(value)), number(at)) for name, value, at in rows}

    def changes(self) -> int:
        """A number that changes when another connection wrote to the store."""
        return int(number(self._db.rows("PRAGMA data_version")[0][0]))


__all__ = ["REQUESTS", "Alert", "Alerts", "Response"]
