"""SQLAlchemy: while an operation is answered, the rows of its resources are confined to those that are the caller's.

A statement of the ORM gets the condition as loader criteria; any other that reads the table gets it in its text. What
cannot be confined, or writes where nothing may be written, is shown as an effect, which the sinks layer refuses. Only
tables of mapped classes are confined.
"""

from __future__ import annotations

import uuid
from functools import lru_cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Column, Table, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapper, ORMExecuteState, Session

from ringwall.adapters import current, mapped
from ringwall.adapters.criteria import SIGN, Confining, Held
from ringwall.adapters.effects import show
from ringwall.core.confine import Cell, Rows
from ringwall.core.effect import Effect
from ringwall.engines.sinks.narrow import Unconfined, holds_everywhere, narrow, speaks_of, writes

_OPTION: Final = "ringwall_confined"
_WHOLE: Final = "ringwall_loaded"
_PLACE: Final = "'ringwall' = 'rows'"
_MANY: Final = 2000
LONGEST: Final = 8192
"""Of how long a statement it is remembered how it is confined."""


class _Confined(NamedTuple):
    """A table, and what confines it for one caller: the criteria where there is a condition, and the columns (folded)
    that may not be written."""

    mapper: Mapper[Any]
    table: Table
    rows: Rows
    criteria: Confining | None
    barred: frozenset[str]


class _Seen(NamedTuple):
    """A statement's text, with a place for the condition wherever it is still to be put, and whether anything of it is
    confined."""

    text: str
    narrowed: bool


_confined: dict[Rows, tuple[_Confined, ...]] = {}


def install() -> None:
    """Listen to all sessions, those that exist already and those to come."""
    mapped.install(_confined.clear)
    event.listen(Session, "do_orm_execute", _orm)


def _orm(state: ORMExecuteState) -> None:
    """Put the conditions into a statement of the ORM, wherever the class stands in it, and into what it loads later.
    What reads a row again that was loaded before is let be."""
    exchange = current.exchange.get()
    if exchange is None or not exchange.confined or state.is_insert or state.is_from_statement:
        return
    mapped.learn(state)
    if state.is_column_load:
        state.update_execution_options(**{_WHOLE: True})
        return
    found = [each for rows in exchange.confined for each in _of(rows) if each.criteria is not None]
    if not found:
        return
    state.statement = state.statement.options(*[each.criteria for each in found if each.criteria is not None])
    if state.is_orm_statement:
        state.update_execution_options(**{_OPTION: frozenset([each.table.name for each in found])})


def confined(conn: Any, statement: str, context: Any) -> str:
    """The text of a statement about to run, with the condition where it reads a table. Raises SinkRefused."""
    exchange = current.exchange.get()
    if exchange is None or not exchange.confined:
        return statement
    options = context.execution_options if context is not None else {}
    loaded, by_orm = options.get(_WHOLE), options.get(_OPTION, ())
    for rows in exchange.confined:
        for each in _of(rows):
            try:
                if rows.closed or each.barred:
                    _unwritten(conn.dialect, statement, each)
                if loaded or each.criteria is None:
                    continue
                seen = _seen(conn.dialect, statement, each.table.name, done=each.table.name in by_orm)
                if seen.text is not statement and seen.text != statement:
                    statement = seen.text.replace(_PLACE, _condition(conn.dialect, each.mapper, rows))
            except (Unconfined, SQLAlchemyError):
                show(Effect("rows", each.table.name))
                continue
            if seen.narrowed:
                exchange.narrowed(rows)
    return statement


def _unwritten(dialect: Any, statement: str, each: _Confined) -> None:
    """Raise Unconfined where a statement writes to a closed table, or a column that the request may not write."""
    look = _written if len(statement) <= LONGEST else _written.__wrapped__
    columns = look(dialect.name, _formats(dialect), statement, each.table.name)
    if columns is not None and (each.rows.closed or columns & each.barred):
        raise Unconfined("not to be written")


@lru_cache(maxsize=_MANY)
def _written(dialect: str, formats: bool, statement: str, table: str) -> frozenset[str] | None:
    """The columns that a statement writes of a table; None where it writes none of it. Raises Unconfined."""
    return writes(statement, dialect, table, formats=formats)


