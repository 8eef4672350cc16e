"""An XML document as the value that its schema means: OpenAPI's XML Object (3.0.4 and 3.1.1, section "XML Object").

Names are those of the properties unless `xml.name` says otherwise; `attribute`, `wrapped` and `namespace` are read, and
`prefix` is not, since a prefix has no meaning of its own (Namespaces in XML 1.0, section 4). What no schema names stays
in the value under a name that no property has, so that the validator refuses it as it does in JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringwall.engines.schema.coerce import coerce
from ringwall.engines.schema.document import JSON, PREFIX, Components, Schema, in_place, members, types
from ringwall.engines.schema.xml import Tag

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
_TEXT = "#text"


@dataclass(slots=True)
class Shape:
    """How the value of one schema is written: what its text may become, the members by the name that they are written
    under, a list's elements. Filled in after it is made, since schemas refer to themselves."""

    own: frozenset[str] = frozenset()
    name: str = ""
    space: str = ""
    is_list: bool = False
    wrapped: bool = False
    attributes: dict[str, tuple[str, Shape]] = field(default_factory=dict)
    elements: dict[str, tuple[str, Shape]] = field(default_factory=dict)
    items: Shape | None = None
    other: Shape | None = None


class Repeated(Exception):
    """An element that may stand once stands again: which one is meant is not for us to say."""


class XmlShapes:
    """The shapes of a document's schemas, each worked out once."""

    def __init__(self, components: Components) -> None:
        self._components = components
        self._known: dict[int, tuple[Schema, Shape]] = {}

    def of(self, schema: Schema) -> Shape:
        """The shape of a schema."""
        known = self._known.get(id(schema))
        if known is not None:
            return known[1]
        made = Shape()
        self._known[id(schema)] = (schema, made)
        self._fill(made, schema)
        return made

    def root(self, schema: Schema) -> str:
        """The name of a document's element: `xml.name`, or that of the component; "" where neither says it."""
        reference = schema.get("$ref") if isinstance(schema, dict) else None
        named = reference.removeprefix(PREFIX) if isinstance(reference, str) else ""
        return self.of(schema).name or named

    def _fill(self, made: Shape, schema: Schema) -> None:
        made.own = types(schema, self._components)
        made.is_list = "array" in made.own and not made.own & {"object", "string", "number", "boolean"}
        for here in in_place(schema, self._components):
            self._noted(made, here.get("xml"))
            below, more = here.get("items"), here.get("additionalProperties")
            if isinstance(below, (bool, dict)) and made.items is None:
                made.items = self.of(below)
            if isinstance(more, dict) and made.other is None:
                made.other = self.of(more)
            for name, member in members(here).items():
                self._member(made, name, member)

    def _noted(self, made: Shape, given: JSON) -> None:
        if not isinstance(given, dict):
            return
        name, space = given.get("name"), given.get("namespace")
        made.name = made.name or (name if isinstance(name, str) else "")
        made.space = made.space or (space if isinstance(space, str) else "")
        made.wrapped = made.wrapped or given.get("wrapped") is True

    def _member(self, made: Shape, name: str, member: Schema) -> None:
        below = self.of(member)
        places = made.attributes if self._is_attribute(member) else made.elements
        written = below.name or name
        if below.is_list and not below.wrapped:
            written = (below.items.name if below.items else "") or name
        places.setdefault(written, (name, below))

    def _is_attribute(self, schema: Schema) -> bool:
        each = (here.get("xml") for here in in_place(schema, self._components))
        return any(isinstance(xml, dict) and xml.get("attribute") is True for xml in each)


def value_of(tag: Tag, shape: Shape, space: str = "") -> JSON:
    """The value that an element means; `space` is the namespace that its surroundings stated. Raises Repeated."""
    if tag.attributes.get((_INSTANCE, "nil")) in ("true", "1") and not tag.elements and not tag.text:
        return None
    space = shape.space or space
    if shape.is_list:
        return _wrapped(tag, shape, space)
    plain = not tag.elements and not tag.attributes
    if plain and (tag.text.strip() or "object" not in shape.own):
        return coerce(tag.text, shape.own) if "object" not in shape.own or shape.own - {"object", "null"} else tag.text
    return _object(tag, shape, space)


def _wrapped(tag: Tag, shape: Shape, space: str) -> JSON:
    """A list in an element of its own; whatever else stands in that makes it an object, which no list is."""
    items = shape.items or Shape(own=frozenset({"string"}))
    name = items.name or tag.name
    if tag.attributes or tag.text.strip() or any(not _named(each, name, items, space) for each in tag.elements):
        return _object(tag, Shape(), space)
    return [value_of(each, items, space) for each in tag.elements]


def _object(tag: Tag, shape: Shape, space: str) -> JSON:
    made: dict[str, JSON] = {}
    for (where, name), text in tag.attributes.items():
        if (where, name) != (_INSTANCE, "nil"):
            key, member = shape.attributes.get(name, ("", None)) if not where else ("", None)
            made[key or f"@{name}"] = coerce(text, member.own) if member is not None else text
    if tag.text.strip():
        made[_TEXT] = tag.text
    for each in tag.elements:
        _add(made, each, shape, space)
    return made


def _add(made: dict[str, JSON], tag: Tag, shape: Shape, space: str) -> None:
    key, member = shape.elements.get(tag.name, ("", None))
    is_list = member is not None and member.is_list and not member.wrapped
    written = member.items if is_list and member is not None and member.items is not None else member
    if member is None or not _named(tag, tag.name, written or member, space):
        _append(made, _unknown(tag, shape, space), value_of(tag, shape.other or Shape(), space))
        return
    if is_list:
        listed = made.setdefault(key, [])
        if isinstance(listed, list):
            listed.append(value_of(tag, member.items or Shape(own=frozenset({"string"})), space))
        return
    if key in made:
        raise Repeated(key)
    made[key] = value_of(tag, member, space)


def _append(made: dict[str, JSON], key: str, value: JSON) -> None:
    """An undeclared member; of several under one name, a list."""
    before = made.get(key)
    if key not in made:
        made[key] = value
    elif isinstance(before, list):
        before.append(value)
    else:
        made[key] = [before, value]


def _unknown(tag: Tag, shape: Shape, space: str) -> str:
    """The name of a member that is not declared: its own, unless that is a property's or of a strange namespace."""
    declared: Mapping[str, tuple[str, Shape]] = {**shape.attributes, **shape.elements}
    taken = tag.name in declared or tag.name in {name for name, _ in declared.values()}
    return f"{{{tag.space}}}{tag.name}" if taken or tag.space not in ("", space) else tag.name


def _named(tag: Tag, name: str, shape: Shape, space: str) -> bool:
    """Whether an element has the name, in the namespace that the schema or its surroundings state, or in none."""
    return tag.name == name and (tag.space == shape.space if shape.space else tag.space in ("", space))
