"""By which names a request speaks of objects: `patient_id`, `patientIds`, `orders: [{"id": 1}]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from ringwall.contract.bind import plurals
from ringwall.contract.model import Resource
from ringwall.core.known import Input
from ringwall.core.message import JSON

_MARK = re.compile(r"[^a-z0-9]")
_X = re.compile(r"^[xX]-")
"""Before a header's name, by habit."""
_GENERIC = frozenset({"id", "uuid", "guid", "pk", "key", "slug", "name", "uid"})
_PLAIN = frozenset(name + s for name in ("id", "uuid", "guid", "pk") for s in ("", "s"))
_ENDS = ("id", "uuid", "guid", "pk")


def fold(name: str) -> str:
    """A name without case and marks: `patientId` and `patient_id` are one."""
    return _MARK.sub("", name.lower())


@dataclass(frozen=True, slots=True)
class Names:
    """Folded names that stand for ids, and names of kinds (singular, plural), each with its resource."""

    ids: Mapping[str, Resource]
    kinds: Mapping[str, Resource]

    def found(self, given: Input) -> Iterator[tuple[Resource, str, JSON]]:
        """Everything in a request's parameters and, at any depth, in its body that names an object, with its name.

        A property with the name of a kind holds ids where it holds a whole number, or a list of texts or numbers; an
        object (or a list of them) below it that has the kind's id names one too."""
        for parameters in (given.query, given.cookie):
            yield from self._in(parameters)
        yield from self._in({_X.sub("", name): value for name, value in given.header.items()})
        waiting = [given.body]
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                yield from self._in(value)
                waiting.extend(value.values())
            elif isinstance(value, list):
                waiting.extend(value)

    def _in(self, values: Mapping[str, JSON]) -> Iterator[tuple[Resource, str, JSON]]:
        for name, value in values.items():
            folded = fold(name)
            if folded in self.ids:
                yield self.ids[folded], name, value
            elif folded in self.kinds:
                resource = self.kinds[folded]
                yield from ((resource, "", id_) for id_ in _ids_below(value, resource.id))


def plain_ids(given: Input) -> Iterator[tuple[str, JSON]]:
    """The parameters, and properties of a body, that are called an id, or ids, and no more."""
    for values in (given.query, given.header, given.body if isinstance(given.body, dict) else {}):
        yield from ((name, value) for name, value in values.items() if fold(name) in _PLAIN)


def names_of(resources: Iterable[Resource]) -> Names:
    """The names of these resources. What would stand for two of them stands for none; a plain `id` for none either."""
    ids: dict[str, list[Resource]] = {}
    kinds: dict[str, list[Resource]] = {}
    for resource in resources:
        words = {fold(word) for word in (resource.name, resource.schema) if word} - {""}
        own = {f"{word}{end}" for word in words for end in _ENDS}
        own |= {fold(resource.id)} if resource.id not in _GENERIC else set()
        for name in {*own, *(f"{name}s" for name in own)}:
            ids.setdefault(name, []).append(resource)
        for name in {*words, *(plural for word in words for plural in plurals(word))}:
            kinds.setdefault(name, []).append(resource)
    return Names(_single(ids), _single(kinds))


def _single(found: Mapping[str, list[Resource]]) -> dict[str, Resource]:
    return {name: resources[0] for name, resources in found.items() if len(resources) == 1}


def _ids_below(value: JSON, id_name: str) -> Iterator[JSON]:
    """Ids that a property with the name of a kind holds."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield value
    items = value if isinstance(value, list) else [value]
    for item in items:
        if isinstance(item, dict):
            if id_name in item:
                yield item[id_name]
        elif isinstance(value, list) and isinstance(item, (str, int)):
            yield item
