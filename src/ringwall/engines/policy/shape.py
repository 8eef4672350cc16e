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
    """A place in a document. Mutable only while it is built, since schemas may refer to themselves.

    `also` are shapes that hold here too (`allOf`, a `$ref` beside other keywords).
    """

    resource: str | None = None
    properties: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    values: Shape | None = None
    also: list[Shape] = field(default_factory=list)

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
        below = [*self.properties.values(), *self.also, self.items, self.values]
        return any(shape is not None and shape._leads(seen) for shape in below)


class Sighting(NamedTuple):
    """An object found in a document: its resource, its properties, and its JSON pointer."""

    resource: str
    value: dict[str, Any]
    pointer: str


def shape_of(schema: Any, components: Mapping[str, Any], resources: Mapping[str, str]) -> Shape:
    """The shape of documents of a schema. `resources` names the resource of each component schema."""
    return _Builder(components, resources).place(schema)


class _Builder:
    """Builds shapes over one set of components; a component met twice is the same shape, so recursion ends."""

    def __init__(self, components: Mapping[str, Any], resources: Mapping[str, str]) -> None:
        self._components = components
        self._resources = resources
        self._known: dict[str, Shape] = {}

    def place(self, schema: Any) -> Shape:
        """The shape of a schema: a component's own where it is nothing but a reference."""
        name = _reference(schema)
        if name is not None and len(schema) == 1:
            return self._component(name)
        shape = Shape()
        self._extend(shape, schema)
        return shape

    def _component(self, name: str) -> Shape:
        if name not in self._known:
            self._known[name] = shape = Shape(resource=self._resources.get(name))
            self._extend(shape, self._components.get(name))
        return self._known[name]

    def _extend(self, shape: Shape, schema: Any) -> None:
        if not isinstance(schema, dict):
            return
        name = _reference(schema)
        if name is not None:
            shape.also.append(self._component(name))
        for key, below in _mapping(schema.get("properties")):
            shape.properties[key] = self.place(below)
        if isinstance(schema.get("items"), dict):
            shape.items = self.place(schema["items"])
        if isinstance(schema.get("additionalProperties"), dict):
            shape.values = self.place(schema["additionalProperties"])
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = schema.get(keyword)
            if isinstance(branches, list):
                shape.also.extend(self.place(branch) for branch in branches)


def _reference(schema: Any) -> str | None:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if isinstance(reference, str) and reference.startswith(_REF):
        return reference.removeprefix(_REF)
    return None


def _mapping(value: Any) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(())


def sightings(document: Any, shape: Shape) -> Iterator[Sighting]:
    """Every object of a resource in a document, outermost first, with its pointer (RFC 6901)."""
    return _look(document, shape, "", 0)


def _look(value: Any, shape: Shape, pointer: str, depth: int) -> Iterator[Sighting]:
    if depth > _DEPTH:
        return
    for part in shape.also:
        yield from _look(value, part, pointer, depth + 1)
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
