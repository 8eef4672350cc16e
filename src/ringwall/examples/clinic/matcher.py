"""A document store's query language in small: `{"field": value}` and MongoDB's `$` operators over rows.

Weak on purpose: whoever supplies the filter supplies the operators, and `$where` is code.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from types import SimpleNamespace

from ringwall.examples.clinic.store import Json

_OPERATORS: Mapping[str, Callable[[object, object], bool]] = {
    "$eq": lambda held, wanted: held == wanted,
    "$ne": lambda held, wanted: held != wanted,
    "$gt": lambda held, wanted: str(held) > str(wanted),
    "$lt": lambda held, wanted: str(held) < str(wanted),
    "$in": lambda held, wanted: isinstance(wanted, list) and held in wanted,
    "$exists": lambda held, wanted: (held is not None) is wanted,
    "$regex": lambda held, wanted: re.search(str(wanted), str(held)) is not None,
}


def find(rows: Iterable[Json], wanted: Mapping[str, object]) -> list[Json]:
    """The rows that every part of the filter accepts."""
    return [row for row in rows if all(_accepts(row, key, value) for key, value in wanted.items())]


def _accepts(row: Json, key: str, value: object) -> bool:
    if key == "$where":
        return bool(eval(str(value), {"this": SimpleNamespace(**row)}))
    if key == "$or":
        return isinstance(value, list) and any(find([row], choice) for choice in value)
    held = row.get(key)
    if not isinstance(value, dict):
        return held == value
    return all(_OPERATORS[operator](held, operand) for operator, operand in value.items())