def _seen(dialect: Any, statement: str, table: str, *, done: bool) -> _Seen:
    """`done`: the ORM has put the condition in, which is enough where it stands everywhere. How a statement is confined
    is worked out once, and not for each caller anew. Raises Unconfined."""
    look = _worked_out if len(statement) <= LONGEST else _worked_out.__wrapped__
    return look(dialect.name, _formats(dialect), statement, table, done)


@lru_cache(maxsize=_MANY)
def _worked_out(dialect: str, formats: bool, statement: str, table: str, done: bool) -> _Seen:
    if done:
        try:
            if holds_everywhere(statement, dialect, table, SIGN, formats=formats):
                return _Seen(statement, speaks_of(statement, table))
        except Unconfined:  # what the parser does not know; the ORM, which made it, does
            return _Seen(statement, narrowed=True)
    text = narrow(statement, dialect, table, _PLACE, formats=formats)
    return _Seen(text, narrowed=text is not statement)


def _formats(dialect: Any) -> bool:
    return dialect.paramstyle in ("format", "pyformat")


def _condition(dialect: Any, mapper: Mapper[Any], rows: Rows) -> str:
    """The condition as this database writes it."""
    allowed = " OR ".join(_text(dialect, mapper, cell, "=") for cell in rows.any_of or ()) or "1 = 0"
    if rows.named is None:
        return allowed
    others = " AND ".join(_text(dialect, mapper, cell, "<>") for cell in rows.named)
    return f"({others}) OR ({allowed})"


def _text(dialect: Any, mapper: Mapper[Any], cell: Cell, sign: str) -> str:
    key = mapped.key_of(mapper, cell[0])
    column = _column(mapper, key) if key is not None else None
    value = _typed(column, cell[1]) if column is not None else None
    if column is None or value is None:
        return "1 = 0" if sign == "=" else "1 = 1"
    literal = column.type.dialect_impl(dialect).literal_processor(dialect)
    if literal is None:
        raise Unconfined("no literal of this type")
    return f"{dialect.identifier_preparer.format_column(column)} {sign} {literal(value)}"


def _of(rows: Rows) -> tuple[_Confined, ...]:
    """What confines the tables of a resource for a caller. Worked out once for the same rows: they hold all that it
    depends on, whose they are too. Not kept where a class of the name has not every column (yet) that decides."""
    found = _confined.get(rows)
    if found is None:
        named = mapped.named(rows.names)
        needed = [column for column, _ in rows.any_of or ()]
        fit = [mapper for mapper in named if all(mapped.key_of(mapper, column) for column in needed)]
        found = tuple([_made(mapper, rows) for mapper in fit])
        if len(fit) == len(named):
            if len(_confined) >= _MANY:
                _confined.clear()
            _confined[rows] = found
    return found


def _made(mapper: Mapper[Any], rows: Rows) -> _Confined:
    keys = {key for name in rows.barred if (key := mapped.key_of(mapper, name)) is not None}
    barred = frozenset(_column(mapper, key).name.casefold() for key in keys)
    table: Any = mapper.local_table  # a Table, as `mapped.named` has seen
    if rows.any_of is None or rows.named == ():
        return _Confined(mapper, table, rows, None, barred)
    named = None if rows.named is None else _held(mapper, rows.named)
    return _Confined(mapper, table, rows, Confining(mapper, _held(mapper, rows.any_of), named), barred)


def _held(mapper: Mapper[Any], cells: tuple[Cell, ...]) -> tuple[Held, ...]:
    keys = [(mapped.key_of(mapper, column), value) for column, value in cells]
    return tuple([Held(key, _typed(_column(mapper, key), value) if key else None) for key, value in keys])


def _column(mapper: Mapper[Any], key: str) -> Column[Any]:
    column: Column[Any] = mapper.attrs[key].columns[0]
    return column


def _typed(column: Column[Any], value: str) -> Any:
    """A subject, a tenant or an id as a column of this type holds it; None where it could not hold it."""
    try:
        kind = column.type.python_type
        return value if kind is str else kind(value) if kind in (int, uuid.UUID) else None
    except (NotImplementedError, ValueError):
        return None
