"""Finding the objects of resources in what an API says and takes, worked out from its schemas at start.

Declared places come from the schema. An object that nothing declares is found too: whatever carries a property that
names the owner or the tenant of a resource is one of its objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from ringwall.engines.policy.eyes import NOBODY, NOTHING, Eyes, Facts, Kind
from ringwall.engines.policy.said import said
from ringwall.engines.policy.shape import Shape, Sighting, escape, shape_of, sightings

T = TypeVar("T")
Content = Mapping[str, Any]
"""Schemas by media type."""


class Reply(Protocol):
    """A parsed reply: its status, the document, how many objects it can hold at most (None where that is not known),
    where to keep what was found in this very document for whoever asks next, and its media type."""

    @property
    def status(self) -> int: ...
    @property
    def data(self) -> Any: ...
    @property
    def most_objects(self) -> int | None: ...
    @property
    def found(self) -> dict[str, object]: ...
    @property
    def media(self) -> bytes: ...


Find = Callable[[Reply], list[Sighting]]
"""Finds the objects in a parsed reply."""

_FOUND, _EYES, REMEMBERED = "objects", "eyes", "remembered"


class Sight:
    """Finds objects of `kinds` in documents described by `components`."""

    def __init__(self, kinds: Sequence[Kind], components: Mapping[str, Any]) -> None:
        self.kinds = {kind.name: kind for kind in kinds}
        self._components = components
        self._resources = {kind.schema: kind.name for kind in kinds if kind.schema}
        for name, schema in components.items():
            if name not in self._resources and (kind := self._variant(name, schema)):
                self._resources[name] = kind.name

    def in_bodies(self, content: Content, main: str | None) -> dict[str, Shape]:
        """By media type, the shape of request bodies. `main` is the resource that a body of another component
        (`PatientUpdate`) is taken to describe where most of its properties are that resource's."""
        found: dict[str, Shape] = {}
        for media, schema in content.items():
            shape = shape_of(schema, self._components, self._resources)
            if shape.resource is None and main is not None and self._alike(schema, self.kinds[main]):
                shape = replace(shape, resource=main)
            items = schema.get("items") if isinstance(schema, dict) else None
            below = shape_of(items, self._components, self._resources) if items is not None else None
            if (
                main is not None
                and below is not None
                and below.resource is None
                and self._alike(items, self.kinds[main])
            ):
                shape = replace(shape, items=replace(below, resource=main))
            if not shape.empty:
                found[media] = shape
        return found

    def of(self, kind: str) -> Shape:
        """The shape of the documents of a kind."""
        schema = self.kinds[kind].schema
        shape = shape_of({"$ref": f"#/components/schemas/{schema}"}, self._components, self._resources)
        return shape if shape.resource is not None else replace(shape, resource=kind)

    def in_replies(self, replies: Mapping[str, Content], main: str | None) -> Find:
        """What finds the objects in a parsed reply of a status: declared ones, then those that give themselves away
        (as `main`'s first, where two resources share a property). A success that the document does not describe is
        taken to hold objects of `main`."""
        shapes = {status: self._shape(content) for status, content in replies.items()}
        described = {status: _described(content) for status, content in replies.items()}
        marks, presumed = self._marks(main), self.kinds[main] if main else None

        def places(status: int) -> tuple[Shape | None, Kind | None]:
            undescribed = 200 <= status < 300 and not at_status(described, status)
            return at_status(shapes, status), presumed if undescribed else None

        met: dict[int, tuple[Shape | None, Kind | None]] = {}

        def find(reply: Reply) -> list[Sighting]:
            kept = reply.found
            known = kept.get(_FOUND)
            if isinstance(known, list):
                return known
            if reply.media == TABLE:
                rows = kept[_FOUND] = _found(reply.data, None, presumed, [], None)
                return rows
            status = reply.status
            here = met.get(status) or met.setdefault(status, places(status))
            found = kept[_FOUND] = _found(reply.data, *here, marks, reply.most_objects)
            return found

        return find

    def eyes(self, facts: Facts, kept: dict[str, object]) -> Eyes:
        """How the caller sees the objects of one reply; `kept` as in `Find`. Whoever asks by the very same facts gets
        the same eyes, and so does who asks by others in which the caller and the objects are the same."""
        before = kept.get(_EYES)
        eyes = before if isinstance(before, Eyes) else None
        if eyes is not None and eyes.facts is facts:
            return eyes
        who = facts.principal
        caller = (who.subject, who.words, who.tenant) if who is not None else NOBODY
        if eyes is None or not eyes.of(caller, facts.objects):
            remembered = kept.get(REMEMBERED)
            told = remembered if isinstance(remembered, dict) else NOTHING
            eyes = kept[_EYES] = Eyes(self.kinds, caller, facts.objects, told)
        eyes.facts = facts
        return eyes

    def properties(self, schema: Any) -> frozenset[str]:
        """The properties that a schema declares."""
        return frozenset(_properties(schema, self._components))

    def names_owner(self, schema: Any, kind: str) -> bool:
        """Whether documents of a schema say whose an object of this kind is: its owner and its tenant."""
        needed = {name for name in (self.kinds[kind].owner, self.kinds[kind].tenant) if name}
        return all(declares(schema, name, self._components) for name in needed)

    def _shape(self, content: Content) -> Shape | None:
        for media, schema in content.items():
            if is_json(media) and schema is not None:
                lines = {"type": "array", "items": schema} if media in LINES else schema
                shape = shape_of(lines, self._components, self._resources)
                return None if shape.empty else shape
        return None

    def _marks(self, main: str | None) -> list[tuple[str, str]]:
        """Properties that give an object away, with the resource that they speak of."""
        first = [self.kinds[main]] if main else []
        marks: dict[str, str] = {}
        for kind in (*first, *self.kinds.values()):
            for name in (kind.owner, kind.tenant):
                if name is not None:
                    marks.setdefault(name, kind.name)
        return list(marks.items())

    def _variant(self, name: str, schema: Any) -> Kind | None:
        """The resource that a component describes under another name: `PatientSummary` has Patient's properties."""
        folded = name.casefold()
        fitting = [k for k in self.kinds.values() if k.schema and k.schema.casefold() in folded]
        alike = [k for k in fitting if self._alike(schema, k)]
        return max(alike, key=lambda k: len(k.schema or ""), default=None)

    def _alike(self, schema: Any, kind: Kind) -> bool:
        theirs = _properties(schema, self._components)
        ours = _properties(self._components.get(kind.schema or ""), self._components)
        return bool(theirs) and len(theirs & ours) * 2 > len(theirs)


