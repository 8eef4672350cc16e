"""Component schemas as one document: references resolved, and what stands beside a schema in its own place.

JSON Schema 2020-12 as OpenAPI 3.1 uses it. Values only; a reference that leads nowhere is an answer (None).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal
from urllib.parse import unquote

JSON = None | bool | int | float | str | list["JSON"] | dict[str, "JSON"]
Schema = bool | dict[str, JSON]
Components = Mapping[str, Schema]

PREFIX = "#/components/schemas/"
BRANCHES = ("allOf", "anyOf", "oneOf")
ASIDE = ("then", "else")
_BESIDE = frozenset({"$ref", *BRANCHES, *ASIDE, "dependentSchemas"})


def resolve(reference: JSON, components: Components) -> Schema | None:
    """The schema behind `#/components/schemas/X` or a JSON pointer below it (RFC 6901, section 6: a fragment may be
    percent-encoded); None where there is none."""
    if not isinstance(reference, str) or not reference.startswith(PREFIX):
        return None
    head, *rest = (token.replace("~1", "/").replace("~0", "~") for token in reference[len(PREFIX) :].split("/"))
    found: JSON = components.get(head, components.get(unquote(head)))
    for token in rest:
        found = _step(found, token)
    return found if isinstance(found, (bool, dict)) else None


def _step(value: JSON, token: str) -> JSON:
    if isinstance(value, dict):
        return value.get(token, value.get(unquote(token)))
    if isinstance(value, list) and token.isdigit() and int(token) < len(value):
        return value[int(token)]
    return None


def branches(schema: dict[str, JSON], keyword: str) -> list[Schema]:
    """The subschemas of `allOf`, `anyOf` or `oneOf`."""
    given = schema.get(keyword)
    return [b for b in given if isinstance(b, (bool, dict))] if isinstance(given, list) else []


def members(schema: dict[str, JSON], keyword: str = "properties") -> dict[str, Schema]:
    """The subschemas of `properties`, `patternProperties` or `dependentSchemas` by name."""
    given = schema.get(keyword)
    return {k: s for k, s in given.items() if isinstance(s, (bool, dict))} if isinstance(given, dict) else {}


def in_place(schema: Schema, components: Components) -> Iterator[dict[str, JSON]]:
    """The schema and all that apply to the same value: through references, compositions and conditions."""
    waiting: list[Schema] = [schema]
    seen: set[int] = set()
    while waiting:
        here = waiting.pop()
        if isinstance(here, bool) or id(here) in seen:
            continue
        seen.add(id(here))
        yield here
        if not here.keys().isdisjoint(_BESIDE):
            waiting.extend(beside(here, components))


def beside(schema: dict[str, JSON], components: Components) -> Iterator[Schema]:
    """The schemas that this one applies to the same value, one step away (`if` and `not` only test: not among them)."""
    target = resolve(schema.get("$ref"), components)
    if target is not None:
        yield target
    for keyword in BRANCHES:
        yield from branches(schema, keyword)
    for keyword in ASIDE:
        below = schema.get(keyword)
        if isinstance(below, dict):
            yield below
    yield from members(schema, "dependentSchemas").values()


TYPES = frozenset({"null", "boolean", "object", "array", "number", "string", "integer"})


def types(schema: Schema, components: Components, depth: int = 16) -> frozenset[str]:
    """The JSON types that a schema lets through, as far as its keywords say ("number" includes "integer")."""
    if isinstance(schema, bool):
        return TYPES if schema else frozenset()
    found = _own_types(schema)
    if depth == 0 or schema.keys().isdisjoint(_BESIDE):
        return found
    target = resolve(schema.get("$ref"), components)
    if target is not None:
        found &= types(target, components, depth - 1)
    for below in branches(schema, "allOf"):
        found &= types(below, components, depth - 1)
    for keyword in ("anyOf", "oneOf"):
        each = [types(below, components, depth - 1) for below in branches(schema, keyword)]
        found &= frozenset().union(*each) if each else TYPES
    return found


def _own_types(schema: dict[str, JSON]) -> frozenset[str]:
    given = schema.get("type")
    if isinstance(given, str):
        named = frozenset({given})
    elif isinstance(given, list):
        named = frozenset(name for name in given if isinstance(name, str))
    else:
        return _valued(schema)
    return named | {"integer"} if "number" in named else named


def _valued(schema: dict[str, JSON]) -> frozenset[str]:
    """The types of the values that `const` or `enum` lists."""
    if "const" in schema:
        return _type_of(schema["const"])
    given = schema.get("enum")
    return frozenset().union(*map(_type_of, given)) if isinstance(given, list) and given else TYPES


def _type_of(value: JSON) -> frozenset[str]:
    if value is None:
        return frozenset({"null"})
    return _NAMES[type(value)]


_NAMES = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
}


def marked(schema: Schema, mark: Literal["readOnly", "writeOnly"], components: Components, depth: int = 8) -> bool:
    """Whether a property is `readOnly` or `writeOnly`: it says so, or what it refers to does."""
    if isinstance(schema, bool) or depth == 0:
        return False
    if schema.get(mark) is True:
        return True
    target = resolve(schema.get("$ref"), components)
    below = branches(schema, "allOf") + ([target] if target is not None else [])
    return any(marked(b, mark, components, depth - 1) for b in below)
