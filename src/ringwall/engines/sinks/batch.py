"""The sink rules over JSON Lines: `{"id", "statement", "input", "dialect"}` in, `{"id", "refused", "reason"}` out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

from ringwall.engines.sinks.sql import sql_structure

MALFORMED: Final = json.dumps({"id": None, "refused": True, "reason": "input.malformed"})
_NO_ID: Final = object()


def sql_lines(lines: Iterable[str | bytes]) -> Iterator[str]:
    """One line out for each line in, in order. `input` is a string, a number, a boolean or null."""
    return map(sql_line, lines)


def sql_line(line: str | bytes) -> str:
    """The answer to one line; MALFORMED to what is none."""
    try:
        asked = json.loads(line)
    except (ValueError, RecursionError):
        return MALFORMED
    if not isinstance(asked, dict):
        return MALFORMED
    name, statement = asked.get("id", _NO_ID), asked.get("statement")
    given, dialect = asked.get("input", _NO_ID), asked.get("dialect", "generic")
    if not isinstance(name, str | int | float) or not isinstance(statement, str) or not isinstance(dialect, str):
        return MALFORMED
    if not (given is None or isinstance(given, str | int | float)):
        return MALFORMED
    reason = sql_structure(statement, given, dialect) if isinstance(given, str) else None
    return json.dumps({"id": name, "refused": reason is not None, "reason": reason})
