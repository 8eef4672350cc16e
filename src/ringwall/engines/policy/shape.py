"""Where objects of a resource stand inside a document, worked out from its JSON Schema once, at start.

A shape is a small tree: which resource an object at this place is, and which properties lead to others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

_REF = "#/components/schemas/"
_DEPTH = 64


@dataclass(slots=True)
class Shape:
    """A place in a document. Mutable only while it is built, since schemas may refer to themselves.

    `also` are shapes that hold here too (`allOf`, a `$ref` beside other keywords). Of `tagged` shapes the one holds
    that the property `tag` names (a discriminator); all of them where it names none. Only what leads to an object is
    kept, since every reply is walked along it; `declared` are all properties by name, which `values` leave out. `forks`
    says of a root whether a place below may be walked twice, and an object be found as two.
    """

    resource: str | None = None
    properties: dict[str, Shape] = field(default_factory=dict)
    items: Shape | None = None
    values: Shape | None = None
    also: list[Shape] = field(default_factory=list)
    tag: str = ""
    tagged: dict[str, Shape] = field(default_factory=dict)
    declared: frozenset[str] = frozenset()
    forks: bool = False

    @property
    def empty(self) -> bool:
        """Whether no object of a resource can stand here or below. Asked of a finished shape."""
        return self.resource is None and not self._below()

    @property
    def ends_here(self) -> bool:
        """Whether nothing below an object of this shape is one. Asked of a finished shape."""
        return not self._below()

    def _below(self) -> list[Shape]:
        found = [*self.properties.values(), *self.also, *self.tagged.values(), self.items, self.values]
        return [shape for shape in found if shape is not None]

    def _keep(self, leading: set[int]) -> None:
        self.declared = frozenset(self.properties)
        self.properties = {name: shape for name, shape in self.properties.items() if id(shape) in leading}
        self.also = [shape for shape in self.also if id(shape) in leading]
        self.items = self.items if id(self.items) in leading else None
        self.values = self.values if id(self.values) in leading else None


class Sighting(NamedTuple):
    """An object found in a document: its resource, its properties, and its JSON pointer."""

    resource: str
    value: dict[str, Any]
    pointer: str


def shape_of(schema: Any, components: Mapping[str, Any], resources: Mapping[str, str]) -> Shape:
    """The shape of documents of a schema. `resources` names the resource of each component schema."""
    return _pruned(_Builder(components, resources).place(schema))


def _pruned(root: Shape) -> Shape:
    """The same shape without what leads to no object."""
    above: dict[int, list[Shape]] = {id(root): []}
    every, waiting = [root], [root]
    while waiting:
        shape = waiting.pop()
        for below in shape._below():
            if id(below) not in above:
                above[id(below)] = []
                every.append(below)
                waiting.append(below)
            above[id(below)].append(shape)
    leading = {id(shape) for shape in every if shape.resource is not None}
    waiting = [shape for shape in every if shape.resource is not None]
    while waiting:
        for shape in above[id(waiting.pop())]:
            if id(shape) not in leading:
                leading.add(id(shape))
                waiting.append(shape)
    for shape in every:
        shape._keep(leading)
    root.forks = any(shape.also or shape.tagged for shape in every)
    return root


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
            if isinstance(branches, list) and not (keyword != "allOf" and self._tags(shape, schema, branches)):
                shape.also.extend(self.place(branch) for branch in branches)

    def _tags(self, shape: Shape, schema: Mapping[str, Any], branches: list[Any]) -> bool:
        """Whether a discriminator tells the branches apart (OpenAPI, Discriminator Object), each being a component."""
        given = schema.get("discriminator")
        names = [_reference(branch) for branch in branches]
        if not isinstance(given, dict) or not isinstance(given.get("propertyName"), str) or None in names or shape.tag:
            return False
        mapping = {key: str(to).rpartition("/")[2] for key, to in _mapping(given.get("mapping"))}
        found = {key: to for key, to in mapping.items() if to in names}
        found |= {name: name for name in names if name is not None and name not in found.values()}
        shape.tag, shape.tagged = given["propertyName"], {key: self._component(to) for key, to in found.items()}
        return True


def _reference(schema: Any) -> str | None:
    reference = schema.get("$ref") if isinstance(schema, dict) else None
    if isinstance(reference, str) and reference.startswith(_REF):
        return reference.removeprefix(_REF)
    return None


def _mapping(value: Any) -> Iterator[tuple[str, Any]]:
    return iter(value.items()) if isinstance(value, dict) else iter(())


_made = tuple.__new__  # past the keyword handling of a named tuple, which costs more than all else for a page of them


def sightings(document: Any, shape: Shape) -> list[Sighting]:
    """Every object of a resource in a document, outermost first, with its pointer (RFC 6901)."""
    found: list[Sighting] = []
    _look(document, shape, "", 0, found)
    return found


def _look(value: Any, shape: Shape, pointer: str, depth: int, found: list[Sighting]) -> None:
    if depth > _DEPTH:
        return
    for part in shape.also:
        _look(value, part, pointer, depth + 1, found)
    for part in _chosen(value, shape) if shape.tagged else ():
        _look(value, part, pointer, depth + 1, found)
    if isinstance(value, dict):
        _look_in(value, shape, pointer, depth, found)
    elif isinstance(value, list) and shape.items is not None:
        items = shape.items
        plain = items.ends_here
        for index, item in enumerate(value):
            if plain and isinstance(item, dict) and items.resource is not None:
                found.append(_made(Sighting, (items.resource, item, f"{pointer}/{index}")))
            elif not plain:
                _look(item, items, f"{pointer}/{index}", depth + 1, found)


def _chosen(value: Any, shape: Shape) -> list[Shape]:
    """The tagged shape that a value says it is of, else every one."""
    said = value.get(shape.tag) if isinstance(value, dict) else None
    chosen = shape.tagged.get(said) if isinstance(said, str) else None
    return [chosen] if chosen is not None else list({id(part): part for part in shape.tagged.values()}.values())


def _look_in(value: dict[str, Any], shape: Shape, pointer: str, depth: int, found: list[Sighting]) -> None:
    if shape.resource is not None:
        found.append(Sighting(shape.resource, value, pointer))
    for name, below in shape.properties.items():
        if name in value:
            _look(value[name], below, f"{pointer}/{escape(name)}", depth + 1, found)
    if shape.values is not None:
        for name in value.keys() - shape.declared:
            _look(value[name], shape.values, f"{pointer}/{escape(name)}", depth + 1, found)


def along(shape: Shape, tokens: Sequence[str], value: Any, pointer: str) -> Iterator[Sighting]:
    """What writing `value` at a place below this shape writes of objects: at each step of the way the object that has
    the next property, with the value where that is the last, and every object in the value itself."""
    here = _every(shape)
    for index, token in enumerate(tokens):
        last = index == len(tokens) - 1
        for part in here:
            if part.resource is not None:
                yield Sighting(part.resource, {token: value if last else None}, pointer)
        below = [part.properties.get(token) or part.items or part.values for part in here]
        here = [deeper for part in below if part is not None for deeper in _every(part)]
    for part in here:
        yield from (Sighting(seen.resource, seen.value, pointer) for seen in sightings(value, part))


def _every(shape: Shape) -> list[Shape]:
    """A shape and all that hold, or may hold, at the same place."""
    found: dict[int, Shape] = {}
    waiting = [shape]
    while waiting:
        part = waiting.pop()
        if id(part) not in found:
            found[id(part)] = part
            waiting += [*part.also, *part.tagged.values()]
    return list(found.values())


def escape(name: str) -> str:
    """One reference token of a JSON pointer (RFC 6901, section 3)."""
    return name.replace("~", "~0").replace("/", "~1")
