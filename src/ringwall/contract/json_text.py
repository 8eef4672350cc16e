"""JSON that a YAML parser cannot read: escaped surrogate pairs, keys of over a thousand characters. Bounded."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from ringwall.contract.api import JSON


class NotJson(ValueError):
    """The text is no JSON."""


class BadJson(ValueError):
    """JSON, but not to be used: what was found, what was expected."""


def read_json(text: str, depth: int) -> tuple[JSON, list[str]]:
    """The data, the first of two equal keys counting, and the keys that stood twice. Raises NotJson and BadJson."""
    twice: list[str] = []

    def pairs(given: list[tuple[str, JSON]]) -> dict[str, JSON]:
        found: dict[str, JSON] = {}
        for name, value in given:
            if name in found:
                twice.append(name)
            found.setdefault(name, value)
        return found

    try:
        data: JSON = json.loads(text, object_pairs_hook=pairs)
    except (ValueError, RecursionError):
        raise NotJson from None
    for level, value in _values(data):
        _judge(level, value, depth)
    return data, twice


def _judge(level: int, value: JSON, depth: int) -> None:
    if level > depth:
        raise BadJson("deeper nesting", f"at most {depth} levels")
    if isinstance(value, float) and not math.isfinite(value):
        raise BadJson("a number that is not finite", "numbers as JSON has them")
    if isinstance(value, str) and not _encodable(value):
        raise BadJson("half a surrogate pair", "a text in UTF-8")


def _values(data: JSON) -> Iterator[tuple[int, JSON]]:
    """Every value and key with its depth, without recursion."""
    waiting: list[tuple[int, JSON]] = [(0, data)]
    while waiting:
        depth, value = waiting.pop()
        yield depth, value
        if isinstance(value, dict):
            waiting.extend((depth + 1, below) for below in (*value.keys(), *value.values()))
        elif isinstance(value, list):
            waiting.extend((depth + 1, below) for below in value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
