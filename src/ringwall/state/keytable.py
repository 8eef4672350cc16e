"""The wrapped data keys in `state.db`: found by name or holder, and a count of changes by which other processes notice.

It keeps what is sealed already and knows no root key. What is removed is overwritten in the file.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Final

from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.keyring import StoredKey
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE data_key (
      kid TEXT PRIMARY KEY, holder TEXT NOT NULL, generation INTEGER NOT NULL, root TEXT NOT NULL,
      wrapped TEXT NOT NULL, made REAL NOT NULL) STRICT""",
    "CREATE INDEX data_key_holder ON data_key (holder)",
    """CREATE TABLE key_epoch (one INTEGER PRIMARY KEY CHECK (one = 1), changes INTEGER NOT NULL,
      roots INTEGER NOT NULL) STRICT""",
    "INSERT INTO key_epoch VALUES (1, 0, 0)",
    "CREATE TABLE IF NOT EXISTS sealed_key (key_id TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT",
    """INSERT INTO data_key SELECT key_id, json_extract(j, '$[0]'), json_extract(j, '$[1]'), json_extract(j, '$[2]'),
      json_extract(j, '$[3]'), 0 FROM (SELECT key_id, CAST(sealed AS TEXT) AS j FROM sealed_key)""",
    "DROP TABLE sealed_key",
    "CREATE TABLE retired_root (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID",
)
"""The tables; keys of the first form (one JSON list each, in `sealed_key`) are taken over."""

_ALL: Final = "SELECT kid, holder, generation, root, wrapped FROM data_key"


class KeyTable:
    """The engine's key store over a `Database`. Every change is counted, so that `epoch` tells of it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("data_key", _STEPS)

    def epoch(self) -> tuple[int, int]:
        """How often keys that may be open somewhere have changed, and root keys among them, in all processes."""
        changes, roots = self._database.rows("SELECT changes, roots FROM key_epoch")[0]
        return int(str(changes)), int(str(roots))

    def get(self, kid: str) -> StoredKey | None:
        """The key of that name."""
        return self._database.one(f"{_ALL} WHERE kid = ?", (kid,), _key)

    def of(self, holder: str) -> Sequence[StoredKey]:
        """A holder's keys."""
        return [_key(row) for row in self._database.rows(f"{_ALL} WHERE holder = ?", (holder,))]

    def beginning(self, prefix: str) -> Sequence[StoredKey]:
        """The keys of all holders whose name begins so."""
        return [
            _key(row) for row in self._database.rows(f"{_ALL} WHERE substr(holder, 1, ?) = ?", (len(prefix), prefix))
        ]

    def every(self) -> Iterable[StoredKey]:
        """All keys, by holder and age."""
        return [_key(row) for row in self._database.rows(f"{_ALL} ORDER BY holder, generation, kid")]

    def roots(self) -> frozenset[str]:
        """The names of the root keys that wrap any key."""
        return frozenset(str(row[0]) for row in self._database.rows("SELECT DISTINCT root FROM data_key"))

    def made(self) -> dict[str, float]:
        """When each key was made, in epoch seconds; 0 where that was not kept yet."""
        return {str(row[0]): float(str(row[1])) for row in self._database.rows("SELECT kid, made FROM data_key")}

    def put(self, key: StoredKey) -> None:
        """Add a key."""
        self._keep(key, "")

    def renew(self, key: StoredKey) -> None:
        """Replace the key of this name; nothing where it was destroyed meanwhile."""
        with self._database.transaction():
            self._database.rows(
                "UPDATE data_key SET generation = ?, root = ?, wrapped = ? WHERE kid = ?",
                (key.generation, key.root, key.wrapped.hex(), key.kid),
            )
            self._count()

    def add(self, key: StoredKey) -> None:
        """Keep a key unless there is one of its name; whoever else made it first has made it."""
        self._keep(key, "ON CONFLICT (kid) DO NOTHING")

    def remove(self, kid: str) -> None:
        """Destroy a key: its row is overwritten, in the log of SQLite too."""
        with self._database.transaction():
            self._database.rows("DELETE FROM data_key WHERE kid = ?", (kid,))
            self._count()
        self.scrub()

    def touch(self) -> None:
        """Let every process read the root keys again."""
        with self._database.transaction():
            self._count(1)

    def retire_root(self, root: str) -> None:
        """Take no key any more that this root key wraps: a server that has not noticed yet cannot lose one."""
        with self._database.transaction():
            self._database.rows("INSERT INTO retired_root VALUES (?) ON CONFLICT DO NOTHING", (root,))
            self._count(1)

    def scrub(self) -> None:
        """Leave nothing of destroyed keys and old wrappings in SQLite's log."""
        self._database.scrub()

    def _keep(self, key: StoredKey, conflict: str) -> None:
        sql = "INSERT INTO data_key VALUES (?, ?, ?, ?, ?, ?)"
        row = (key.kid, key.holder, key.generation, key.root, key.wrapped.hex(), time.time())
        with self._database.transaction():
            if self._database.rows("SELECT 1 FROM retired_root WHERE id = ?", (key.root,)):
                raise Unavailable(f"the root key {key.root} was replaced")
            self._database.rows(f"{sql} {conflict}", row)
            if key.generation != 1:  # a holder's first key is open nowhere else
                self._count()

    def _count(self, roots: int = 0) -> None:
        self._database.rows("UPDATE key_epoch SET changes = changes + 1, roots = roots + ?", (roots,))


def _key(row: Row) -> StoredKey:
    kid, holder, generation, root, wrapped = row
    return StoredKey(str(kid), str(holder), int(str(generation)), str(root), bytes.fromhex(str(wrapped)))
