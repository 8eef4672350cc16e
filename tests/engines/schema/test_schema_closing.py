"""Closed schemas: undeclared properties are refused at every level and in every composition; all else is kept."""

from __future__ import annotations

import copy

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.engines.schema import Compiler, Unusable, Validator

PREFIX = "#/components/schemas/"


def ref(name: str) -> dict[str, object]:
    return {"$ref": PREFIX + name}


COMPONENTS = {
    "Pet": {
        "type": "object",
        "discriminator": {"propertyName": "kind"},
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}, "name": {"type": "string"}},
    },
    "Cat": {"allOf": [ref("Pet"), {"type": "object", "properties": {"lives": {"type": "integer"}}}]},
    "Lion": {"allOf": [ref("Cat"), {"properties": {"pride": {"type": "string"}}}]},
    "Tree": {
        "type": "object",
        "properties": {"kids": {"type": "array", "items": ref("Tree")}, "n": {"type": "integer"}},
    },
    "Free": {"type": "object"},
    "Map": {"type": "object", "additionalProperties": {"type": "integer"}},
    "Open": {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": True},
    "Shut": {"type": "object", "additionalProperties": False},
    "ByName": {"type": "object", "patternProperties": {"^x-": {"type": "string"}}},
    "User": {
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": {"type": "string"},
            "made": ref("Made"),
            "secret": {"type": "string", "writeOnly": True},
        },
    },
    "Made": {"type": "string", "readOnly": True},
    "Circle": {
        "type": "object",
        "required": ["shape"],
        "properties": {"shape": {"type": "string"}, "r": {"type": "number"}},
    },
    "Square": {
        "type": "object",
        "required": ["shape"],
        "properties": {"shape": {"type": "string"}, "w": {"type": "number"}},
    },
    "Shape": {
        "oneOf": [ref("Circle"), ref("Square")],
        "discriminator": {"propertyName": "shape", "mapping": {"circle": PREFIX + "Circle", "square": "Square"}},
    },
    "A/b~c": {"type": "object", "properties": {"ü": {"type": "integer"}}},
}
A = {"type": "object", "properties": {"a": {"type": "integer"}}}
B = {"type": "object", "properties": {"b": {"type": "integer"}}}

CASES = [
    ("plain", A, [{}, {"a": 1}], [{"a": 1, "z": 1}, {"a": "1"}, []]),
    ("all", {"allOf": [A, B]}, [{"a": 1, "b": 2}], [{"a": 1, "c": 1}]),
    ("all beside", {"allOf": [A], **B}, [{"a": 1, "b": 2}], [{"c": 1}]),
    ("any", {"anyOf": [A, B]}, [{"a": 1}, {"b": 1}], [{"c": 1}]),
    (
        "one",
        {"oneOf": [{**A, "required": ["a"]}, {**B, "required": ["b"]}]},
        [{"a": 1}],
        [{"a": 1, "z": 1}, {"a": 1, "b": 1}, {}],
    ),
    ("nullable", {"anyOf": [A, {"type": "null"}]}, [None, {"a": 1}], [{"z": 1}, 1]),
    ("reference", ref("Tree"), [{"kids": [{"n": 1}]}], [{"kids": [{"z": 1}]}, {"z": 1}]),
    ("in a list", {"type": "array", "items": ref("Tree")}, [[{"n": 1}]], [[{"z": 1}]]),
    ("free", ref("Free"), [{"any": {"thing": 1}}], [1]),
    ("anything", {}, [{"a": 1}, 1, None], []),
    ("map", ref("Map"), [{"x": 1}], [{"x": "1"}]),
    ("map of closed", {"type": "object", "additionalProperties": A}, [{"x": {"a": 1}}], [{"x": {"z": 1}}]),
    ("stated open", ref("Open"), [{"a": 1, "z": 1}], [{"a": "1"}]),
    ("stated open within", {"allOf": [ref("Open"), B]}, [{"a": 1, "z": 1}], [{"b": "1"}]),
    ("stated shut", ref("Shut"), [{}], [{"z": 1}]),
    ("by name", ref("ByName"), [{"x-a": "1"}], [{"y": "1"}, {"x-a": 1}]),
    (
        "read-only",
        ref("User"),
        [{"name": "n", "secret": "s"}],
        [{"name": "n", "id": 1}, {"name": "n", "made": "m"}, {}],
    ),
    (
        "extended",
        ref("Pet"),
        [{"kind": "Pet", "name": "x"}, {"kind": "Cat", "lives": 9}, {"kind": "Lion", "lives": 9, "pride": "p"}],
        [
            {"kind": "Pet", "lives": 9},
            {"kind": "Cat", "pride": "p"},
            {"kind": "Cat", "z": 1},
            {"kind": "Cat", "lives": "9"},
        ],
    ),
    ("one that extends", ref("Cat"), [{"kind": "Cat", "lives": 9}], [{"kind": "Cat", "z": 1}]),
    (
        "discriminated",
        ref("Shape"),
        [{"shape": "circle", "r": 1}, {"shape": "square", "w": 1}],
        [{"shape": "circle", "w": 1}, {"shape": "square", "r": 1}, {"shape": "other"}, {"r": 1}],
    ),
    ("branch of anything", {"anyOf": [A, {"type": "object"}]}, [{"z": 1}, {"a": 1}], [1]),
    (
        "branches that only require",
        {**A, "anyOf": [{"required": ["a"]}, {"type": "object", "minProperties": 1}]},
        [{"a": 1}],
        [{"z": 1}, {"a": 1, "z": 1}],
    ),
    ("not", {**A, "not": {"properties": {"a": {"const": 5}}, "required": ["a"]}}, [{"a": 4}, {}], [{"a": 5}, {"z": 1}]),
    (
        "if",
        {
            **A,
            "if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
            "then": {"properties": {"b": {"type": "integer"}}},
        },
        [{"a": 1, "b": 2}, {"a": 2}],
        [{"a": 2, "b": 2}, {"a": 1, "c": 1}],
    ),
    (
        "tuple",
        {"type": "array", "prefixItems": [A, B], "items": False},
        [[{"a": 1}, {"b": 1}]],
        [[{"b": 1}], [{"a": 1}, {"b": 1}, 1]],
    ),
    ("odd name", ref("A~1b~0c"), [{"ü": 1}], [{"z": 1}]),
    ("below a component", ref("Tree/properties/kids"), [[{"n": 1}]], [[{"z": 1}]]),
    ("wide only if stated", {"type": "integer"}, [2**63 - 1], [2**63]),
    ("dependent", {**A, "dependentSchemas": {"a": B}}, [{"a": 1, "b": 1}, {}], [{"b": 1}]),
]


