"""Finding the objects of resources in what an API says and takes, worked out from its schemas at start.

Declared places come from the schema. An object that nothing declares is found too: whatever carries a property that
names the owner or the tenant of a resource is one of its objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Protocol, TypeVar

from ringwall.engines.policy.relation import Relation, relate
from ringwall.engines.policy.said import name_of, said, speaks
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

Remembered = Mapping[tuple[str, str | None], tuple[str | None, str | None]]
"""The owner and the tenant of objects that do not say it themselves, by resource and id."""
_FOUND, _EYES, REMEMBERED = "objects", "eyes", "remembered"
_NOTHING: Remembered = {}


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
        caller = (who.subject, who.words, who.tenant) if who is not None else _NOBODY
        if eyes is None or not eyes.of(caller, facts.objects):
            remembered = kept.get(REMEMBERED)
            told = remembered if isinstance(remembered, dict) else _NOTHING
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


Caller = tuple[str, frozenset[str], str | None]
"""A subject, the words that it has by itself, and its tenant."""
_NOBODY: Caller = ("", frozenset(), None)


class Settled(Protocol):
    """What was established of an object on the request."""

    @property
    def resource(self) -> str: ...
    @property
    def id(self) -> str: ...
    @property
    def words(self) -> frozenset[str]: ...


class Who(Protocol):
    """Who looks: a subject, its words and its tenant."""

    @property
    def subject(self) -> str: ...
    @property
    def words(self) -> frozenset[str]: ...
    @property
    def tenant(self) -> str | None: ...


class Facts(Protocol):
    """What was established before the reply: never changed, but replaced as a whole."""

    @property
    def principal(self) -> Who | None: ...
    @property
    def objects(self) -> Sequence[Settled]: ...


class Group(NamedTuple):
    """Objects of one resource to which a caller stands alike: the words that hold for sure, and the relation where the
    objects name owner and tenant themselves, so that nothing else has to tell it."""

    resource: str
    words: frozenset[str]
    relation: Relation | None
    seen: list[Sighting]


class Eyes:
    """What one caller is to the objects of one reply, by what they say themselves and by what was settled of them
    before. A page of a hundred objects has few different answers: each is worked out once. `facts` are those by which
    it was asked for last."""

    __slots__ = ("_caller", "_grouped", "_groups", "_kinds", "_known", "_remembered", "_said", "_settled", "facts")

    def __init__(
        self, kinds: Mapping[str, Kind], caller: Caller, settled: Sequence[Settled], remembered: Remembered = _NOTHING
    ) -> None:
        self._kinds = kinds
        self._remembered = remembered
        self._caller = caller
        self._settled = settled
        self._known: dict[tuple[bool, str | None, bool], Relation] = {}
        self._said: dict[tuple[bool, str | None], Relation] = {}
        self._grouped: list[Sighting] | None = None
        self._groups: list[Group] = []
        self.facts: Facts | None = None

    def of(self, caller: Caller, settled: Sequence[Settled]) -> bool:
        """Whether it is this caller who looks, knowing no more and no less."""
        return settled is self._settled and caller == self._caller

    def groups(self, found: list[Sighting]) -> list[Group]:
        """What was found, each group in the order of the document; worked out once for one list."""
        if found is not self._grouped:
            self._grouped, self._groups = found, list(self._sorted(found))
        return self._groups

    def _sorted(self, found: list[Sighting]) -> Iterable[Group]:
        groups: dict[tuple[object, ...], Group] = {}
        subject, kinds = self._caller[0], self._kinds
        for seen in found:
            resource, value, _ = seen
            kind = kinds[resource]
            owner: Any = value.get(kind.owner) if kind.owner else None  # as `_named`, but no call for each object
            home: Any = value.get(kind.tenant) if kind.tenant else None
            if owner.__class__ is not str or (home.__class__ is not str and kind.tenant is not None):
                owner, home = _named(kind, seen)
            plain = _plain(kind, owner, home)
            key = (resource, owner == subject, home) if plain else (resource, self.words(seen))
            group = groups.get(key)
            if group is None:
                relation = self._says(owner, home) if plain else None
                words = relation.words if relation is not None else self.words(seen)
                group = groups[key] = Group(kind.name, words, relation, [])
            group.seen.append(seen)
        return groups.values()

    def relation(self, seen: Sighting, *, sure: bool = False) -> Relation | None:
        """By what the object says itself; None where it names neither owner nor tenant.

        Where it names no tenant, roles reach it all the same, unless one has to be `sure`.
        """
        kind = self._kinds[seen.resource]
        owner, home = self._whose(kind, seen)
        if _plain(kind, owner, home):
            return self._says(owner, home)
        if owner is None and home is None:
            return None
        return self._relate(owner, home, confined=kind.tenant is not None and (sure or home is not None))

    def words(self, seen: Sighting) -> frozenset[str]:
        """The words that hold, for sure: by what the object says itself, and by what was settled of this very object
        where it does not say all. What nobody told counts as foreign."""
        kind = self._kinds[seen.resource]
        owner, home = self._whose(kind, seen)
        if _plain(kind, owner, home):
            return self._says(owner, home).words
        said = self._relate(owner, home, confined=kind.tenant is not None).words
        if (owner is not None or kind.owner is None) and (home is not None or kind.tenant is None):
            return said
        itself = name_of(seen.value.get(kind.id))
        known = [s.words for s in self._settled if s.resource == kind.name and itself in (None, s.id)]
        return said | frozenset.intersection(*known) if known else said

    def _says(self, owner: str | None, home: str | None) -> Relation:
        """The relation to an object that says all there is to know, as nearly all do: half the time of the long way."""
        key = (owner == self._caller[0], home)
        found = self._said.get(key)
        return found or self._said.setdefault(key, self._relate(owner, home, confined=home is not None))

    def _whose(self, kind: Kind, seen: Sighting) -> tuple[Any, Any]:
        """Owner and tenant as an object says them, else as they are remembered where it has no word of them."""
        owner, home = _named(kind, seen)
        if not self._remembered or (owner is not None and home is not None):
            return owner, home
        known = self._remembered.get((kind.name, name_of(seen.value.get(kind.id))), (None, None))
        return (
            known[0] if kind.owner and not speaks(seen.value, kind.owner) else owner,
            known[1] if kind.tenant and not speaks(seen.value, kind.tenant) else home,
        )

    def _relate(self, owner: Any, home: Any, *, confined: bool) -> Relation:
        subject, words, tenant = self._caller
        owns, where = name_of(owner) == subject, name_of(home)
        key = (owns, where, confined)
        found = self._known.get(key)
        if found is None:
            found = relate(subject, words, tenant, owner=subject if owns else None, home=where, confined=confined)
            self._known[key] = found
        return found


def _named(kind: Kind, seen: Sighting) -> tuple[Any, Any]:
    """What an object says of its owner and its tenant; whole numbers, as nearly all that are no text, as text."""
    value = seen[1]
    owner = said(value, kind.owner)
    home = said(value, kind.tenant)
    return str(owner) if owner.__class__ is int else owner, str(home) if home.__class__ is int else home


def _plain(kind: Kind, owner: Any, home: Any) -> bool:
    """Whether an object says, as text, all that there is to know of one of its kind."""
    if owner.__class__ is str:
        return home.__class__ is str or kind.tenant is None
    return home.__class__ is str and kind.owner is None


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
