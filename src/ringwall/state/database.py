"""The embedded store's one connection: `state.db` behind a lock, in WAL mode, and how its tables grow.

Each topic has a module of its own beside this one: a class over a `Database` that states its tables as `steps` and
says what it keeps in the topic's words. What the store cannot tell raises `Unavailable`, and the judge refuses.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from ringwall.core.ports import Unavailable

Row = tuple[object, ...]
T = TypeVar("T")

_GROWN = "CREATE TABLE IF NOT EXISTS grown (topic TEXT PRIMARY KEY, steps INTEGER NOT NULL) STRICT"


class Database:
    """An open `state.db`. Safe to use from many threads; several processes may open the same file."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            _made_private(path)
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=5.0)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.execute("PRAGMA secure_delete = ON")  # what is deleted is overwritten: keys among it
            self._db.execute(_GROWN)
        except (sqlite3.Error, OSError) as failure:
            raise Unavailable(f"state.db: {_said(failure)}") from failure

    def close(self) -> None:
        """Close the file. Later questions are `Unavailable`."""
        with self._lock:
            self._db.close()

    def rows(self, sql: str, values: Row = ()) -> list[Row]:
        """All rows of a statement. Raises Unavailable."""
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except (sqlite3.Error, UnicodeEncodeError) as failure:
                raise Unavailable(f"state.db: {_said(failure)}") from failure

    def one(self, sql: str, values: Row, make: Callable[[Row], T]) -> T | None:
        """The first row as a value, or None."""
        found = self.rows(sql, values)
        return make(found[0]) if found else None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything within, or nothing of it; other threads and processes wait. Raises Unavailable."""
        with self._lock:
            self.rows("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.rows("ROLLBACK")
                raise
            self.rows("COMMIT")

    def scrub(self) -> None:
        """Leave nothing of what was deleted in the write-ahead log either, as far as no other reader is in the way."""
        with self._lock:
            self.rows("PRAGMA wal_checkpoint(TRUNCATE)")

    def copied(self) -> bytes:
        """The whole database as it is at one moment, as its file would be. In memory: a copy on the disk would outlive
        a process that is killed, and with it the keys that are destroyed later. Raises Unavailable."""
        with self._lock, closing(sqlite3.connect(":memory:")) as copy:
            try:
                self._db.backup(copy)
                return copy.serialize()
            except sqlite3.Error as failure:
                raise Unavailable(f"state.db: {_said(failure)}") from failure

    def grow(self, topic: str, steps: Sequence[str]) -> None:
        """Make a topic's tables: each step once, in order, in any number of starts. Steps are only ever added."""
        done = self.one("SELECT steps FROM grown WHERE topic = ?", (topic,), lambda row: row[0])
        if done == len(steps):
            return
        with self.transaction():
            again = self.one("SELECT steps FROM grown WHERE topic = ?", (topic,), lambda row: row[0])
            for step in steps[again if isinstance(again, int) else 0 :]:
                self.rows(step)
            self.rows(
                "INSERT INTO grown VALUES (?, ?) ON CONFLICT DO UPDATE SET steps = excluded.steps", (topic, len(steps))
            )


def _made_private(path: Path) -> None:
    """Make the file before SQLite does: -wal and -shm take its mode. One that is there is not opened: to close it would
    drop the locks that another connection of this process holds (POSIX), and the next process to leave would take the
    log away from under it."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        path.chmod(0o600)


def _said(failure: Exception) -> str:
    """What went wrong, for whoever runs it: SQLite's own words of an operation that failed (a full disk, a lock), which
    name tables and never values; of anything else its kind."""
    return str(failure)[:100] if isinstance(failure, sqlite3.OperationalError) else type(failure).__name__
