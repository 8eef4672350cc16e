"""Where objects of a resource stand inside a document, worked out from its JSON Schema once, at start.

A shape is a small tree: which resource an object at this place is, and which properties lead to others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_REF = "#/components/schemas/"
_DEPTH = 64


@dataclass(slots=True)
class Shape:
    """A place in a document. Mutable only while it is built, since schemas may refer to themselves."""

    resource: str | None = None
    properties: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    values: Shape | None = None

    @property
    def empty(self) -> bool:
        """Whether no object of a resource can stand here or below."""
        return not self._leads(set())

    def _leads(self, seen: set[int]) -> bool:
        if id(self) in seen:
            return False
        seen.add(id(self))
        if self.resource is not None:
            return True
        below = [*self.properties.values(), self.items, self.values]
        return any(shape is not None and shape._leads(seen) for shape in below)


class Sighting(NamedTuple):
    """An object found in a document: its resource, its properties, and its JSON pointer."""

    resource: str
    value: dict[str, Any]
    pointer: str


def shape_of(schema: Any, components: Mapping[str, Any], resources: Mapping[str, str]) -> Shape:
    """The shape of documents of a schema. `resources` names the resource of each component schema."""
    return _build(schema, components, resources, {})


def _build(
    schema: Any, components: Mapping[str, Any], resources: Mapping[str, str], known: dict[str, Shape]
) -> Shape:
    shape = Shape()
    _extend(shape, schema, components, resources, known)
    return shape


def _extend(
    shape: Shape, schema: Any, components: Mapping[str, Any], resources: Mapping[str, str], known: dict[str, Shape]
) -> None:
    if not isinstance(schema, dict):
        return
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith(_REF):
        _follow(shape, reference.removeprefix(_REF), components, resources, known)
    for name, below in _mapping(schema.get("properties")):
        _extend(shape.properties.setdefault(name, Shape()), below, components, resources, known)
    for keyword, attribute in (("items", "items"), ("additionalProperties", "values")):
        if isinstance(schema.get(keyword), dict):
            child = getattr(shape, attribute) or Shape()
            setattr(shape, attribute, child)
            _extend(child, schema[keyword], components, resources, known)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword) or ():
            _extend(shape, branch, components, resources, known)


def _follow(
    shape: Shape, name: str, components: Mapping[str, Any], resources: Mapping[str, str], known: dict[str, Shape]
) -> None:
    """Take over what a component says; a component met twice is the same shape, so recursion ends."""
    found = known.get(name)
    if found is None:
        found = known[name] = Shape(resource=resources.get(name))
        _extend(found, components.get(name), components, resources, known)
    shape.resource = shape.resource or found.resource
    shape.properties.update({k: v for k, v in found.properties.items() if k not in shape.properties})
    shape.items = shape.items or found.items
    shape.values = shape.values or found.values


def _mapping(value: Any) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(())


def sightings(document: Any, shape: Shape) -> Iterator[Sighting]:
    """Every object of a resource in a document, outermost first, with its pointer (RFC 6901)."""
    return _look(document, shape, "", 0)


def _look(value: Any, shape: Shape, pointer: str, depth: int) -> Iterator[Sighting]:
    if depth > _DEPTH:
        return
    if isinstance(value, dict):
        if shape.resource is not None:
            yield Sighting(shape.resource, value, pointer)
        for name, below in shape.properties.items():
            if name in value:
                yield from _look(value[name], below, f"{pointer}/{escape(name)}", depth + 1)
        if shape.values is not None:
            for name in value.keys() - shape.properties.keys():
                yield from _look(value[name], shape.values, f"{pointer}/{escape(name)}", depth + 1)
    elif isinstance(value, list) and shape.items is not None:
        for index, item in enumerate(value):
            yield from _look(item, shape.items, f"{pointer}/{index}", depth + 1)


def escape(name: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