TABLE = b"text/csv"
"""The media type of a table: each of its rows is an object of what the operation is about."""
LINES = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines"})
"""Media types of which each line is a value that the schema describes."""


def is_json(media: str) -> bool:
    """Whether content of a media type is JSON, in one piece or in lines."""
    return media.endswith("json") or media in LINES


def at_status(declared: Mapping[str, T], status: int) -> T | None:
    """What is declared for a status: exactly, then for its class (`4XX`), then as `default` (OpenAPI, Responses)."""
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in declared:
            return declared[key]
    return None


def _found(
    data: Any, shape: Shape | None, presumed: Kind | None, marks: list[tuple[str, str]], most: int | None
) -> list[Sighting]:
    found = sightings(data, shape) if shape is not None else []
    if presumed is None and (not marks or _all_seen(found, shape, most)):
        return found
    seen = {id(sighting.value) for sighting in found}
    if marks:
        _marked(data, marks, seen, found)
    if presumed is not None:
        found.extend(sighting for sighting in _presumed(data, presumed) if id(sighting.value) not in seen)
    return found


def _all_seen(found: list[Sighting], shape: Shape | None, most: int | None) -> bool:
    """Whether there can be no object but those found. Counted: looking for others at each member of a hundred objects
    costs as much as finding those, and `id` raises an audit event, for which there is a hook."""
    return len(found) == most and not (shape is not None and shape.forks)


