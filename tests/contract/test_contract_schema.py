"""The printed JSON Schema and the parser accept the same documents, as far as structure goes.

Names of other things (roles, operations, properties) are beyond a schema: here the parser's structural reading is
compared, without an API.
"""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema_rs
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.contract_samples import CONTRACT, contract
from ringwall.contract.document import Step
from ringwall.contract.grammar import CONTRACT as GRAMMAR
from ringwall.contract.schema import contract_schema
from ringwall.contract.shapes import Either, Exactly, Flag, Listing, Number, Record, Shape, Table, Text, Word

SCHEMA = contract_schema()
VALIDATOR = jsonschema_rs.Draft202012Validator(SCHEMA)
FULL: dict[str, Any] = {
    **yaml.safe_load(CONTRACT),
    "base_path": "/v1",
    "observe": ["detection"],
    "cors": {"origins": ["https://a.example"], "credentials": False, "max_age": 5},
    "limits": {"body": "2 MiB", "upload": 7, "depth": 3, "rate": "5/hour", "seconds": 1.5},
    "upstream": {"header": "X-Key", "from": "env KEY"},
    "trusted_proxies": ["10.0.0.0/8"],
    "accepted": [{"id": "x", "reason": "r", "owner": "o", "until": "2030-01-01"}],
}


def parses(document: Any) -> bool:
    """Whether the parser finds no mistake of structure."""
    told: list[str] = []

    def report(
        path: tuple[Step, ...], found: str, expected: str, nearest: str | None = None, *, key: bool = False
    ) -> None:
        told.append(found)

    GRAMMAR.read(document, (), report)
    return not told


def agree(document: Any) -> bool:
    """Whether both say the same; the answer is theirs."""
    accepted = parses(document)
    assert VALIDATOR.is_valid(document) == accepted, document
    return accepted


def test_the_schema_is_one_and_takes_the_whole_example() -> None:
    assert jsonschema_rs.meta.is_valid(SCHEMA)
    assert agree(FULL)
    assert contract(json.dumps(yaml.safe_load(CONTRACT))).roles


def values(shape: Shape) -> st.SearchStrategy[Any]:
    """Values that a shape means to take."""
    match shape:
        case Flag():
            return st.booleans()
        case Number():
            low, high = int(shape.low) + 1, int(min(shape.high, 1e9))
            return st.integers(low, high) if shape.whole else st.floats(low, high)
        case Text():
            return st.from_regex(shape.pattern, fullmatch=True)
        case Word():
            return st.sampled_from(shape.words)
        case Exactly():
            return st.just(shape.value)
        case Listing():
            return st.lists(values(shape.item), max_size=2)
        case Table():
            return st.dictionaries(values(shape.name), values(shape.value), max_size=2)
        case Either():
            return values(shape.first) | values(shape.second)
        case Record():
            return st.fixed_dictionaries(
                {name: values(shape.members[name]) for name in shape.required},
                optional={n: values(s) for n, s in shape.members.items() if n not in shape.required},
            )
    raise AssertionError(shape)


@given(values(GRAMMAR))
@settings(max_examples=40, deadline=None)
def test_they_agree_on_generated_contracts(document: Any) -> None:
    agree(document)


_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.just(1.0),
    st.just(1.5),
    st.just(1e300),
    st.text(max_size=4),
    st.sampled_from(
        ["anyone", "searchable", "mfa", "5/hour", "2 MiB", "env X", "/", "/v1\n", "owner", "a\x00", "2030-01-01\n"]
    ),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"x": None}),
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, inner in below for place in _places(inner, (*path, key)))]


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_they_agree_on_contracts_with_anything_anywhere(data: st.DataObject) -> None:
    document: Any = copy.deepcopy(FULL)
    for _ in range(data.draw(st.integers(1, 2))):
        place = data.draw(st.sampled_from(_places(document)[1:]))
        inner = document
        for step in place[:-1]:
            inner = inner[step]
        action = data.draw(st.sampled_from(["put", "drop", "name"]))
        if action == "drop":
            inner.pop(place[-1])
        elif action == "name" and isinstance(inner, dict):
            inner[data.draw(st.sampled_from(["owner", "x y", "", "é", "GET /x", "allow", "policies", "1a", "a\n"]))] = (
                inner.pop(place[-1])
            )
        else:
            inner[place[-1]] = copy.deepcopy(data.draw(_JUNK))
    agree(document)


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"ringwall": 1}, {"ringwall": True, "api": "x"}])
def test_they_agree_on_what_is_no_contract(document: Any) -> None:
    assert not agree(document)
