"""A table of the application's own database that holds encrypted fields, read and changed in batches.

A value is changed only where it still is what was read, so that what the application writes meanwhile is never lost;
a batch is one transaction. It knows nothing of keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from ringwall.core.ports import Unavailable


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where a resource lies: its table (`app.patients` in a schema), and the columns of its id, owner, tenant and
    encrypted fields (by field)."""

    resource: str
    table: str
    id: str
    owner: str | None
    tenant: str | None
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its key's value, whose it is, and its encrypted columns by field."""

    id: object
    owner: str | None
    tenant: str | None
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Change:
    """One value to replace, if it still is `old`."""

    id: object
    field: str
    old: object
    new: str


class Columns:
    """An open table. Raises Unavailable where the database, the table or a column is not there."""

    def __init__(self, engine: sa.Engine, mapped: Mapped) -> None:
        self.mapped, self._engine = mapped, engine
        with _plainly(mapped.table):
            schema, name = in_schema(engine, mapped.table)
            self._table = sa.Table(name, sa.MetaData(), schema=schema, autoload_with=engine)
        named = [mapped.id, mapped.owner, mapped.tenant, *mapped.fields.values()]
        missing = [name for name in named if name is not None and name not in self._table.c]
        if missing:
            raise Unavailable(f"the table {mapped.table} has no column {', '.join(missing)}")

    @property
    def place(self) -> str:
        """What names this table among all: its database without a password, and its name."""
        return f"{self._engine.url.render_as_string(hide_password=True)} {self.mapped.table}"

    def count(self) -> int:
        """How many rows there are."""
        with _plainly(self.mapped.table), self._engine.connect() as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(self._table)).scalar_one())

    def narrow(self) -> list[str]:
        """The encrypted fields whose column is not of text, or too narrow for a record of the shortest value."""
        found = []
        for field, column in self.mapped.fields.items():
            kind = self._table.c[column].type
            length = getattr(kind, "length", None)
            if not isinstance(kind, sa.String) or (isinstance(length, int) and length < _SHORTEST):
                found.append(field)
        return found

    def rows(self, after: object, size: int, owner: str | None = None) -> list[Row]:
        """The next `size` rows in the order of their ids; only an owner's, where one is named."""
        mapped, c = self.mapped, self._table.c
        wanted = [c[mapped.id], *(c[name] for name in (mapped.owner, mapped.tenant) if name)]
        query = sa.select(*wanted, *(c[name] for name in mapped.fields.values())).order_by(c[mapped.id]).limit(size)
        if after is not None:
            query = query.where(c[mapped.id] > _typed(c[mapped.id], after))
        if owner is not None and mapped.owner is not None:
            query = query.where(c[mapped.owner] == _typed(c[mapped.owner], owner))
        with _plainly(mapped.table), self._engine.connect() as connection:
            return [self._row(tuple(row)) for row in connection.execute(query)]

    def _row(self, row: tuple[Any, ...]) -> Row:
        mapped, rest = self.mapped, iter(row[1:])
        owner = _name(next(rest)) if mapped.owner else None
        tenant = _name(next(rest)) if mapped.tenant else None
        return Row(row[0], owner, tenant, dict(zip(mapped.fields, rest, strict=True)))

    @contextmanager
    def changing(self) -> Iterator[Changing]:
        """One transaction: all that is changed in it, or nothing."""
        with _plainly(self.mapped.table), self._engine.begin() as connection:
            yield Changing(connection, self._table, self.mapped)


class Changing:
    """A transaction under way."""

    def __init__(self, connection: sa.Connection, table: sa.Table, mapped: Mapped) -> None:
        self._connection, self._table, self._mapped = connection, table, mapped

    def replace(self, changes: Sequence[Change]) -> int:
        """Replace values that still are what they were; returns how many."""
        done = 0
        for field, column in self._mapped.fields.items():
            mine = [{"k": c.id, "old": c.old, "new": c.new} for c in changes if c.field == field]
            if mine:
                c = self._table.c
                update = (
                    sa.update(self._table)
                    .where(c[self._mapped.id] == sa.bindparam("k"), c[column] == sa.bindparam("old"))
                    .values({column: sa.bindparam("new")})
                )
                done += self._executed(update, mine)
        return done

    def _executed(self, update: sa.Update, values: list[dict[str, object]]) -> int:
        """How many rows were changed: asked one by one of a driver that cannot count over many."""
        if self._connection.dialect.supports_sane_multi_rowcount:
            return max(self._connection.execute(update, values).rowcount, 0)
        return sum(max(self._connection.execute(update, each).rowcount, 0) for each in values)


@contextmanager
def database(url: str) -> Iterator[sa.Engine]:
    """The application's database by its SQLAlchemy URL. Raises Unavailable, which does not repeat the URL."""
    try:
        engine = sa.create_engine(url)
    except ImportError as failure:
        raise Unavailable(f"--database: its driver {failure.name} is not installed") from None
    except (SQLAlchemyError, ValueError) as failure:
        raise Unavailable(f"--database: no database can be reached by this URL ({type(failure).__name__})") from None
    try:
        yield engine
    finally:
        engine.dispose()


@contextmanager
def _plainly(table: str) -> Iterator[None]:
    """What the database says, without the statement and its values, which may be in clear."""
    try:
        yield
    except SQLAlchemyError as failure:
        raise Unavailable(f"{table}: {said(failure)}") from None


def said(failure: SQLAlchemyError) -> str:
    """What a database says in one line, without the statement, the rows it is about, or anything between quotes: all of
    these may be values in clear."""
    cause = getattr(failure, "orig", None)
    told = cause.args[0] if cause is not None and cause.args else None
    parts = told if isinstance(told, dict) else {"M": str(cause or "")}  # pg8000 has them by PostgreSQL's letters
    rule = parts.get("n") or getattr(getattr(cause, "diag", None), "constraint_name", None)
    first = re.sub(r"[\"'`].*[\"'`]", "…", str(parts.get("M") or "").partition("\n")[0])[:200]
    return (first or type(failure).__name__) + (f" (the constraint {rule})" if rule else "")


def in_schema(engine: sa.Engine, table: str) -> tuple[str | None, str]:
    """A table's schema, where it names one, and its name there; one whose own name has a dot is itself."""
    schema, dot, name = table.rpartition(".")
    return (schema, name) if dot and not sa.inspect(engine).has_table(table) else (None, table)


def _typed(column: sa.Column[Any], value: object) -> object:
    """A value that was kept as text, as its column has it."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return value
    if not isinstance(value, str) or kind is str:
        return value
    try:
        return datetime.fromisoformat(value) if kind is datetime else kind(value)
    except (TypeError, ValueError):
        return value


def _name(value: object) -> str | None:
    """An owner or tenant as the API spells it."""
    return None if value is None else str(value)


_SHORTEST = 77
