"""Sessions with the application's own login, in the embedded store: tokens of ours as hashes, its own encrypted."""

from __future__ import annotations

import json
from typing import Final

from ringwall.core.upstream import StoredUpstream
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE upstream_session (
      id TEXT PRIMARY KEY, digest BLOB NOT NULL UNIQUE, refresh BLOB, spent BLOB, subject TEXT NOT NULL,
      roles TEXT NOT NULL, tenant TEXT, created REAL NOT NULL, expires REAL NOT NULL, sealed BLOB NOT NULL) STRICT""",
    "CREATE INDEX upstream_refresh ON upstream_session (refresh)",
    "CREATE INDEX upstream_spent ON upstream_session (spent)",
    "CREATE INDEX upstream_expires ON upstream_session (expires)",
)
_COLUMNS: Final = "id, digest, refresh, spent, subject, roles, tenant, created, expires, sealed"


class UpstreamStore:
    """The sessions of one store."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("upstream", _STEPS)

    def add(self, session: StoredUpstream, now: float) -> None:
        """Keep a session, and let go of those whose time is over."""
        self._database.rows("DELETE FROM upstream_session WHERE expires <= ?", (now,))
        self._database.rows(
            f"INSERT INTO upstream_session ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
            (
                session.id,
                session.digest,
                session.refresh,
                session.spent,
                session.subject,
                json.dumps(sorted(session.roles)),
                session.tenant,
                session.created,
                session.expires,
                session.sealed,
            ),
        )

    def by_digest(self, digest: bytes) -> StoredUpstream | None:
        """The session of a token."""
        return self._one("digest", digest)

    def by_id(self, session_id: str) -> StoredUpstream | None:
        """The session of an id."""
        return self._one("id", session_id)

    def by_refresh(self, digest: bytes) -> StoredUpstream | None:
        """The session that a refresh token is good for."""
        return self._one("refresh", digest)

    def by_spent(self, digest: bytes) -> StoredUpstream | None:
        """The session that a refresh token was used in before."""
        return self._one("spent", digest)

    def renew(self, session_id: str, digest: bytes, refresh: bytes | None, sealed: bytes) -> bool:
        """Put other tokens in place of the session's; without a `refresh` that one stays. False where it ended."""
        changed = self._database.rows(
            "UPDATE upstream_session SET digest = ?, spent = CASE WHEN ? IS NULL THEN spent ELSE refresh END,"
            " refresh = COALESCE(?, refresh), sealed = ? WHERE id = ? RETURNING 1",
            (digest, refresh, refresh, sealed, session_id),
        )
        return bool(changed)

    def reseal(self, session_id: str, sealed: bytes) -> None:
        """Keep what the application changed of what it gave."""
        self._database.rows("UPDATE upstream_session SET sealed = ? WHERE id = ?", (sealed, session_id))

    def end(self, session_id: str) -> None:
        """Let go of a session."""
        self._database.rows("DELETE FROM upstream_session WHERE id = ?", (session_id,))

    def _one(self, column: str, value: str | bytes) -> StoredUpstream | None:
        sql = f"SELECT {_COLUMNS} FROM upstream_session WHERE {column} = ?"  # noqa: S608 - one of four words
        return self._database.one(sql, (value,), _session)


def _session(row: Row) -> StoredUpstream:
    name, digest, refresh, spent, subject, roles, tenant, created, expires, sealed = row
    return StoredUpstream(
        str(name),
        _bytes(digest) or b"",
        _bytes(refresh),
        _bytes(spent),
        str(subject),
        frozenset(json.loads(str(roles))),
        None if tenant is None else str(tenant),
        created if isinstance(created, float) else 0.0,
        expires if isinstance(expires, float) else 0.0,
        _bytes(sealed) or b"",
    )


def _bytes(value: object) -> bytes | None:
    return value if isinstance(value, bytes) else None
