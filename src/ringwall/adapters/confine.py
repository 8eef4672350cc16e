"""SQLAlchemy: while an operation is answered, the rows of its resources are confined to those that are the caller's.

A statement of the ORM gets the condition as loader criteria; any other that reads the table gets it in its text. What
cannot be confined, or writes where nothing may be written, is shown as an effect, which the sinks layer refuses. Only
tables of mapped classes are confined.
"""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Column, Table, and_, event, false, literal_column, or_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapper, ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.core.confine import Rows
from ringwall.core.effect import Effect
from ringwall.engines.sinks.narrow import Unconfined, holds_everywhere, narrow, writes

_OPTION: Final = "ringwall_confined"
_WHOLE: Final = "ringwall_loaded"
_SIGN: Final = "ringwall"
_PLACE: Final = "'ringwall' = 'rows'"
_FOLD: Final = re.compile(r"[^a-z0-9]")
_MANY: Final = 2000
_classes: dict[frozenset[str], tuple[Mapper[Any], ...]] = {}
_registries: set[Any] = set()
_texts: dict[tuple[str, str, str, bool], str] = {}


def install() -> None:
    """Listen to all sessions, those that exist already and those to come."""
    event.listen(Session, "do_orm_execute", _orm)


def _orm(state: ORMExecuteState) -> None:
    """Put the conditions into a statement of the ORM, wherever the class stands in it, and into what it loads later.
    What reads a row again that was loaded before is let be."""
    exchange = current.exchange.get()
    if exchange is None or not exchange.confined or state.is_insert or state.is_from_statement:
        return
    _learn(state.all_mappers)
    if state.is_column_load:
        state.update_execution_options(**{_WHOLE: True})
        return
    tables = set[str]()
    for rows in exchange.confined:
        for mapper in _of(rows):
            criteria = _criteria(mapper, rows)
            if criteria is not None:
                state.statement = state.statement.options(criteria)
                tables.add(mapper.local_table.name)  # type: ignore[attr-defined] # a Table, as _of has seen
                if mapper in state.all_mappers:
                    exchange.narrowed(rows)
    if tables and state.is_orm_statement:
        state.update_execution_options(**{_OPTION: frozenset(tables)})


@lru_cache(maxsize=_MANY)
def _criteria(mapper: Mapper[Any], rows: Rows) -> LoaderCriteriaOption | None:
    """The condition as a statement takes it; made once for a caller's rows, since to make one costs 0.3 ms."""
    holds = _criterion(mapper, rows)
    if holds is None:
        return None
    marked = and_(literal_column(f"'{_SIGN}' = '{_SIGN}'"), holds)
    return with_loader_criteria(mapper.class_, marked, include_aliases=True)


def _criterion(mapper: Mapper[Any], rows: Rows) -> Any:
    """The condition on a class; None where there is none."""
    if rows.any_of is None or rows.named == ():
        return None
    allowed = or_(false(), *(_equal(mapper, cell) for cell in rows.any_of))
    if rows.named is None:
        return allowed
    return or_(and_(*(~_equal(mapper, cell) for cell in rows.named)), allowed)


def _equal(mapper: Mapper[Any], cell: tuple[str, str]) -> Any:
    key = _key(mapper, cell[0])
    if key is None:
        return false()
    attribute = getattr(mapper.class_, key)
    value = _typed(attribute.property.columns[0], cell[1])
    return false() if value is None else attribute == value


def confined(conn: Any, statement: str, context: Any) -> str:
    """The text of a statement about to run, with the condition where it reads a table. Raises SinkRefused."""
    exchange = current.exchange.get()
    options = context.execution_options if context is not None else {}
    if exchange is None or not exchange.confined:
        return statement
    for rows in exchange.confined:
        for mapper in _of(rows):
            table = mapper.local_table
            if not isinstance(table, Table):
                continue
            try:
                _unwritten(conn.dialect, statement, table, mapper, rows)
                if options.get(_WHOLE):
                    continue
                done = table.name in options.get(_OPTION, ())
                changed = _narrowed(conn.dialect, statement, table, _condition(conn.dialect, mapper, rows), done=done)
            except (Unconfined, SQLAlchemyError):
                show(Effect("rows", table.name))
                continue
            if changed is not statement:
                statement = changed
                exchange.narrowed(rows)
    return statement


