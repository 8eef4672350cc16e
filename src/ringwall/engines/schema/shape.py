"""The shape of a schema: which properties it declares at each place, and which strings it leaves free.

Everything that may describe one value (references, compositions, conditions) is merged into one `Node`, so that walking
a value needs no schema any more. Merging is generous on names and careful on text: a property is declared if any
schema declares it, and free if any leaves it free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ringwall.engines.schema.discriminator import tagged
from ringwall.engines.schema.document import (
    ASIDE,
    BRANCHES,
    JSON,
    Components,
    Schema,
    branches,
    in_place,
    marked,
    members,
    resolve,
    types,
)
from ringwall.engines.schema.formats import ADDRESSES, DECIDED, ENCODED
from ringwall.engines.schema.patterns import exact


@dataclass(frozen=True, slots=True)
class Note:
    """What the contract says of a property: the format of its text, whether it is sanitized, and only observed; of a
    URL, its schemes and hosts (None: http and https, any public host)."""

    format: str
    sanitize: bool = False
    observe: bool = False
    urls: tuple[frozenset[str], frozenset[str]] | None = None


NO_NOTES: Mapping[str, Note] = {}


@dataclass(slots=True, eq=False)
class Node:
    """One place. `properties` are declared by name; `other` is what members of other names are (None: there are
    none); `items` what elements are. `free` says that a string here is not decided, `format` what it is; `language`
    that undeclared names below may be operators of the API's own."""

    properties: dict[str, Node] = field(default_factory=dict)
    other: Node | None = None
    items: Node | None = None
    free: bool = True
    format: str = "text"
    sanitize: bool = False
    observe: bool = False
    urls: tuple[frozenset[str], frozenset[str]] | None = None
    language: bool = False
    hidden: frozenset[str] = frozenset()
    choices: tuple[Schema, ...] = ()
    names: tuple[frozenset[str], tuple[tuple[str, Node], ...]] | None = None


ANYTHING = Node()
ANYTHING.other = ANYTHING.items = ANYTHING
LANGUAGE = Node(language=True)
"""A value of no schema that the contract calls code: a filter or an expression in the API's own words."""
LANGUAGE.other = LANGUAGE.items = LANGUAGE


_STRUCTURED = frozenset(
    {"$ref", *BRANCHES, *ASIDE, "dependentSchemas", "properties", "patternProperties", "additionalProperties"}
    | {"unevaluatedProperties", "items", "prefixItems"}
)


def _noted(node: Node, note: Note | None) -> None:
    if note is not None:
        node.sanitize, node.observe, node.urls = note.sanitize, note.observe, note.urls


class Shapes:
    """Makes nodes, one for each set of schemas that describe the same value; recursion ends in the same node."""

    def __init__(self, components: Components, notes: Mapping[str, Mapping[str, Note]] | None = None) -> None:
        self._components = components
        self._made: dict[tuple[object, ...], Node] = {}
        self._kept: list[tuple[Schema, ...]] = []
        self._notes = {id(components[name]): noted for name, noted in (notes or {}).items() if name in components}

    def node(self, schema: Schema, notes: Mapping[str, Note] = NO_NOTES) -> Node:
        """The shape of a schema; `notes` are said of its properties in addition."""
        return self._node((schema,), None, notes)

    def joined(self, alternatives: tuple[Schema, ...]) -> Node:
        """The shape of a value that several schemas describe."""
        node = self._node(alternatives, None)
        return replace(node, choices=()) if node.choices else node

    def _node(self, given: tuple[Schema, ...], note: Note | None, notes: Mapping[str, Note] = NO_NOTES) -> Node:
        if len(given) == 1 and not isinstance(given[0], bool) and given[0].keys().isdisjoint(_STRUCTURED):
            return self._leaf(given[0], note)
        key = (*map(id, given), note, id(notes) if notes else 0)
        node = self._made.get(key)
        if node is None:
            self._kept.append(given)  # an id is a key only while its schema lives
            node = self._made[key] = Node()
            self._fill(node, given, note, notes)
        return node

    def _leaf(self, schema: dict[str, JSON], note: Note | None) -> Node:
        """The shape of a schema without any below or beside it: all that are alike share one."""
        kinds = types(schema, self._components)
        format_ = _format_of([schema], note)
        free, open_ = not decided(schema, self._components), "object" in kinds
        key = ("leaf", free, format_, note, open_, "array" in kinds)
        if key not in self._made:
            below = _unstated(note)
            node = Node(free=free, format=format_, language=below.language)
            _noted(node, note)
            node.other = below if open_ else None
            node.items = below if "array" in kinds else None
            self._made[key] = node
        return self._made[key]

    def _fill(self, node: Node, given: tuple[Schema, ...], note: Note | None, notes: Mapping[str, Note]) -> None:
        here = _merged(given, self._components)
        notes = {**self._said(here), **notes}
        node.free = not all(decided(schema, self._components) for schema in given)
        node.format = _format_of(here, note)
        _noted(node, note)
        node.language = _unstated(note).language
        declared: dict[str, list[Schema]] = {}
        for schema in here:
            for name, below in members(schema).items():
                declared.setdefault(name, []).append(below)
        inherited = Note(node.format, node.sanitize, node.observe, node.urls) if note else None
        node.hidden = frozenset(
            n for n, all_ in declared.items() if any(marked(s, "writeOnly", self._components) for s in all_)
        )
        node.properties = {n: self._node(tuple(all_), notes.get(n)) for n, all_ in declared.items()}
        node.other = self._other(given, here, bool(declared), inherited)
        node.items = self._items(here, inherited)
        node.choices = _choices(given, self._components)

    def _said(self, here: list[dict[str, JSON]]) -> dict[str, Note]:
        return {name: note for schema in here for name, note in self._notes.get(id(schema), NO_NOTES).items()}

    def _other(
        self, given: tuple[Schema, ...], here: list[dict[str, JSON]], declares: bool, note: Note | None
    ) -> Node | None:
        """What undeclared names hold: as stated; anything, where an object is described without any property."""
        stated: list[Schema] = []
        for schema in here:
            stated.extend(members(schema, "patternProperties").values())
            for keyword in ("additionalProperties", "unevaluatedProperties"):
                below = schema.get(keyword)
                if isinstance(below, (bool, dict)) and below is not False:
                    stated.append(below)
        if stated:
            return self._node(tuple(stated), note)
        closed = declares or any(schema.get("additionalProperties") is False for schema in here)
        admits = any("object" in types(schema, self._components) for schema in given)
        return _unstated(note) if admits and (not closed or _free_branch(here, self._components)) else None

    def _items(self, here: list[dict[str, JSON]], note: Note | None) -> Node | None:
        each: list[Schema] = []
        for schema in here:
            each.extend(branches(schema, "prefixItems"))
            below = schema.get("items")
            if isinstance(below, (bool, dict)):
                each.append(below)
        if each:
            return self._node(tuple(each), note)
        return _unstated(note) if any("array" in types(s, self._components) for s in here) else None


