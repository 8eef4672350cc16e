"""Which rows of a resource's table the application may read and write for a caller, while it answers one operation."""

from __future__ import annotations

from dataclasses import dataclass

from ringwall.core.value import quick

Cell = tuple[str, str]
"""A column and what it holds."""


@quick
@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of the mapped class, or table, that has one of these folded `names`.

    Allowed are those for which one of `any_of` holds (None: all are; empty: none is). `named` are the rows that the
    request names by these ids, which alone are confined (None: all rows are). `closed`: nothing may be written to the
    table at all. `barred` are columns that the request itself states and that its caller may not write. `by` says in a
    word or two what confines.
    """

    names: frozenset[str]
    any_of: tuple[Cell, ...] | None
    named: tuple[Cell, ...] | None
    closed: bool
    barred: frozenset[str]
    by: str
