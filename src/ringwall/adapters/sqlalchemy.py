"""SQLAlchemy: every statement of every engine, async ones too, is shown before the driver runs it, and confined."""

from __future__ import annotations

from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from ringwall.adapters import confine, current
from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def install() -> None:
    """Listen to all engines, those that exist already and those to come."""
    event.listen(Engine, "before_cursor_execute", _before, retval=True)
    confine.install()


def _before(
    conn: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
) -> tuple[str, Any]:
    if current.exchange.get() is None:
        return statement, parameters
    dialect = conn.dialect
    plain = statement
    if dialect.paramstyle in ("format", "pyformat"):
        plain = statement.replace("%%", "%")  # as SQLAlchemy doubles what the driver takes for a format
    show(Effect("sql", plain, dialect.name))
    return confine.confined(conn, statement, context), parameters