def _unstated(note: Note | None) -> Node:
    """What stands where no schema says anything."""
    return LANGUAGE if note is not None and note.format == "code" else ANYTHING


def _merged(given: tuple[Schema, ...], components: Components) -> list[dict[str, JSON]]:
    seen: dict[int, dict[str, JSON]] = {}
    for schema in given:
        for here in in_place(schema, components):
            seen.setdefault(id(here), here)
    return list(seen.values())


def _free_branch(here: list[dict[str, JSON]], components: Components) -> bool:
    """A branch that admits objects and declares nothing, where nothing is declared outside of branches."""
    for schema in here:
        if members(schema) or "$ref" in schema or "allOf" in schema:
            continue
        for keyword in ("anyOf", "oneOf"):
            for below in branches(schema, keyword):
                declares = any(members(s) or members(s, "patternProperties") for s in in_place(below, components))
                if not declares and "object" in types(below, components):
                    return True
    return False


def _choices(given: tuple[Schema, ...], components: Components) -> tuple[Schema, ...]:
    """The alternatives for an object here, where there are several: only one of them may be meant."""
    if len(given) != 1 or isinstance(given[0], bool):
        return ()
    schema: dict[str, JSON] = given[0]
    target = resolve(schema.get("$ref"), components)
    if isinstance(target, dict) and not schema.keys() & {"anyOf", "oneOf", "properties"}:
        return _choices((target,), components)
    found = [b for k in ("anyOf", "oneOf") for b in branches(schema, k) if "object" in types(b, components)]
    own = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf")}
    outside = any(members(s) for s in in_place(own, components))
    return tuple(tagged(schema, found)) if len(found) > 1 and not outside else ()


def _format_of(here: list[dict[str, JSON]], note: Note | None) -> str:
    """The format that the contract states, else what the schema's own says for detection."""
    if note is not None and note.format != "text":
        return note.format
    if any(schema.get("format") in ENCODED or schema.get("contentEncoding") == "base64" for schema in here):
        return "byte"
    if any(schema.get("format") == "password" for schema in here):
        return "password"
    return "uri" if any(schema.get("format") in ADDRESSES for schema in here) else "text"


def decided(schema: Schema, components: Components, depth: int = 12) -> bool:
    """Whether a string that is valid here is decided by the schema: a listed value, a parsed format, a narrow
    pattern, or no string at all."""
    if isinstance(schema, bool):
        return not schema
    if depth == 0:
        return False
    if "string" not in types(schema, components) or "enum" in schema or "const" in schema:
        return True
    if schema.get("format") in DECIDED or exact(schema.get("pattern")):
        return True
    target = resolve(schema.get("$ref"), components)
    if target is not None and decided(target, components, depth - 1):
        return True
    if any(decided(below, components, depth - 1) for below in branches(schema, "allOf")):
        return True
    return any(
        below and all(decided(each, components, depth - 1) for each in below)
        for below in (branches(schema, "anyOf"), branches(schema, "oneOf"))
    )
