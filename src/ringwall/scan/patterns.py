"""A short text that a regular expression of a schema accepts. Read by Python's own parser of them."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

_MOST = 400


def matching(pattern: str, filler: str, least: int = 0, most: int | None = None) -> str | None:
    """A text of at least `least` and at most `most` characters that `pattern` accepts, made of `filler`'s characters
    where it may be; None where none was found or the pattern is none of Python's."""
    try:
        compiled = re.compile(pattern)
        tree = importlib.import_module("re._parser").parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    for extra in (8, 0, 1, 2, 4, 16, 32, 64, least):
        text = _Writer(filler, extra).write(tree)[:_MOST]
        if compiled.search(text) and len(text) >= least and (most is None or len(text) <= most):
            return text
    return None


class _Writer:
    """Walks a parsed expression; a repetition is done `extra` times beyond its least, as far as it may."""

    def __init__(self, filler: str, extra: int) -> None:
        self._filler = filler or "a"
        self._extra = extra
        self._at = 0

    def write(self, tree: Any) -> str:
        return "".join(self._one(str(op), value) for op, value in tree)

    def _one(self, op: str, value: Any) -> str:
        if op == "LITERAL":
            return chr(value)
        if op in ("ANY", "NOT_LITERAL"):
            return self._next(lambda c: op == "ANY" or ord(c) != value)
        if op == "IN":
            return self._next(lambda c: _among(c, value))
        if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            return "".join(self.write(inner) for _ in range(min(int(most), int(least) + self._extra, _MOST)))
        if op == "BRANCH":
            return self.write(value[1][0])
        if op in ("SUBPATTERN", "ATOMIC_GROUP"):
            return self.write(value[-1] if isinstance(value, tuple) else value)
        return ""

    def _next(self, fits: Callable[[str], bool]) -> str:
        """The filler's next character if it fits, else any plain one that does."""
        wanted = self._filler[self._at % len(self._filler)]
        self._at += 1
        spare = "a1A0-_. /:@,é~" + "".join(map(chr, range(33, 127)))
        return next((c for c in (wanted, *spare) if fits(c)), "")


_CATEGORIES: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdecimal,
    "CATEGORY_NOT_DIGIT": lambda c: not c.isdecimal(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda c: not c.isspace(),
    "CATEGORY_WORD": lambda c: c.isalnum() or c == "_",
    "CATEGORY_NOT_WORD": lambda c: not (c.isalnum() or c == "_"),
}


def _among(character: str, members: Any) -> bool:
    negated, found = False, False
    for op, value in members:
        name = str(op)
        if name == "NEGATE":
            negated = True
        elif name == "LITERAL":
            found = found or ord(character) == value
        elif name == "RANGE":
            found = found or value[0] <= ord(character) <= value[1]
        elif name == "CATEGORY":
            found = found or _CATEGORIES[str(value)](character)
    return found != negated