def compiled(schema: object, components: dict[str, object] = COMPONENTS) -> Validator:
    found = Compiler(components).closed(schema)  # type: ignore[arg-type]
    assert isinstance(found, Validator), found
    return found


@pytest.mark.parametrize(("schema", "good", "bad"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_closes_in_every_composition(schema: object, good: list[object], bad: list[object]) -> None:
    validator = compiled(schema)
    for value in good:
        assert validator.is_valid(value), value  # type: ignore[arg-type]
    for value in bad:
        assert not validator.is_valid(value), value  # type: ignore[arg-type]
        assert validator.flaws(value)  # type: ignore[arg-type]


def test_closing_changes_nothing_that_was_given() -> None:
    before = copy.deepcopy(COMPONENTS)
    Compiler(COMPONENTS)  # type: ignore[arg-type]
    assert before == COMPONENTS


@pytest.mark.parametrize(
    ("value", "flaws"),
    [
        ({"name": 1}, {("/body/name", "type")}),
        ({}, {("/body/name", "required")}),
        ({"name": "x", "zz": 1}, {("/body/zz", "unknown")}),
        ({"name": "x", "'; drop": 1}, {("/body/*", "unknown")}),
        ({"name": "x", "id": 1}, {("/body/id", "readonly")}),
    ],
)
def test_flaws_are_pointers_and_codes_and_echo_nothing(value: object, flaws: set[tuple[str, str]]) -> None:
    found = compiled(ref("User")).flaws(value, "/body")  # type: ignore[arg-type]
    assert {(f.pointer, f.code) for f in found} == flaws


def test_the_flaws_of_the_alternative_that_was_meant() -> None:
    validator = compiled(
        {
            "type": "object",
            "properties": {
                "s": {"anyOf": [ref("Shape"), {"type": "null"}]},
                "n": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            },
        }
    )
    assert ("/n", "type") in {(f.pointer, f.code) for f in validator.flaws({"n": "x"})}
    assert ("/s/r", "type") in {(f.pointer, f.code) for f in validator.flaws({"s": {"shape": "circle", "r": "x"}})}


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "string", "pattern": "(?=a)"}, "linear"),
        (ref("Nope"), "nowhere"),
        ({"$ref": "http://x/y"}, "nowhere"),
        ({"type": "strin"}, "strin"),
        ({"minLength": "a"}, "integer"),
        ({"$dynamicRef": "#x"}, "dynamicRef"),
        ({"type": "array", "items": ref("Leads")}, "linear"),
    ],
)
def test_a_schema_that_decides_nothing_is_an_answer(schema: dict[str, object], says: str) -> None:
    components = {**COMPONENTS, "Leads": {"properties": {"x": ref("Bad")}}, "Bad": {"pattern": r"(a)\1"}}
    compiler = Compiler(components)  # type: ignore[arg-type]
    found = compiler.closed(schema)  # type: ignore[arg-type]
    assert isinstance(found, Unusable)
    assert any(says in problem for problem in found.problems)
    assert isinstance(compiler.closed(ref("Tree")), Validator)  # type: ignore[arg-type]


