"""SQLAlchemy: while a filtered list is answered, the rows of its resource are confined to the caller's own.

A statement of the ORM gets the condition as loader criteria; any other that reads the table gets it in its text. One
that still lacks it is shown as an effect, which the sinks layer refuses. Only tables of mapped classes are confined.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

from sqlalchemy import Column, Table, event, false
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapper, ORMExecuteState, Session, with_loader_criteria

from ringwall.adapters import current
from ringwall.adapters.effects import show
from ringwall.core.confine import Confine, Confined
from ringwall.core.effect import Effect
from ringwall.engines.sinks.narrow import Unconfined, holds_everywhere, narrow

_OPTION = "ringwall_confined"
_MARK = re.compile(r"[^a-z0-9]")
_classes: dict[Confine, tuple[tuple[type[Any], str], ...]] = {}
_registries: set[Any] = set()
_texts: dict[tuple[str, str, str, str, bool], str] = {}
_MANY = 2000


def install() -> None:
    """Listen to all sessions, those that exist already and those to come."""
    event.listen(Session, "do_orm_execute", _orm)


def _orm(state: ORMExecuteState) -> None:
    """Put the condition into a SELECT of the ORM, wherever the class stands in it, and into what it loads later."""
    exchange = current.exchange.get()
    confined = exchange.confined if exchange is not None else None
    if exchange is None or confined is None or not state.is_select or state.is_from_statement:
        return
    _learn(state.all_mappers)
    tables = []
    for found, key in _of(confined.confine):
        attribute = getattr(found, key)
        value = _typed(attribute.property.columns[0], confined.value)
        holds = false() if value is None else attribute == value
        state.statement = state.statement.options(with_loader_criteria(found, holds, include_aliases=True))
        tables.append(found.__table__.name)
    if tables and state.is_orm_statement:
        state.update_execution_options(**{_OPTION: frozenset(tables)})
        exchange.narrowed(confined)


def confined(conn: Any, statement: str, context: Any) -> str:
    """The text of a statement about to run, with the condition where it reads the table. Raises SinkRefused."""
    exchange = current.exchange.get()
    here = exchange.confined if exchange is not None else None
    if exchange is None or here is None:
        return statement
    done = context.execution_options.get(_OPTION, ()) if context is not None else ()
    for found, key in _of(here.confine):
        table = found.__table__
        column = getattr(found, key).property.columns[0]
        try:
            changed = _narrowed(conn.dialect, statement, column, here, done=table.name in done)
        except (Unconfined, SQLAlchemyError):
            show(Effect("rows", table.name))
            continue
        if changed is not statement:
            statement = changed
            exchange.narrowed(here)
    return statement


def _narrowed(dialect: Any, statement: str, column: Column[Any], here: Confined, *, done: bool) -> str:
    """`done`: the ORM has put the condition in, which is enough where it stands everywhere."""
    table = column.table.name
    value = _typed(column, here.value)
    condition = "1 = 0" if value is None else _condition(dialect, column, value)
    key = (dialect.name, statement, table, condition, done)
    known = _texts.get(key)
    if known is None:
        formats = dialect.paramstyle in ("format", "pyformat")
        enough = done and holds_everywhere(statement, dialect.name, table, column.name, formats=formats)
        known = statement if enough else narrow(statement, dialect.name, table, condition, formats=formats)
        if len(_texts) >= _MANY:
            _texts.clear()
        _texts[key] = known
    return statement if known == statement else known


def _condition(dialect: Any, column: Column[Any], value: Any) -> str:
    """`column = value` as this database writes it."""
    literal = column.type.dialect_impl(dialect).literal_processor(dialect)
    if literal is None:
        raise Unconfined("no literal of this type")
    return f"{dialect.identifier_preparer.format_column(column)} = {literal(value)}"


def _typed(column: Column[Any], value: str | None) -> Any:
    """The caller's subject or tenant as a column of this type holds it; None where it could not hold it."""
    if value is None:
        return None
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


def _of(confine: Confine) -> tuple[tuple[type[Any], str], ...]:
    """The mapped classes of a resource, each with the attribute that holds the column."""
    found = _classes.get(confine)
    if found is None:
        every = {m for registry in (*_registries, *_declared(DeclarativeBase)) for m in registry.mappers}
        found = tuple((m.class_, key) for m in every if (key := _key(m, confine)) is not None)
        if found:
            _classes[confine] = found
    return found


def _declared(base: type[Any]) -> set[Any]:
    below = {sub.registry for sub in base.__subclasses__() if hasattr(sub, "registry")}
    return below.union(*(_declared(sub) for sub in base.__subclasses__()))


def _key(mapper: Mapper[Any], confine: Confine) -> str | None:
    """The attribute of the column, where the class or its table is of the resource."""
    table = mapper.local_table
    if not isinstance(table, Table):
        return None
    if not {_fold(mapper.class_.__name__), _fold(table.name)} & confine.names:
        return None
    keys = [a.key for a in mapper.column_attrs if confine.column in (a.key, a.columns[0].name)]
    return keys[0] if keys else None


def _fold(name: str) -> str:
    return _MARK.sub("", name.lower())
