"""The mapped classes of SQLAlchemy, found by the names that a resource has: those mapped already and those to come."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from sqlalchemy import Table, event
from sqlalchemy.orm import DeclarativeBase, Mapper, ORMExecuteState

_FOLD: Final = re.compile(r"[^a-z0-9]")
_classes: dict[frozenset[str], tuple[Mapper[Any], ...]] = {}
_registries: set[Any] = set()
_told: Final[list[Callable[[], object]]] = []
_every: Final[Callable[[], set[Any]] | None] = getattr(import_module("sqlalchemy.orm.mapper"), "_all_registries", None)
"""SQLAlchemy's own list of them, where this version has it under this name."""


def install(changed: Callable[[], object]) -> None:
    """Learn of every class that is mapped from now on; `changed` is told of each."""

    _told.append(changed)
    event.listen(Mapper, "after_mapper_constructed", lambda mapper, model: _learned(mapper))


def _learned(mapper: Mapper[Any]) -> None:
    _registries.add(mapper.registry)
    _classes.clear()
    for changed in _told:
        changed()


def learn(state: ORMExecuteState) -> None:
    """Learn of the classes that a statement reads, where SQLAlchemy's own list is not to be had: classes that were
    mapped before `install` without a declarative base are found in no other way."""
    if _every is not None:
        return
    for mapper in state.all_mappers:
        if mapper.registry not in _registries:
            _learned(mapper)


def named(names: frozenset[str]) -> tuple[Mapper[Any], ...]:
    """The mapped classes that have one of these folded names, or whose table has."""
    found = _classes.get(names)
    if found is None:
        registries = {*_registries, *_declared(DeclarativeBase), *(_every() if _every is not None else ())}
        every = {mapper for registry in registries for mapper in registry.mappers}
        found = tuple([mapper for mapper in every if _is_named(mapper, names)])
        if found:
            _classes[names] = found
    return found


def key_of(mapper: Mapper[Any], column: str) -> str | None:
    """The attribute of a column, by its own name or the column's."""
    return next((a.key for a in mapper.column_attrs if column in (a.key, a.columns[0].name)), None)


def _is_named(mapper: Mapper[Any], names: frozenset[str]) -> bool:
    table = mapper.local_table
    return isinstance(table, Table) and bool({_fold(mapper.class_.__name__), _fold(table.name)} & names)


def _declared(base: type[Any]) -> set[Any]:
    below = {sub.registry for sub in base.__subclasses__() if hasattr(sub, "registry")}
    return below.union(*(_declared(sub) for sub in base.__subclasses__()))


def _fold(name: str) -> str:
    return _FOLD.sub("", name.lower())
