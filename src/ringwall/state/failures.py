"""Failed sign-ins counted in the embedded store, under hashes, and the devices that an account signed in with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from ringwall.state.database import Database, Row

Count = tuple[float, float]

_STEPS: Final = (
    """CREATE TABLE failure (key BLOB PRIMARY KEY, count REAL NOT NULL, last REAL NOT NULL, until REAL NOT NULL)
    STRICT, WITHOUT ROWID""",
    "CREATE INDEX failure_until ON failure (until)",
    """CREATE TABLE device (digest BLOB NOT NULL, name TEXT NOT NULL, at REAL NOT NULL, PRIMARY KEY (digest, name))
    STRICT, WITHOUT ROWID""",
    "CREATE INDEX device_name ON device (name)",
)


class FailureTable:
    """The failures and the known devices of an open `state.db`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("failures", _STEPS)

    def change_failures(
        self,
        keys: Sequence[bytes],
        change: Callable[[Sequence[Count]], Sequence[Count]],
        until: Callable[[int, Count], float],
        now: float,
    ) -> None:
        """Replace counts by what `change` makes of them, no other thread or process in between; a count of nothing is
        not kept, and one that is forgiven by now goes."""
        with self._db.transaction():
            before = [self._db.one(_FIND, (key,), _count) or (0.0, 0.0) for key in keys]
            for index, after in enumerate(change(before)):
                if after[0] > 0.0:
                    self._db.rows(_KEEP, (keys[index], *after, until(index, after)))
                elif before[index][0] > 0.0:
                    self._db.rows("DELETE FROM failure WHERE key = ?", (keys[index],))
            self._db.rows("DELETE FROM failure WHERE until < ?", (now,))

    def keep_device(self, digest: bytes, name: str, at: float, oldest: float) -> None:
        """A browser that this account signed in with at `at`; those from before `oldest` are forgotten."""
        self._db.rows("DELETE FROM device WHERE name = ? AND at < ?", (name, oldest))
        self._db.rows(
            "INSERT INTO device VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at", (digest, name, at)
        )

    def knows_device(self, digest: bytes, name: str, oldest: float) -> bool:
        """Whether this account signed in with that browser since `oldest`."""
        return bool(
            self._db.rows("SELECT 1 FROM device WHERE digest = ? AND name = ? AND at >= ?", (digest, name, oldest))
        )

    def forget_devices(self, name: str) -> None:
        """No browser is known to be this account's any more."""
        self._db.rows("DELETE FROM device WHERE name = ?", (name,))


_FIND: Final = "SELECT count, last FROM failure WHERE key = ?"
_KEEP: Final = (
    "INSERT INTO failure VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
    " count = excluded.count, last = excluded.last, until = excluded.until"
)


def _count(row: Row) -> Count:
    count, last = row
    return (float(count), float(last)) if isinstance(count, float) and isinstance(last, float) else (0.0, 0.0)