def _unwritten(dialect: Any, statement: str, table: Table, mapper: Mapper[Any], rows: Rows) -> None:
    """Raise Unconfined where a statement writes to a closed table, or a column that the request may not write."""
    if not rows.closed and not rows.barred:
        return
    columns = writes(statement, dialect.name, table.name, formats=dialect.paramstyle in ("format", "pyformat"))
    if columns is None:
        return
    keys = {key for name in rows.barred if (key := _key(mapper, name)) is not None}
    barred = {getattr(mapper.class_, key).property.columns[0].name.casefold() for key in keys}
    if rows.closed or columns & barred:
        raise Unconfined("not to be written")


def _narrowed(dialect: Any, statement: str, table: Table, condition: str | None, *, done: bool) -> str:
    """`done`: the ORM has put the condition in, which is enough where it stands everywhere. How a statement is confined
    is worked out once, and not for each caller anew."""
    if condition is None:
        return statement
    key = (dialect.name, statement, table.name, done)
    known = _texts.get(key)
    if known is None:
        if len(_texts) >= _MANY:
            _texts.clear()
        known = _texts[key] = _worked_out(dialect, statement, table.name, done=done)
    return statement if known == statement else known.replace(_PLACE, condition)


def _worked_out(dialect: Any, statement: str, table: str, *, done: bool) -> str:
    """The statement, with a place for the condition wherever it is still to be put."""
    formats = dialect.paramstyle in ("format", "pyformat")
    if done:
        try:
            if holds_everywhere(statement, dialect.name, table, _SIGN, formats=formats):
                return statement
        except Unconfined:  # what the parser does not know; the ORM, which made it, does
            return statement
    return narrow(statement, dialect.name, table, _PLACE, formats=formats)


def _condition(dialect: Any, mapper: Mapper[Any], rows: Rows) -> str | None:
    """The condition as this database writes it; None where there is none."""
    if rows.any_of is None or rows.named == ():
        return None
    allowed = " OR ".join(_text(dialect, mapper, cell, "=") for cell in rows.any_of) or "1 = 0"
    if rows.named is None:
        return allowed
    others = " AND ".join(_text(dialect, mapper, cell, "<>") for cell in rows.named)
    return f"({others}) OR ({allowed})"


def _text(dialect: Any, mapper: Mapper[Any], cell: tuple[str, str], sign: str) -> str:
    key = _key(mapper, cell[0])
    column = getattr(mapper.class_, key).property.columns[0] if key is not None else None
    value = _typed(column, cell[1]) if column is not None else None
    if column is None or value is None:
        return "1 = 0" if sign == "=" else "1 = 1"
    literal = column.type.dialect_impl(dialect).literal_processor(dialect)
    if literal is None:
        raise Unconfined("no literal of this type")
    return f"{dialect.identifier_preparer.format_column(column)} {sign} {literal(value)}"


def _typed(column: Column[Any], value: str) -> Any:
    """A subject, a tenant or an id as a column of this type holds it; None where it could not hold it."""
    try:
        kind = column.type.python_type
        return value if kind is str else kind(value) if kind in (int, uuid.UUID) else None
    except (NotImplementedError, ValueError):
        return None


def _learn(mappers: Any) -> None:
    for mapper in mappers:
        if mapper.registry not in _registries:
            _registries.add(mapper.registry)
            _classes.clear()


def _of(rows: Rows) -> tuple[Mapper[Any], ...]:
    """The mapped classes of a resource that have every column that decides."""
    found = _classes.get(rows.names)
    if found is None:
        every = {m for registry in (*_registries, *_declared(DeclarativeBase)) for m in registry.mappers}
        found = tuple(mapper for mapper in every if _is_named(mapper, rows.names))
        if found:
            _classes[rows.names] = found
    needed = [column for column, _ in rows.any_of or ()]
    return tuple(mapper for mapper in found if all(_key(mapper, column) for column in needed))


def _is_named(mapper: Mapper[Any], names: frozenset[str]) -> bool:
    table = mapper.local_table
    return isinstance(table, Table) and bool({_fold(mapper.class_.__name__), _fold(table.name)} & names)


def _declared(base: type[Any]) -> set[Any]:
    below = {sub.registry for sub in base.__subclasses__() if hasattr(sub, "registry")}
    return below.union(*(_declared(sub) for sub in base.__subclasses__()))


def _key(mapper: Mapper[Any], column: str) -> str | None:
    """The attribute of a column, by its own name or the column's."""
    return next((a.key for a in mapper.column_attrs if column in (a.key, a.columns[0].name)), None)


def _fold(name: str) -> str:
    return _FOLD.sub("", name.lower())
