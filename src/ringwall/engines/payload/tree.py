"""Inspection of a parsed JSON document: every string, every key, and the keys that are operators by themselves.

Iterative, so depth costs no stack. Pointers are RFC 6901.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ringwall.engines.payload.engine import inspect_value
from ringwall.engines.payload.finding import Finding, Format, View, found
from ringwall.engines.payload.nosql import OPERATORS
from ringwall.engines.payload.objects import TYPE_KEYS, names_type
from ringwall.engines.payload.proto import KEYS

JSON = None | bool | int | float | str | Sequence["JSON"] | Mapping[str, "JSON"]


def inspect_tree(
    value: JSON,
    format: Format = "text",  # noqa: A002 - the word of the contract
    formats: Mapping[str, Format] | None = None,
) -> Iterator[tuple[str, Finding]]:
    """Every finding in `value`, as (JSON pointer, finding), in document order.

    format: that of every string; formats: pointer -> format, where a string has its own.
    """
    own = formats or {}
    stack: list[tuple[str, JSON]] = [("", value)]
    while stack:
        pointer, node = stack.pop()
        if isinstance(node, str):
            if hit := inspect_value(node, own.get(pointer, format)):
                yield pointer, hit
        elif isinstance(node, Mapping):
            yield from _keys(pointer, node)
            stack.extend((_child(pointer, key), node[key]) for key in reversed(list(node)))
        elif isinstance(node, Sequence):
            stack.extend((f"{pointer}/{index}", node[index]) for index in range(len(node) - 1, -1, -1))


def _child(pointer: str, key: str) -> str:
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def _keys(pointer: str, node: Mapping[str, JSON]) -> Iterator[tuple[str, Finding]]:
    for key, value in node.items():
        if hit := _key(key, value):
            yield _child(pointer, key), hit


def _key(key: str, value: JSON) -> Finding | None:
    """What a key means by itself: a query operator, the shared prototype, a type to build, or text like any other."""
    if key in OPERATORS and not (key == "$type" and isinstance(value, str)):
        return found("nosqli", "nosql: {$operator:", View(key))
    if key in KEYS or (key == "constructor" and isinstance(value, Mapping) and "prototype" in value):
        return found("proto", "js: __proto__ path", View(key))
    if key in TYPE_KEYS and isinstance(value, str) and names_type(value):
        return found("deserialization", "object: typed json", View(key))
    return inspect_value(key, "plain")
