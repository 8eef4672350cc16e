"""Confining a statement of SQL to some rows of a table, by putting a condition where the table is read.

`FROM patients p` becomes `FROM (SELECT * FROM patients WHERE clinic_id = 'north') p`. Nothing else of the text changes,
so that its parameters keep their places. What cannot be read, or would not be confined everywhere, is told as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final

from ringwall.engines.sinks.sql_chance import DIALECTS

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST: Final = 100_000
_FORMAT: Final = re.compile(r"%(?:\((\w+)\)s|s|%)")


class Unconfined(Exception):
    """A statement that speaks of the table and could not be confined to some of its rows."""


def narrow(statement: str, dialect: str, table: str, condition: str, *, formats: bool = False) -> str:
    """The statement, with `condition` (SQL, of the columns of `table`) wherever it reads the table; as it is where it
    does not speak of it. `formats`: its parameters are written `%s` and `%(name)s`. Raises Unconfined."""
    if not _speaks_of(statement, table):
        return statement
    parsed = _parsed(statement, dialect, formats=formats)
    places = sorted(_places(parsed, table), reverse=True)
    for begin, end, alias in places:
        own = statement[begin:end]
        rows = f"(SELECT * FROM {own} WHERE {condition})"  # noqa: S608 - names and literals as the dialect writes them
        statement = statement[:begin] + rows + ("" if alias else f" AS {own.rpartition('.')[2]}") + statement[end:]
    if places:
        _verify(_parsed(statement, dialect, formats=formats), table, len(places))
    return statement


def holds_everywhere(statement: str, dialect: str, table: str, column: str, *, formats: bool = False) -> bool:
    """Whether the statement demands a value of `column` wherever it reads the table. Raises Unconfined."""
    if not _speaks_of(statement, table):
        return True
    parsed = _parsed(statement, dialect, formats=formats)
    return all(_demands(found, column) for found in _tables(parsed, table))


def _speaks_of(statement: str, table: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(table)}(?![\w$])", statement, re.IGNORECASE) is not None


def _parsed(statement: str, dialect: str, *, formats: bool) -> list[exp.Query]:
    """What of a text is a query. Imported here: it takes a quarter of a second, and few processes ever come to ask."""
    import sqlglot
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    if len(statement) > LONGEST:
        raise Unconfined("too long")
    try:
        parts = sqlglot.parse(_plain(statement) if formats else statement, dialect=DIALECTS.get(dialect, dialect))
    except (SqlglotError, ValueError, RecursionError) as flaw:
        raise Unconfined(type(flaw).__name__) from None
    return [part for part in parts if isinstance(part, exp.Query)]


def _tables(parsed: Iterable[exp.Query], table: str) -> Iterator[exp.Table]:
    from sqlglot import exp

    for part in parsed:
        yield from (found for found in part.find_all(exp.Table) if found.name.casefold() == table.casefold())


def _verify(parsed: Iterable[exp.Query], table: str, number: int) -> None:
    """Each place where the table is read is one of the confined ones."""
    from sqlglot import exp

    found = list(_tables(parsed, table))
    within = [t.parent.parent for t in found if isinstance(t.parent, exp.From)]
    if len(found) != number or not all(
        isinstance(select, exp.Select) and isinstance(select.parent, exp.Subquery) and select.args.get("where")
        for select in within
    ) or len(within) != number:  # fmt: skip
        raise Unconfined("not confined everywhere")


def _demands(table: exp.Table, column: str) -> bool:
    from sqlglot import exp

    select = table.find_ancestor(exp.Select)
    if select is None:
        return False
    clauses: list[Any] = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or ())]
    told = (part for clause in clauses if clause is not None for part in _conjuncts(clause))
    return any(
        isinstance(side, exp.Column) and side.name == column and side.table in ("", table.alias_or_name)
        for part in told
        if isinstance(part, exp.EQ)
        for side in (part.this, part.expression)
    )


def _conjuncts(clause: Any) -> Iterator[Any]:
    """What has to hold of a clause, part by part."""
    from sqlglot import exp

    if isinstance(clause, (exp.Where, exp.Paren)):
        yield from _conjuncts(clause.this)
    elif isinstance(clause, exp.And):
        yield from _conjuncts(clause.this)
        yield from _conjuncts(clause.expression)
    else:
        yield clause


def _places(parsed: Iterable[exp.Query], table: str) -> Iterator[tuple[int, int, bool]]:
    """Where the table is named, from its schema's name on, and whether it has another name there."""
    for found in _tables(parsed, table):
        parts = [part for part in (found.args.get("catalog"), found.args.get("db"), found.this) if part is not None]
        first, last = parts[0].meta.get("start"), parts[-1].meta.get("end")
        if not isinstance(first, int) or not isinstance(last, int):
            raise Unconfined("no place")
        yield first, last + 1, bool(found.alias)


def _plain(statement: str) -> str:
    """The same text with `?` and `:name` for the drivers' `%s` and `%(name)s`, each as long as it was."""
    return _FORMAT.sub(_in_place, statement)


def _in_place(found: re.Match[str]) -> str:
    if found[1]:
        return f":{found[1]}   "
    return "? " if found[0] == "%s" else "% "
