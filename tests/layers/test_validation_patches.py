"""A JSON Merge Patch (RFC 7396) is held to the schema of what it patches, in part."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from layers.test_validation_layer import learned, operation, reason
from ringwall.contract.api import MediaType
from ringwall.layers.validation import forge
from ringwall.layers.validation.settings import Settings

PATCH = b"application/merge-patch+json"
ADDRESS = {
    "type": "object",
    "required": ["street", "city"],
    "properties": {"street": {"type": "string"}, "city": {"type": "string"}, "floor": {"type": "integer"}},
}
PERSON = {
    "allOf": [{"$ref": "#/components/schemas/Named"}],
    "type": "object",
    "required": ["age"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "age": {"type": "integer", "minimum": 0},
        "mail": {"type": "string", "format": "email"},
        "home": {"$ref": "#/components/schemas/Address"},
        "former": {"type": "array", "items": {"$ref": "#/components/schemas/Address"}},
        "best": {"$ref": "#/components/schemas/Person"},
        "nick": {"type": ["string", "null"]},
    },
}
NAMED = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
WORLD = Settings({"Person": PERSON, "Address": ADDRESS, "Named": NAMED}, depth=8, items=200)  # type: ignore[arg-type]
GUARDS = forge(operation({PATCH.decode(): MediaType({"$ref": "#/components/schemas/Person"}, {})}), WORLD)
WHOLE = forge(operation({"application/json": MediaType({"$ref": "#/components/schemas/Person"}, {})}), WORLD)


@pytest.mark.parametrize(
    "patch",
    [
        {},
        {"age": 3},
        {"mail": None},
        {"nick": None},
        {"home": None},
        {"home": {"floor": None}},
        {"home": {"city": "Rome"}},
        {"best": {"home": {"street": "x"}}},
        {"former": [{"street": "a", "city": "b"}]},
    ],
)
def test_a_patch_names_what_changes(patch: object) -> None:
    assert learned(orjson.dumps(patch), PATCH, guards=GUARDS).body == patch


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ({"age": None}, "validation.type"),
        ({"name": None}, "validation.type"),
        ({"home": {"city": None}}, "validation.type"),
        ({"best": {"name": None}}, "validation.type"),
        ({"age": "3"}, "validation.type"),
        ({"age": -1}, "validation.range"),
        ({"role": "admin"}, "validation.unknown"),
        ({"role": None}, "validation.unknown"),
        ({"home": {"evil": 1}}, "validation.unknown"),
        ({"former": [{"street": "a"}]}, "validation.required"),
        ({"former": [None]}, "validation.type"),
        ({"id": 7}, "validation.readonly"),
        ([{"age": 3}], "validation.type"),
    ],
)
def test_what_no_patch_may_say_is_refused(patch: object, code: str) -> None:
    assert reason(orjson.dumps(patch), PATCH, guards=GUARDS) == code


def test_the_same_schema_asks_for_the_whole_elsewhere() -> None:
    assert reason(b'{"age":3}', guards=WHOLE) == "validation.required"


def merged(target: object, patch: object) -> object:
    """RFC 7396, section 2, as written there."""
    if not isinstance(patch, dict):
        return patch
    made = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            made.pop(name, None)
        else:
            made[name] = merged(made.get(name), value)
    return made


TEXT = st.sampled_from(["a", "b c"])
HOMES = st.fixed_dictionaries({"street": TEXT, "city": TEXT}, optional={"floor": st.integers(0, 9)})
PEOPLE = st.fixed_dictionaries({"name": TEXT, "age": st.integers(0, 99), "home": HOMES}, optional={"nick": TEXT})
PATCHES = st.fixed_dictionaries(
    {},
    optional={
        "name": TEXT | st.none(),
        "age": st.integers(-1, 99) | st.none(),
        "nick": TEXT | st.none(),
        "home": st.fixed_dictionaries(
            {}, optional={"street": TEXT | st.none(), "floor": st.integers(0, 9) | st.none() | TEXT}
        ),
    },
)


@given(PEOPLE, PATCHES)
@settings(max_examples=80, deadline=None)
def test_a_patch_is_taken_if_and_only_if_the_whole_would_be_afterwards(person: object, patch: object) -> None:
    def taken(body: object, guards: object, media: bytes) -> bool:
        try:
            learned(orjson.dumps(body), media, guards=guards)
        except AssertionError:
            return False
        return True

    assert taken(patch, GUARDS, PATCH) == taken(merged(person, patch), WHOLE, b"application/json")
