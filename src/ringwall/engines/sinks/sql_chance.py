"""Whether words of the request stand in a statement by chance, as its own code.

A place where an application puts a value takes any single value. Where the statement can be parsed as it is, and
neither a number nor a name can stand in the words' place, nobody put them there.
"""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(r"[A-Za-z_]+(?:\s+[A-Za-z_]+)+")
_LONGEST: Final = 20_000
DIALECTS: Final = {"postgresql": "postgres", "mssql": "tsql", "generic": ""}
"""sqlglot's own names of the dialects."""
_STAND_INS: Final = ("1", "x", "'x'")


def by_chance(statement: str, a: int, b: int, dialect: str) -> bool:
    """Whether the words between two offsets can be no value that was put there. Doubt says no."""
    if len(statement) > _LONGEST or not _WORDS.fullmatch(statement, a, b):
        return False
    if not _parses(statement, dialect):
        return False
    return not any(_parses(f"{statement[:a]}{word}{statement[b:]}", dialect) for word in _STAND_INS)


def _parses(statement: str, dialect: str) -> bool:
    # Imported here: it takes a quarter of a second, and few processes ever come to ask.
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        sqlglot.parse(statement, dialect=DIALECTS.get(dialect, dialect))
    except (SqlglotError, ValueError, RecursionError):
        return False
    return True
