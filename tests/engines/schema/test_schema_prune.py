"""Pruning replies, and the shapes behind it: what no schema declares never leaves."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from ringwall.engines.schema import Note, Shapes, pruner

PREFIX = "#/components/schemas/"


def ref(name: str) -> dict[str, object]:
    return {"$ref": PREFIX + name}


COMPONENTS = {
    "Cat": {"type": "object", "required": ["t"], "properties": {"t": {"const": "cat"}, "lives": {"type": "integer"}}},
    "Dog": {"type": "object", "required": ["t"], "properties": {"t": {"const": "dog"}, "barks": {"type": "integer"}}},
    "Pet": {"oneOf": [ref("Cat"), ref("Dog")]},
    "Loose": {"oneOf": [ref("LooseCat"), ref("LooseDog")], "discriminator": {"propertyName": "t"}},
    "LooseCat": {"type": "object", "properties": {"t": {"type": "string"}, "lives": {"type": "integer"}}},
    "LooseDog": {"type": "object", "properties": {"t": {"type": "string"}, "barks": {"type": "integer"}}},
    "Tree": {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": ref("Tree")}, "n": {"type": "integer"}},
    },
    "User": {
        "type": "object",
        "required": ["id"],
        "properties": {"id": {"type": "integer", "readOnly": True}, "pw": {"type": "string", "writeOnly": True}},
    },
    "Base": {"type": "object", "properties": {"id": {"type": "integer"}}},
}

CASES = [
    ("plain", ref("Base"), {"id": 1, "hash": "x"}, {"id": 1}, ["/hash"]),
    ("list", {"type": "array", "items": ref("Base")}, [{"id": 1}, {"id": 2, "h": 1}], [{"id": 1}, {"id": 2}], ["/1/h"]),
    (
        "many of one object",
        {"type": "array", "items": ref("Base")},
        [{"a": {}, "b": [], "id": 1, "c": {"x": 1}, "d": 2, "e": [1]}],
        [{"id": 1}],
        ["/0/a", "/0/b", "/0/c", "/0/d", "/0/e"],
    ),
    (
        "recursive",
        ref("Tree"),
        {"kids": [{"kids": [{"z": 1}], "n": 1}]},
        {"kids": [{"kids": [{}], "n": 1}]},
        ["/kids/0/kids/0/z"],
    ),
    (
        "all",
        {"allOf": [ref("Base"), {"properties": {"b": {"type": "integer"}}}]},
        {"id": 1, "b": 2, "c": 3},
        {"id": 1, "b": 2},
        ["/c"],
    ),
    ("nullable", {"anyOf": [ref("Base"), {"type": "null"}]}, {"id": 1, "c": 3}, {"id": 1}, ["/c"]),
    ("null", {"anyOf": [ref("Base"), {"type": "null"}]}, None, None, []),
    ("one chosen by const", ref("Pet"), {"t": "cat", "lives": 9, "barks": 1}, {"t": "cat", "lives": 9}, ["/barks"]),
    (
        "one chosen by discriminator",
        ref("Loose"),
        {"t": "LooseCat", "lives": 9, "barks": 1},
        {"t": "LooseCat", "lives": 9},
        ["/barks"],
    ),
    ("none fits", ref("Pet"), {"t": "cow", "lives": 9, "z": 1}, {"t": "cow", "lives": 9}, ["/z"]),
    (
        "page",
        {"type": "object", "properties": {"items": {"type": "array", "items": ref("Pet")}}},
        {"items": [{"t": "dog", "lives": 1}], "sql": "x"},
        {"items": [{"t": "dog"}]},
        ["/sql", "/items/0/lives"],
    ),
    (
        "map",
        {"type": "object", "additionalProperties": ref("Base")},
        {"k": {"id": 1, "z": 1}},
        {"k": {"id": 1}},
        ["/k/z"],
    ),
    (
        "stated open",
        {**COMPONENTS["Base"], "additionalProperties": True},
        {"id": 1, "z": {"y": 1}},
        {"id": 1, "z": {"y": 1}},
        [],
    ),
    ("free", {"type": "object"}, {"z": {"y": [1]}}, {"z": {"y": [1]}}, []),
    ("nothing said", {}, {"z": {"y": [1]}}, {"z": {"y": [1]}}, []),
    ("write-only", ref("User"), {"id": 1, "pw": "x"}, {"id": 1}, ["/pw"]),
    ("a list for an object", ref("Base"), [{"id": 1, "z": 1}], [{"id": 1}], ["/0/z"]),
    ("an object for a list", {"type": "array", "items": ref("Base")}, {"z": [1]}, {}, ["/z"]),
    ("text for an object", ref("Base"), "x", "x", []),
    ("a name that is data", ref("Base"), {"a b@c": 1}, {}, ["/*"]),
    ("bare object with stated false", {"type": "object", "additionalProperties": False}, {"z": 1}, {}, ["/z"]),
]


@pytest.mark.parametrize(("schema", "value", "kept", "removed"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_leaves_out_what_is_not_declared(schema: object, value: object, kept: object, removed: list[str]) -> None:
    found = copy.deepcopy(value)
    gone = pruner(schema, COMPONENTS)(found)  # type: ignore[arg-type]
    assert (found, gone.count) == (kept, len(removed))
    assert gone.deep == any(isinstance(_at(value, pointer), (dict, list)) for pointer in removed)


def _at(value: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if token == "*":  # a name that is data
            return next(iter(value.values()))
        value = value[int(token)] if isinstance(value, list) else value[token]
    return value


@pytest.mark.parametrize(
    ("schema", "free"),
    [
        ({"type": "string"}, True),
        ({}, True),
        ({"type": "string", "enum": ["a"]}, False),
        ({"type": "string", "format": "uuid"}, False),
        ({"type": "string", "format": "uri"}, True),
        ({"type": "string", "format": "byte"}, True),
        ({"type": "string", "contentEncoding": "base64"}, True),
        ({"type": "string", "format": "nickname"}, True),
        ({"type": "string", "pattern": "^[a-z]+$"}, False),
        ({"type": "string", "pattern": "^.+$"}, True),
        ({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]}, False),
        ({"anyOf": [{"type": "string", "format": "uuid"}, {"type": "string"}]}, True),
        ({"allOf": [{"type": "string"}, {"format": "date"}]}, False),
        ({"type": ["integer", "null"]}, False),
        ({"const": "x"}, False),
    ],
)
def test_a_string_is_free_where_no_schema_decides_it(schema: dict[str, object], free: bool) -> None:
    assert Shapes({}).node(schema).free is free  # type: ignore[arg-type]


def test_notes_name_formats_wherever_the_component_is_used() -> None:
    shapes = Shapes({"P": {"properties": {"notes": {"type": "string"}}}}, {"P": {"notes": Note("markdown", True)}})
    node = shapes.node({"type": "array", "items": {"allOf": [ref("P")]}})  # type: ignore[list-item, dict-item]
    assert node.items is not None
    notes = node.items.properties["notes"]
    assert (notes.format, notes.sanitize, notes.free) == ("markdown", True, True)


def test_threads_that_come_first_together_see_the_same_shape() -> None:
    branches = [
        {"type": "object", "required": [f"k{n}"], "properties": {f"k{n}": {"type": "integer"}}} for n in range(40)
    ]
    components = {f"B{n}": branch for n, branch in enumerate(branches)}
    schema = {"anyOf": [ref(name) for name in components]}
    values = [{f"k{n}": 1, f"k{(n + 1) % 40}": 2, "z": 1} for n in range(40)]
    prune = pruner(schema, components)  # type: ignore[arg-type]
    pruned = [dict(value) for value in values * 5]
    with ThreadPoolExecutor(8) as pool:
        gone = list(pool.map(prune, pruned))  # type: ignore[arg-type]
    assert all(removed.count == 1 for removed in gone)
    assert pruned[:40] == [{k: v for k, v in value.items() if k != "z"} for value in values]


def test_a_stated_class_alone_leaves_the_schemas_own_format() -> None:
    shapes = Shapes({"P": {"properties": {"site": {"type": "string", "format": "uri"}}}}, {"P": {"site": Note("text")}})
    assert shapes.node(ref("P")).properties["site"].format == "uri"  # type: ignore[arg-type]
