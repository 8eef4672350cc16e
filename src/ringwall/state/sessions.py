"""Browser sessions in the embedded store: found by the hash of their secret, never kept with it."""

from __future__ import annotations

import json
from typing import Final

from ringwall.core.ports import Account
from ringwall.core.records import StoredPlace, StoredSession
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE session (
      digest BLOB PRIMARY KEY, id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, amr TEXT NOT NULL,
      signed_in REAL NOT NULL, seen REAL NOT NULL, agent TEXT NOT NULL, network TEXT NOT NULL) STRICT""",
    "CREATE INDEX session_subject ON session (subject)",
    """CREATE TABLE session_place (
      session_id TEXT NOT NULL, network TEXT NOT NULL, browser TEXT NOT NULL, last REAL NOT NULL,
      told INTEGER NOT NULL, PRIMARY KEY (session_id, network, browser)) STRICT, WITHOUT ROWID""",
    """CREATE TRIGGER session_places AFTER DELETE ON session
      BEGIN DELETE FROM session_place WHERE session_id = OLD.id; END""",
)
_SESSION: Final = "s.id, s.subject, s.amr, s.signed_in, s.seen, s.agent, s.network"


class SessionTable:
    """The sessions of an open `state.db`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("sessions", _STEPS)

    def add_session(self, digest: bytes, session: StoredSession) -> None:
        """Keep a new session."""
        row = (digest, session.id, session.subject, json.dumps(sorted(session.amr)),
               session.signed_in, session.seen, session.agent, session.network)  # fmt: skip
        self._db.rows("INSERT INTO session VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def session(self, digest: bytes) -> tuple[StoredSession, Account] | None:
        """A session and its account, unless that is disabled or gone."""
        return self._db.one(
            f"SELECT {_SESSION}, a.name, a.roles, a.tenant FROM session s"  # noqa: S608 - fixed columns
            " JOIN account a ON a.subject = s.subject AND NOT a.disabled WHERE s.digest = ?",
            (digest,),
            lambda row: (_session(row), _account(row)),
        )

    def session_seen(self, session_id: str, at: float) -> None:
        """Keep when a session was last used."""
        self._db.rows("UPDATE session SET seen = ? WHERE id = ?", (at, session_id))

    def sessions_of(self, subject: str) -> list[StoredSession]:
        """A subject's sessions, newest first."""
        sql = f"SELECT {_SESSION} FROM session s WHERE s.subject = ? ORDER BY s.signed_in DESC"  # noqa: S608 - fixed
        return [_session(row) for row in self._db.rows(sql, (subject,))]

    def end_session(self, session_id: str) -> bool:
        """Forget a session. False where there was none."""
        return bool(self._db.rows("DELETE FROM session WHERE id = ? RETURNING 1", (session_id,)))

    def end_sessions(self, subject: str, but: str) -> int:
        """Forget a subject's sessions, save the one with the id `but`, and say how many."""
        return len(self._db.rows("DELETE FROM session WHERE subject = ? AND id <> ? RETURNING 1", (subject, but)))

    def end_sessions_before(self, seen: float, signed_in: float) -> None:
        """Forget what was not used since, or was opened before."""
        self._db.rows("DELETE FROM session WHERE seen <= ? OR signed_in <= ?", (seen, signed_in))

    def places_of(self, session_id: str) -> list[StoredPlace]:
        """Whence a session was used."""
        sql = "SELECT network, browser, last, told FROM session_place WHERE session_id = ?"
        return [
            StoredPlace(str(network), str(browser), _time(last), bool(told))
            for network, browser, last, told in self._db.rows(sql, (session_id,))
        ]

    def keep_place(self, session_id: str, place: StoredPlace) -> None:
        """Keep whence and when a session was used."""
        self._db.rows(
            "INSERT INTO session_place SELECT ?, ?, ?, ?, ? WHERE EXISTS (SELECT 1 FROM session WHERE id = ?)"
            " ON CONFLICT DO UPDATE SET last = excluded.last, told = max(told, excluded.told)",
            (session_id, place.network, place.browser, place.last, int(place.told), session_id),
        )


def _session(row: Row) -> StoredSession:
    session_id, subject, amr, signed_in, seen, agent, network = row[:7]
    return StoredSession(
        str(session_id), str(subject), frozenset(json.loads(str(amr))),
        _time(signed_in), _time(seen), str(agent), str(network),
    )  # fmt: skip


def _account(row: Row) -> Account:
    name, roles, tenant = row[7:]
    return Account(
        str(row[1]), str(name), frozenset(json.loads(str(roles))), None if tenant is None else str(tenant)
    )  # fmt: skip


def _time(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
