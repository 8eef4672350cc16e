"""Leave that documents in the wild need: null for what may be absent, alternatives that overlap. And its limits."""

from __future__ import annotations

import pytest

from ringwall.engines.schema import Compiler, Validator, valid_without_nulls

TASK = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "count": {"type": "integer"},
        "below": {"type": "object", "properties": {"note": {"type": "string"}}},
        "many": {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}},
    },
    "required": ["count"],
}


def accepts(schema: dict, value: object) -> bool:
    validator = Compiler({}).closed(schema)
    assert isinstance(validator, Validator)
    return validator.is_valid(value) or valid_without_nulls(value, validator, validator.flaws(value))


@pytest.mark.parametrize(
    "value",
    [
        {"count": 1, "name": None},
        {"count": 1, "below": {"note": None}},
        {"count": 1, "below": None, "name": None},
        {"count": 1, "many": [{"n": None}, {"n": 2}, {}]},
    ],
)
def test_null_stands_for_an_optional_property_that_is_absent(value: object) -> None:
    assert accepts(TASK, value)


@pytest.mark.parametrize(
    "value",
    [
        {"count": None},
        {"count": 1, "undeclared": None},
        {"count": 1, "name": None, "undeclared": 1},
        {"count": 1, "name": 5},
        {"count": 1, "many": [None]},
        {"count": 1, "name": None, "below": {"note": 7}},
        None,
    ],
)
def test_null_excuses_nothing_else(value: object) -> None:
    assert not accepts(TASK, value)


NUMBERS = {"oneOf": [{"type": "boolean"}, {"type": "integer"}, {"type": "number"}, {"type": "string"}]}
SHAPES = {
    "oneOf": [
        {"type": "object", "properties": {"a": {"type": "integer"}}},
        {"type": "object", "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}}},
    ]
}


@pytest.mark.parametrize(("schema", "value"), [(NUMBERS, 1), (NUMBERS, 1.5), (NUMBERS, "x"), (SHAPES, {"a": 1})])
def test_a_value_of_two_branches_is_a_value_of_one(schema: dict, value: object) -> None:
    assert accepts(schema, value)


@pytest.mark.parametrize(
    ("schema", "value"), [(NUMBERS, None), (NUMBERS, []), (SHAPES, {"c": 1}), (SHAPES, {"a": "1"})]
)
def test_a_value_of_no_branch_is_refused(schema: dict, value: object) -> None:
    assert not accepts(schema, value)
