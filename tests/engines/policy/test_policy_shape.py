"""Leaving out what leads to no object changes nothing of what is found."""

from hypothesis import given
from hypothesis import strategies as st

from ringwall.engines.policy.shape import _Builder, escape, shape_of, sightings

NAMES = ("Patient", "Visit", "Plain", "Loop")
RESOURCES = {"Patient": "patient", "Visit": "visit"}
KEYS = st.sampled_from(("a", "b", "c/d", "~e"))

leaf = st.one_of(
    st.just({"type": "string"}),
    st.just(True),
    st.sampled_from(NAMES).map(lambda n: {"$ref": f"#/components/schemas/{n}"}),
)
schemas = st.recursive(
    leaf,
    lambda below: st.fixed_dictionaries(
        {},
        optional={
            "properties": st.dictionaries(KEYS, below, max_size=3),
            "items": below,
            "additionalProperties": below,
            "allOf": st.lists(below, max_size=2),
            "$ref": st.sampled_from(NAMES).map(lambda n: f"#/components/schemas/{n}"),
        },
    ),
    max_leaves=6,
)
documents = st.recursive(
    st.one_of(st.none(), st.text(max_size=2), st.integers()),
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(KEYS, below, max_size=3)),
    max_leaves=8,
)


def plainly(value, shape, pointer="", depth=0):
    """The walk over everything, as the definition has it."""
    if depth > 64:
        return
    for part in shape.also:
        yield from plainly(value, part, pointer, depth + 1)
    if isinstance(value, dict):
        if shape.resource is not None:
            yield shape.resource, id(value), pointer
        for name, below in shape.properties.items():
            if name in value:
                yield from plainly(value[name], below, f"{pointer}/{escape(name)}", depth + 1)
        if shape.values is not None:
            for name in value.keys() - shape.properties.keys():
                yield from plainly(value[name], shape.values, f"{pointer}/{escape(name)}", depth + 1)
    elif isinstance(value, list) and shape.items is not None:
        for index, item in enumerate(value):
            yield from plainly(item, shape.items, f"{pointer}/{index}", depth + 1)


@given(schemas, st.fixed_dictionaries(dict.fromkeys(NAMES, schemas)), documents)
def test_what_is_found_is_what_the_whole_shape_finds(schema, components, document):
    if _endless(components):
        return
    whole = list(plainly(document, _Builder(components, RESOURCES).place(schema)))
    found = [
        (seen.resource, id(seen.value), seen.pointer)
        for seen in sightings(document, shape_of(schema, components, RESOURCES))
    ]
    assert sorted(found) == sorted(whole)


def _endless(components):
    """Whether components hold each other in place, which branches without end on the way to the depth's bound."""

    def in_place(schema):
        if not isinstance(schema, dict):
            return set()
        found = {schema["$ref"].rpartition("/")[2]} if "$ref" in schema else set()
        return found.union(*(in_place(branch) for branch in schema.get("allOf", ())))

    reach = {name: in_place(schema) for name, schema in components.items()}
    for _ in NAMES:
        reach = {name: found.union(*(reach[n] for n in found)) for name, found in reach.items()}
    return any(name in found for name, found in reach.items())


def test_what_leads_nowhere_is_not_walked():
    components = {
        "Patient": {
            "properties": {"name": {"type": "string"}, "visits": {"items": {"$ref": "#/components/schemas/Visit"}}}
        },
        "Visit": {"properties": {"day": {"type": "string"}, "of": {"$ref": "#/components/schemas/Patient"}}},
    }
    shape = shape_of({"$ref": "#/components/schemas/Patient"}, components, RESOURCES)
    assert list(shape.properties) == ["visits"]
    assert shape_of({"properties": {"a": {"items": {"type": "string"}}}}, components, RESOURCES).empty
    loop = {"Loop": {"properties": {"next": {"$ref": "#/components/schemas/Loop"}}}}
    assert shape_of({"$ref": "#/components/schemas/Loop"}, loop, RESOURCES).empty


def test_a_declared_property_is_none_of_the_others_though_it_leads_nowhere():
    schema = {
        "properties": {"meta": {"type": "object"}},
        "additionalProperties": {"$ref": "#/components/schemas/Patient"},
    }
    shape = shape_of(schema, {"Patient": {}}, RESOURCES)
    assert [seen.pointer for seen in sightings({"meta": {}, "x": {}}, shape)] == ["/x"]


def test_a_discriminator_tells_which_of_two_kinds_an_object_is():
    components = {"Visit": {"properties": {"kind": {}}}, "Patient": {"properties": {"kind": {}}}, "Plain": {}}
    either = {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Patient", "Visit", "Plain")],
        "discriminator": {"propertyName": "kind", "mapping": {"p": "#/components/schemas/Patient"}},
    }
    shape = shape_of({"type": "array", "items": either}, components, RESOURCES)

    def seen(value):
        return sorted(sighting.resource for sighting in sightings([value], shape))

    assert seen({"kind": "p"}) == ["patient"]
    assert seen({"kind": "Visit"}) == ["visit"]
    assert seen({"kind": "x"}) == seen({}) == seen({"kind": 1}) == ["patient", "visit"], "all, where nothing is said"
    del either["discriminator"]
    untold = shape_of({"type": "array", "items": either}, components, RESOURCES)
    assert sorted(sighting.resource for sighting in sightings([{"kind": "p"}], untold)) == ["patient", "visit"]
