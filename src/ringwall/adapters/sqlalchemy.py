"""SQLAlchemy: every statement of every engine, async ones too, is shown before the driver runs it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def install() -> None:
    """Listen to all engines, those that exist already and those to come."""
    event.listen(Engine, "before_cursor_execute", _before)


def _before(conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool) -> None:
    if current.exchange.get() is not None:
        dialect = conn.dialect
        if dialect.paramstyle in ("format", "pyformat"):
            statement = statement.replace("%%", "%")  # as SQLAlchemy doubles what the driver takes for a format
        show(Effect("sql", statement, dialect.name))
