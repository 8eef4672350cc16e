"""Plain `sqlite3`: connections whose statements are shown before they run. Statements are all that is looked at."""

from __future__ import annotations

import functools
import sqlite3
from collections.abc import Callable
from typing import Any

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def _shown(plain: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(plain)
    def run(self: Any, statement: Any, *args: Any) -> Any:
        if current.exchange.get() is not None and isinstance(statement, str):
            show(Effect("sql", statement, "sqlite"))
        return plain(self, statement, *args)

    return run


class WatchedCursor(sqlite3.Cursor):
    """A cursor that shows what it is to execute."""

    execute = _shown(sqlite3.Cursor.execute)
    executemany = _shown(sqlite3.Cursor.executemany)
    executescript = _shown(sqlite3.Cursor.executescript)


class WatchedConnection(sqlite3.Connection):
    """A connection that shows what it is to execute."""

    execute = _shown(sqlite3.Connection.execute)
    executemany = _shown(sqlite3.Connection.executemany)
    executescript = _shown(sqlite3.Connection.executescript)

    def cursor(self, factory: Any = WatchedCursor) -> Any:
        """A cursor; of the caller's own class where it has one."""
        return super().cursor(factory)


def install() -> None:
    """Have `sqlite3.connect` make watched connections, where the caller wants no class of its own."""
    plain = sqlite3.connect

    @functools.wraps(plain)
    def connect(*args: Any, **kwargs: Any) -> Any:
        if len(args) < _FACTORY:
            kwargs.setdefault("factory", WatchedConnection)
        return plain(*args, **kwargs)

    sqlite3.connect = sqlite3.dbapi2.connect = connect


_FACTORY = 6
"""The place of `factory` among the arguments of `sqlite3.connect`."""
