"""The one JSON decoder (RFC 8259, and RFC 7493 made strict): what two parsers could read differently is refused.

A native parser reads; one pass over the result counts depth, members and strings, and proves from the count of
colons that no member's name came twice. Only where escapes make that count undecidable is the text read a second
time, by the standard library, which shows every pair. Never raises on any bytes; a refusal is a `Malformed`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import orjson

from ringwall.engines.schema.document import JSON

MOST, LEAST = 2**63 - 1, -(2**63)


@dataclass(frozen=True, slots=True)
class Bounds:
    """`depth` of nesting; `items`, all members and elements together; `wide` takes integers beyond 64 bits."""

    depth: int = 32
    items: int = 10_000
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """The value, and all its strings joined, names of members included, to be judged as text at once."""

    value: JSON
    text: str


@dataclass(frozen=True, slots=True)
class Malformed:
    """Why the bytes were refused: syntax, duplicate, number, depth or items."""

    what: str


SYNTAX, DUPLICATE, NUMBER = Malformed("syntax"), Malformed("duplicate"), Malformed("number")
DEPTH, ITEMS = Malformed("depth"), Malformed("items")


def decode(content: bytes, bounds: Bounds) -> Decoded | Malformed:
    """The value of JSON text in UTF-8, or what is wrong with it."""
    try:
        value: JSON = orjson.loads(content)
    except orjson.JSONDecodeError:
        return DEPTH if _nested(content) > 1000 else SYNTAX
    survey = _Survey()
    flaw = survey.take(value, bounds)
    if flaw:
        return flaw
    text = "\n".join(survey.strings)
    escaped = b"\\u003" in content
    if not escaped and content.count(b":") != survey.pairs + text.count(":"):
        return DUPLICATE
    if escaped or survey.large:
        return _again(content, bounds, text)
    return Decoded(value, text)


class _Survey:
    """One pass, level by level, so that no nesting can exhaust a stack."""

    __slots__ = ("large", "pairs", "strings")

    def __init__(self) -> None:
        self.pairs = 0
        self.large = False
        self.strings: list[str] = []

    def take(self, root: JSON, bounds: Bounds) -> Malformed | None:
        """Count what is there, or say which bound it breaks."""
        level: list[JSON] = [root]
        depth, items, strings = 0, 0, self.strings
        while level:
            below: list[JSON] = []
            nested = False
            for value in level:
                kind = type(value)
                if kind is str:
                    strings.append(value)  # type: ignore[arg-type]
                elif kind is dict:
                    nested = True
                    self.pairs += len(value)  # type: ignore[arg-type]
                    strings.extend(value)  # type: ignore[arg-type]
                    below.extend(value.values())  # type: ignore[union-attr]
                elif kind is list:
                    nested = True
                    below.extend(value)  # type: ignore[arg-type]
                elif value is not None and not LEAST < value <= MOST:  # type: ignore[operator]
                    self.large = True
            depth += nested
            items += len(below)
            if items > bounds.items:
                return ITEMS
            level = below
        return DEPTH if depth > bounds.depth else None


def _nested(content: bytes) -> int:
    return content.count(b"[") + content.count(b"{")


class _Twice(ValueError):
    """A member's name came twice."""


class _Large(ValueError):
    """An integer beyond what 64 bits hold."""


def _again(content: bytes, bounds: Bounds, text: str) -> Decoded | Malformed:
    """The exact reading, by pairs. The depth is known to be bounded by now."""
    try:
        value = json.loads(
            content, object_pairs_hook=_distinct, parse_int=_whole if bounds.wide else _narrow, parse_constant=_none
        )
    except _Twice:
        return DUPLICATE
    except _Large:
        return NUMBER
    except (ValueError, RecursionError):
        return SYNTAX
    return Decoded(value, text)


def _distinct(pairs: list[tuple[str, JSON]]) -> dict[str, JSON]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Twice
    return made


def _narrow(digits: str) -> int:
    if len(digits) > 20 or not LEAST <= int(digits) <= MOST:
        raise _Large
    return int(digits)


def _whole(digits: str) -> int:
    if len(digits) > 400:
        raise _Large
    return int(digits)


def _none(name: str) -> JSON:
    raise ValueError(name)