_DEEP = (dict, list)
_FLAT = frozenset(_DEEP)


def _marked(data: Any, marks: list[tuple[str, str]], seen: set[int], found: list[Sighting]) -> None:
    """Add the objects that give themselves away and are not `seen` yet, and see them."""
    waiting: list[tuple[Any, str]] = [(data, "")]
    while waiting:
        value, pointer = waiting.pop()
        if isinstance(value, list):
            for index, item in enumerate(value):
                if item.__class__ is dict and id(item) in seen and _FLAT.isdisjoint(map(type, item.values())):
                    continue
                if isinstance(item, _DEEP):
                    waiting.append((item, f"{pointer}/{index}"))
        elif isinstance(value, dict):
            if id(value) not in seen:
                resource = next((name for mark, name in marks if _marks(value, mark)), None)
                if resource is not None:
                    seen.add(id(value))
                    found.append(Sighting(resource, value, pointer))
            if not _FLAT.isdisjoint(map(type, value.values())):
                waiting.extend((v, f"{pointer}/{escape(k)}") for k, v in value.items() if isinstance(v, _DEEP))


def _marks(value: Mapping[str, Any], mark: str) -> bool:
    """Whether a property that gives an object away is there; of a path, all of it."""
    return mark in value or ("." in mark and said(value, mark) is not None)


def _described(content: Content) -> bool:
    return any(is_json(media) and isinstance(schema, dict) and schema for media, schema in content.items())


def _presumed(data: Any, main: Kind, pointer: str = "", depth: int = 3) -> Iterator[Sighting]:
    """The objects of a reply that nothing describes: the items of its lists, else itself, or what it wraps."""
    if isinstance(data, list):
        yield from (Sighting(main.name, v, f"{pointer}/{i}") for i, v in enumerate(data) if isinstance(v, dict))
    if not isinstance(data, dict):
        return
    deep = {key: below for key, below in data.items() if isinstance(below, _DEEP)}
    if main.id in data or not deep or depth == 0:
        yield Sighting(main.name, data, pointer)
        return
    lists = {key: below for key, below in deep.items() if isinstance(below, list)}
    for key, below in (lists or deep).items():
        yield from _presumed(below, main, f"{pointer}/{escape(key)}", depth - 1)


def declares(schema: Any, name: str, components: Mapping[str, Any]) -> bool:
    """Whether a schema has a property of this name, or the path of properties that it is."""
    if name in _properties(schema, components):
        return True
    first, _, rest = name.partition(".")
    return bool(rest) and any(declares(below, rest, components) for below in _at(schema, first, components))


def _at(schema: Any, name: str, components: Mapping[str, Any], depth: int = 8) -> list[Any]:
    """What a schema says of one of its properties, in all its branches."""
    if not isinstance(schema, dict) or depth == 0:
        return []
    declared, reference = schema.get("properties"), schema.get("$ref")
    found = [declared[name]] if isinstance(declared, dict) and name in declared else []
    if isinstance(reference, str):
        found += _at(components.get(reference.rsplit("/", 1)[-1]), name, components, depth - 1)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            found += _at(branch, name, components, depth - 1)
    return found


def _properties(schema: Any, components: Mapping[str, Any], depth: int = 8) -> set[str]:
    if not isinstance(schema, dict) or depth == 0:
        return set()
    declared, reference = schema.get("properties"), schema.get("$ref")
    found: set[str] = set(declared) if isinstance(declared, dict) else set()
    if isinstance(reference, str):
        found |= _properties(components.get(reference.rsplit("/", 1)[-1]), components, depth - 1)
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = schema.get(keyword)
        for branch in branches if isinstance(branches, list) else ():
            found |= _properties(branch, components, depth - 1)
    return found
