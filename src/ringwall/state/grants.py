"""Roles granted to a subject beside those of its account: by whom, when, until when and why; and break-glass."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

from ringwall.core.ports import Granted
from ringwall.state.database import Database, Row

Kind = Literal["grant", "break-glass"]
_STEPS: Final = (
    """CREATE TABLE role_grant (
      grant_id INTEGER PRIMARY KEY, subject TEXT NOT NULL, role TEXT NOT NULL, kind TEXT NOT NULL, reason TEXT NOT NULL,
      by TEXT NOT NULL, at REAL NOT NULL, until REAL, ended REAL, ended_by TEXT) STRICT""",
    "CREATE INDEX role_grant_subject ON role_grant (subject)",
    "CREATE INDEX role_grant_role ON role_grant (role)",
)


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant. `at`, `until` and `ended` are epoch seconds; None: no end, and not ended."""

    id: int
    subject: str
    role: str
    kind: Kind
    reason: str
    by: str
    at: float
    until: float | None
    ended: float | None
    ended_by: str | None

    def holds(self, now: float) -> bool:
        """Whether it counts at that moment."""
        return self.at <= now < min(self.until or math.inf, self.ended or math.inf)


class Grants:
    """The grants of one store. A grant is never taken out, only ended: it is evidence."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("grants", _STEPS)

    def add(
        self, subject: str, role: str, kind: Kind, reason: str, by: str, *, at: float, until: float | None
    ) -> Grant:
        """Grant a role."""
        columns = "subject, role, kind, reason, by, at, until"
        sql = f"INSERT INTO role_grant ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *"  # noqa: S608 - its columns
        return _grant(self._database.rows(sql, (subject, role, kind, reason, by, at, until))[0])

    def end(self, subject: str, role: str, by: str, at: float) -> int:
        """End every grant of a role to a subject that still counts; how many did."""
        sql = (
            "UPDATE role_grant SET ended = ?, ended_by = ? WHERE subject = ? AND role = ? AND ended IS NULL"
            " AND (until IS NULL OR until > ?) RETURNING 1"
        )
        return len(self._database.rows(sql, (at, by, subject, role, at)))

    def of(self, subject: str) -> list[Grant]:
        """All grants that a subject ever had, oldest first."""
        return self._list("WHERE subject = ?", (subject,))

    def all(self, *, role: str | None = None) -> list[Grant]:
        """All grants there ever were, or those of a role, oldest first."""
        return self._list("", ()) if role is None else self._list("WHERE role = ?", (role,))

    def granted(self, subject: str, now: float) -> Granted:
        """The roles that count now, and until when that stays so, as long as nobody grants or ends one."""
        standing = [g for g in self.of(subject) if g.ended is None and (g.until is None or g.until > now)]
        turns = [moment for g in standing for moment in (g.at, g.until) if moment is not None and moment > now]
        return Granted(frozenset(g.role for g in standing if g.holds(now)), min(turns, default=math.inf))

    def _list(self, where: str, values: Row) -> list[Grant]:
        sql = f"SELECT * FROM role_grant {where} ORDER BY grant_id"  # noqa: S608 - one of three clauses
        return [_grant(row) for row in self._database.rows(sql, values)]


def _grant(row: Row) -> Grant:
    grant_id, subject, role, kind, reason, by, at, until, ended, ended_by = row
    return Grant(
        int(str(grant_id)),
        str(subject),
        str(role),
        "break-glass" if kind == "break-glass" else "grant",
        str(reason),
        str(by),
        _number(at) or 0.0,
        _number(until),
        _number(ended),
        _text(ended_by),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None