def test_a_long_chain_of_references_is_no_recursion() -> None:
    chain: dict[str, object] = {f"C{i}": {"properties": {"n": ref(f"C{i + 1}")}} for i in range(3000)}
    chain["C3000"] = {"type": "object", "properties": {"end": {"type": "integer"}}}
    assert not isinstance(Compiler(chain).closed(ref("C0")), Unusable)  # type: ignore[arg-type]


scalars = st.sampled_from(
    [
        {"type": "integer"},
        {"type": "string", "maxLength": 2},
        {"type": "boolean"},
        {"enum": ["a", 1]},
        {"const": None},
        {"type": ["string", "null"]},
        {"type": "number", "minimum": 0, "multipleOf": 0.5},
        {"type": "string", "pattern": "^a"},
    ]
)
names = st.sampled_from(["a", "b", "c"])


def _nested(inner: st.SearchStrategy[dict[str, object]]) -> st.SearchStrategy[dict[str, object]]:
    objects = st.fixed_dictionaries(
        {"type": st.just("object"), "properties": st.dictionaries(names, inner, min_size=1, max_size=3)},
        optional={"required": st.lists(names, max_size=2, unique=True), "maxProperties": st.integers(1, 3)},
    )
    lists = st.fixed_dictionaries(
        {"type": st.just("array"), "items": inner},
        optional={"maxItems": st.integers(0, 3), "uniqueItems": st.booleans()},
    )
    either = st.builds(
        lambda k, s: {k: s}, st.sampled_from(["allOf", "anyOf"]), st.lists(inner, min_size=1, max_size=3)
    )
    return objects | lists | either


schemas = st.recursive(scalars, _nested, max_leaves=8)
values = st.recursive(
    st.sampled_from([None, True, 0, 1, -1, 0.5, "", "a", "ab", "abc"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "z"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def _reference(schema: object) -> object:
    """Closed by the book: an independent and slower rewriting, for an independent validator."""
    if isinstance(schema, list):
        return [_reference(s) for s in schema]
    if not isinstance(schema, dict):
        return schema
    out = dict(schema)
    if "properties" in schema:
        out["properties"] = {n: _closed(s) for n, s in schema["properties"].items()}
    if "items" in schema:
        out["items"] = _closed(schema["items"])
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            out[keyword] = _reference(schema[keyword])
    return out


def _closed(schema: object) -> object:
    out = _reference(schema)
    if isinstance(out, dict) and _declares(schema):
        out = {**out, "unevaluatedProperties": False}
    return out


def _declares(schema: object) -> bool:
    if not isinstance(schema, dict):
        return False
    return bool(schema.get("properties")) or any(
        _declares(s) for k in ("allOf", "anyOf", "oneOf") for s in schema.get(k, ())
    )


def _free_object_among_branches(schema: object) -> bool:
    """A branch that admits objects without declaring any: ours opens it, as the contract's meaning of free-form."""
    if isinstance(schema, list):
        return any(map(_free_object_among_branches, schema))
    if not isinstance(schema, dict):
        return False
    below = [s for k in ("allOf", "anyOf", "oneOf") for s in schema.get(k, ())]
    loose = any("type" not in s and "enum" not in s and "const" not in s and not _declares(s) for s in below)
    return loose or any(
        _free_object_among_branches(v) for v in [*below, *schema.get("properties", {}).values(), schema.get("items")]
    )


@given(schemas, values)
@settings(deadline=None)
def test_agrees_with_an_independent_validator(schema: dict[str, object], value: object) -> None:
    if _free_object_among_branches(schema):
        return
    ours = compiled(schema, {}).is_valid(value)  # type: ignore[arg-type]
    theirs = jsonschema.Draft202012Validator(_closed(schema)).is_valid(value)
    assert ours == theirs


@given(schemas, values)
def test_what_is_refused_has_a_flaw_and_what_passes_is_valid_as_written(
    schema: dict[str, object], value: object
) -> None:
    validator = compiled({"type": "object", "properties": {"v": schema}}, {})
    if validator.is_valid({"v": value}):  # type: ignore[dict-item]
        assert jsonschema.Draft202012Validator(schema).is_valid(value)
    else:
        assert validator.flaws({"v": value})  # type: ignore[dict-item]


def test_a_large_value_is_refused_by_its_first_flaw() -> None:
    validator = compiled({"type": "array", "items": {"type": "integer"}})
    assert len(validator.flaws(["x"] * 10)) == 10
    assert [f.code for f in validator.flaws(["x"] * 5000)] == ["type"]
