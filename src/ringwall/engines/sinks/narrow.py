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
_WRITES: Final = re.compile(r"\b(?:insert|update|delete|replace|merge)\b", re.IGNORECASE)
_FORMAT: Final = re.compile(r"%(?:\((\w+)\)s|s|%)")


class Unconfined(Exception):
    """A statement that speaks of the table and could not be confined to some of its rows."""


def narrow(statement: str, dialect: str, table: str, condition: str, *, formats: bool = False) -> str:
    """The statement, with `condition` (SQL, of the columns of `table`) wherever it reads the table; as it is where it
    does not speak of it. `formats`: its parameters are written `%s` and `%(name)s`. Raises Unconfined."""
    if not speaks_of(statement, table):
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


def holds_everywhere(statement: str, dialect: str, table: str, mark: str, *, formats: bool = False) -> bool:
    """Whether the statement has a condition that is marked (`'mark' = 'mark' AND …`) for each place where it reads the
    table. Raises Unconfined."""
    from sqlglot import exp

    if not speaks_of(statement, table):
        return True
    reads: dict[int, int] = {}
    selects: dict[int, Any] = {}
    for found in _tables(_parsed(statement, dialect, formats=formats), table):
        select = found.find_ancestor(exp.Select)
        if select is None:
            return False
        reads[id(select)], selects[id(select)] = reads.get(id(select), 0) + 1, select
    return all(_marks(selects[key], mark) >= number for key, number in reads.items())


def writes(statement: str, dialect: str, table: str, *, formats: bool = False) -> frozenset[str] | None:
    """The columns that a statement writes of a table, folded; None where it writes none of it. Raises Unconfined."""
    from sqlglot import exp

    if not speaks_of(statement, table) or not _WRITES.search(statement):
        return None
    found: set[str] = set()
    wrote = False
    for part in _statements(statement, dialect, formats=formats):
        for write in part.find_all(exp.Insert, exp.Update, exp.Delete):
            target = write.this.find(exp.Table) if write.this is not None else None
            if target is None or target.name.casefold() != table.casefold():
                continue
            wrote = True
            into = write.this.expressions if isinstance(write.this, exp.Schema) else ()
            sets = [e.this for e in write.expressions if isinstance(e, exp.EQ)]
            found |= {column.name.casefold() for column in (*into, *sets)}
    return frozenset(found) if wrote else None


def speaks_of(statement: str, table: str) -> bool:
    return re.search(rf"(?<![\w$]){re.escape(table)}(?![\w$])", statement, re.IGNORECASE) is not None


def _parsed(statement: str, dialect: str, *, formats: bool) -> list[exp.Query]:
    """What of a text is a query."""
    from sqlglot import exp

    return [part for part in _statements(statement, dialect, formats=formats) if isinstance(part, exp.Query)]


def _statements(statement: str, dialect: str, *, formats: bool) -> list[Any]:
    """A text, parsed. Imported here: it takes a quarter of a second, and few processes ever come to ask."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    if len(statement) > LONGEST:
        raise Unconfined("too long")
    try:
        parts = sqlglot.parse(_plain(statement) if formats else statement, dialect=DIALECTS.get(dialect, dialect))
    except (SqlglotError, ValueError, RecursionError) as flaw:
        raise Unconfined(type(flaw).__name__) from None
    return [part for part in parts if part is not None]


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


def _marks(select: Any, mark: str) -> int:
    """How many conditions of one SELECT are marked, each of which has to hold."""
    from sqlglot import exp

    clauses: list[Any] = [select.args.get("where"), *(join.args.get("on") for join in select.args.get("joins") or ())]
    told = [part for clause in clauses if clause is not None for part in _conjuncts(clause)]
    return sum(
        isinstance(part, exp.EQ)
        and all(isinstance(s, exp.Literal) and s.this == mark for s in (part.this, part.expression))
        for part in told
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
