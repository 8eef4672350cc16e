"""Finding the objects of resources in what an API says and takes, worked out from its schemas at start.

Declared places come from the schema. An object that nothing declares is found too: whatever carries a property that
names the owner or the tenant of a resource is one of its objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ringwall.engines.policy.relation import Relation, relate
from ringwall.engines.policy.shape import Shape, Sighting, escape, shape_of, sightings

T = TypeVar("T")
Content = Mapping[str, Any]
"""Schemas by media type."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource as finding needs it: its name, its component schema, the properties of id, owner and tenant."""

    name: str
    schema: str | None
    id: str
    owner: str | None
    tenant: str | None


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
                shape = Shape(main, shape.properties, shape.items, shape.values, shape.also)
            if not shape.empty:
                found[media] = shape
        return found

    def in_replies(self, replies: Mapping[str, Content], main: str | None) -> Callable[[int, Any], Iterator[Sighting]]:
        """What finds the objects in a parsed reply of a status: declared ones, then those that give themselves away
        (as `main`'s first, where two resources share a property). A success that the document does not describe is
        taken to hold objects of `main`."""
        shapes = {status: self._shape(content) for status, content in replies.items()}
        described = {status: _described(content) for status, content in replies.items()}
        marks, presumed = self._marks(main), self.kinds[main] if main else None

        def find(status: int, data: Any) -> Iterator[Sighting]:
            seen: set[int] = set()
            shape = at_status(shapes, status)
            if shape is not None:
                for sighting in sightings(data, shape):
                    seen.add(id(sighting.value))
                    yield sighting
            for sighting in _marked(data, marks):
                if id(sighting.value) not in seen:
                    seen.add(id(sighting.value))
                    yield sighting
            if presumed is None or not 200 <= status < 300 or at_status(described, status):
                return
            for sighting in _presumed(data, presumed):
                if id(sighting.value) not in seen:
                    yield sighting

        return find

    def names_owner(self, schema: Any, kind: str) -> bool:
        """Whether documents of a schema say whose an object of this kind is: its owner and its tenant."""
        needed = {name for name in (self.kinds[kind].owner, self.kinds[kind].tenant) if name}
        return needed <= _properties(schema, self._components)

    def _shape(self, content: Content) -> Shape | None:
        for media, schema in content.items():
            if media.endswith("json") and schema is not None:
                shape = shape_of(schema, self._components, self._resources)
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


def at_status(declared: Mapping[str, T], status: int) -> T | None:
    """What is declared for a status: exactly, then for its class (`4XX`), then as `default` (OpenAPI, Responses)."""
    for key in (str(status), f"{status // 100}XX", "default"):
        if key in declared:
            return declared[key]
    return None


def relation_shown(
    value: Mapping[str, Any], kind: Kind, subject: str, words: frozenset[str], tenant: str | None, *, sure: bool = False
) -> Relation | None:
    """What a caller is to an object by what the object says itself; None where it names neither owner nor tenant.

    Where it names no tenant, roles reach it all the same, unless one has to be `sure`.
    """
    owner = value.get(kind.owner) if kind.owner else None
    home = value.get(kind.tenant) if kind.tenant else None
    if owner is None and home is None:
        return None
    confined = kind.tenant is not None and (sure or home is not None)
    return relate(subject, words, tenant, owner=name_of(owner), home=name_of(home), confined=confined)


def words_shown(
    value: Mapping[str, Any],
    kind: Kind,
    caller: tuple[str, frozenset[str], str | None],
    settled: Iterable[tuple[str, str, frozenset[str]]],
) -> frozenset[str]:
    """The words that hold between a caller (subject, words, tenant) and an object in a reply: by what it says itself,
    and by what was `settled` (resource, id, words) of this very object where it does not say all. What nobody told
    counts as foreign."""
    subject, words, tenant = caller
    owner = value.get(kind.owner) if kind.owner else None
    home = value.get(kind.tenant) if kind.tenant else None
    confined = kind.tenant is not None
    said = relate(subject, words, tenant, owner=name_of(owner), home=name_of(home), confined=confined).words
    if (owner is not None or kind.owner is None) and (home is not None or kind.tenant is None):
        return said
    own_id = name_of(value.get(kind.id))
    known = [held for resource, object_id, held in settled if resource == kind.name and own_id in (None, object_id)]
    return said | known[-1] if known else said


def name_of(value: Any) -> str | None:
    """An id as text: strings and integers name things (`42.0` is one, as in JSON Schema), nothing else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (str, int)) else None


def masked(value: Any, mask: str) -> Any:
    """A partial value: `last4`, the `initial`, a mail address's `domain`, or nothing of it (`all`).

    What is too short to be shown in part is covered whole, and so is what is not text. Masking twice changes nothing.
    """
    if not isinstance(value, str):
        return None if value is None else "****"
    if mask == "last4" and len(value) >= 8:
        return "****" + value[-4:]
    if mask == "initial" and len(value) >= 2:
        return value[0] + "***"
    if mask == "domain" and "@" in value:
        return "***@" + value.rpartition("@")[2]
    return "****"


_DEEP = (dict, list)


def _marked(data: Any, marks: list[tuple[str, str]]) -> Iterator[Sighting]:
    if not marks:
        return
    waiting: list[tuple[Any, str]] = [(data, "")]
    while waiting:
        value, pointer = waiting.pop()
        if isinstance(value, dict):
            resource = next((name for mark, name in marks if mark in value), None)
            if resource is not None:
                yield Sighting(resource, value, pointer)
            waiting.extend((v, f"{pointer}/{escape(k)}") for k, v in value.items() if isinstance(v, _DEEP))
        elif isinstance(value, list):
            waiting.extend((v, f"{pointer}/{i}") for i, v in enumerate(value) if isinstance(v, _DEEP))


def _described(content: Content) -> bool:
    return any(media.endswith("json") and isinstance(schema, dict) and schema for media, schema in content.items())


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
