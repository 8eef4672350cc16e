"""How a caller sees objects: its relation to each of one reply, and partial values for who may not see all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from ringwall.engines.policy.relation import Relation, relate
from ringwall.engines.policy.said import name_of, said, speaks
from ringwall.engines.policy.shape import Sighting


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource as finding needs it: its name, its component schema, the properties of id, owner and tenant."""

    name: str
    schema: str | None
    id: str
    owner: str | None
    tenant: str | None


Remembered = Mapping[tuple[str, str | None], tuple[str | None, str | None]]
"""The owner and the tenant of objects that do not say it themselves, by resource and id."""
NOTHING: Remembered = {}

Caller = tuple[str, frozenset[str], str | None]
"""A subject, the words that it has by itself, and its tenant."""
NOBODY: Caller = ("", frozenset(), None)


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
        self, kinds: Mapping[str, Kind], caller: Caller, settled: Sequence[Settled], remembered: Remembered = NOTHING
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
