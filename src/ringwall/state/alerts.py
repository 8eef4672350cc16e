"""What the monitor keeps in the store: alerts, actions taken, and what it says of itself; for every process to read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

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

REQUESTS: Final = 50
"""Request ids that an alert keeps: its first and its latest."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that held for a group, from when to when (epoch seconds) and how often, with the requests concerned."""

    id: str
    rule: str
    title: str
    level: str
    first: float
    last: float
    count: int
    group: Mapping[str, str]
    explanation: str
    principal: str | None
    client: str | None
    operation: str | None
    requests: tuple[str, ...]
    closed: float | None = None

    def document(self) -> dict[str, object]:
        """As `ringwall alerts --json` prints it."""
        return {
            "id": self.id, "rule": self.rule, "title": self.title, "level": self.level, "first": self.first,
            "last": self.last, "count": self.count, "group": dict(self.group), "explanation": self.explanation,
            "principal": self.principal, "client": self.client, "operation": self.operation,
            "requests": list(self.requests), "closed": self.closed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Response:
    """Something done about an alert: until when it holds, whether it was only told (`dry`), and when it was undone."""

    id: str
    action: str
    kind: str
    value: str
    since: float
    until: float
    alert: str
    rule: str
    detail: str
    dry: bool
    undone: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it is in force."""
        return not self.dry and self.undone is None and self.until > now

    def document(self) -> dict[str, object]:
        """As `ringwall respond list --json` prints it."""
        return {
            "id": self.id, "action": self.action, "kind": self.kind, "value": self.value, "since": self.since,
            "until": self.until, "alert": self.alert, "rule": self.rule, "detail": self.detail, "dry_run": self.dry,
            "undone": self.undone,
        }  # fmt: skip


class Alerts:
    """Alerts and responses of one store. What the store cannot tell raises Unavailable."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("alerts", _STEPS)

    # Alerts

    def add(self, alert: Alert) -> None:
        """Keep a new alert."""
        self._db.rows("INSERT INTO alert VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            alert.id, alert.rule, alert.title, alert.level, alert.first, alert.last, alert.count,
            _json(dict(alert.group)), alert.explanation, alert.principal, alert.client, alert.operation,
            _json(alert.requests), alert.closed,
        ))  # fmt: skip

    def again(self, alert: Alert) -> None:
        """Keep that an alert's rule held again."""
        self._db.rows(
            "UPDATE alert SET last = ?, count = ?, explanation = ?, requests = ? WHERE id = ?",
            (alert.last, alert.count, alert.explanation, _json(alert.requests), alert.id),
        )

    def open_of(self, rule: str, group: Mapping[str, str], since: float) -> Alert | None:
        """The alert that a further hit belongs to: of the same rule and group, not closed, and not too old."""
        sql = (
            "SELECT * FROM alert WHERE rule = ? AND grouped = ? AND last >= ? AND closed IS NULL"
            " ORDER BY last DESC LIMIT 1"
        )
        return self._db.one(sql, (rule, _json(dict(group)), since), _alert)

    def alert(self, alert_id: str) -> Alert | None:
        """One alert."""
        return self._db.one("SELECT * FROM alert WHERE id = ?", (alert_id,), _alert)

    def alerts(
        self, *, since: float = 0.0, rule: str | None = None, principal: str | None = None, limit: int = 100,
        open_only: bool = False,
    ) -> list[Alert]:  # fmt: skip
        """The latest alerts, latest first."""
        sql = (
            "SELECT * FROM alert WHERE last >= ? AND (? IS NULL OR rule = ?) AND (? IS NULL OR principal = ?)"
            " AND (closed IS NULL OR NOT ?) ORDER BY last DESC LIMIT ?"
        )
        values = (since, rule, rule, principal, principal, open_only, limit)
        return [_alert(row) for row in self._db.rows(sql, values)]

    def open_counts(self) -> dict[tuple[str, str], int]:
        """How many open alerts there are by rule and level."""
        sql = "SELECT rule, level, count(*) FROM alert WHERE closed IS NULL GROUP BY rule, level"
        return {(str(row[0]), str(row[1])): int(_float(row[2])) for row in self._db.rows(sql)}

    def close(self, alert_id: str, now: float) -> bool:
        """Say that an alert was dealt with. False where there is none open."""
        sql = "UPDATE alert SET closed = ? WHERE id = ? AND closed IS NULL RETURNING 1"
        return bool(self._db.rows(sql, (now, alert_id)))

    def forget_before(self, at: float) -> None:
        """Let go of alerts that last held before a time, and of responses that ended before it."""
        self._db.rows("DELETE FROM alert WHERE last < ?", (at,))
        self._db.rows("DELETE FROM response WHERE until < ?", (at,))

    # Responses

    def respond(self, response: Response) -> None:
        """Keep something that is done."""
        self._db.rows("INSERT INTO response VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", (
            response.id, response.action, response.kind, response.value, response.since, response.until,
            response.alert, response.rule, response.detail, int(response.dry), response.undone,
        ))  # fmt: skip

    def undo(self, response_id: str, now: float) -> Response | None:
        """End a response now; None where there is none of this id in force."""
        sql = "UPDATE response SET undone = ? WHERE id = ? AND undone IS NULL RETURNING *"
        return self._db.one(sql, (now, response_id), _response)

    def responses(self, *, since: float = 0.0, limit: int = 1000) -> list[Response]:
        """What was done, latest first."""
        sql = "SELECT * FROM response WHERE since >= ? ORDER BY since DESC, id DESC LIMIT ?"
        return [_response(row) for row in self._db.rows(sql, (since, limit))]

    def in_force(self, now: float) -> list[Response]:
        """What holds now, oldest first."""
        sql = "SELECT * FROM response WHERE until > ? AND undone IS NULL AND dry = 0 ORDER BY since"
        return [_response(row) for row in self._db.rows(sql, (now,))]

    def touched(self, since: float) -> set[tuple[str, str]]:
        """Whom automation acted on since a time: kinds and values, each once."""
        sql = "SELECT DISTINCT kind, value FROM response WHERE since >= ? AND dry = 0 AND alert <> ''"
        return {(str(row[0]), str(row[1])) for row in self._db.rows(sql, (since,))}

    # What the monitor says of itself

    def say(self, name: str, value: object, now: float) -> None:
        """Leave a word for other processes."""
        sql = "INSERT INTO monitor VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, at = excluded.at"
        self._db.rows(sql, (name, json.dumps(value), now))

    def said(self) -> dict[str, tuple[object, float]]:
        """Every word left, and when."""
        rows = self._db.rows("SELECT name, value, at FROM monitor")
        return {str(name): (json.loads(str(value)), _float(at)) for name, value, at in rows}

    def changes(self) -> int:
        """A number that changes when another connection wrote to the store."""
        return int(_float(self._db.rows("PRAGMA data_version")[0][0]))


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _float(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _texts(value: object) -> str | None:
    return None if value is None else str(value)


def _alert(row: Row) -> Alert:
    identity, rule, title, level, first, last, count, group, told, principal, client, operation, requests, closed = row
    return Alert(
        str(identity), str(rule), str(title), str(level), _float(first), _float(last), int(_float(count)),
        json.loads(str(group)), str(told), _texts(principal), _texts(client), _texts(operation),
        tuple(json.loads(str(requests))), None if closed is None else _float(closed),
    )  # fmt: skip


def _response(row: Row) -> Response:
    identity, action, kind, value, since, until, alert, rule, detail, dry, undone = row
    return Response(
        str(identity), str(action), str(kind), str(value), _float(since), _float(until), str(alert), str(rule),
        str(detail), bool(dry), None if undone is None else _float(undone),
    )  # fmt: skip
