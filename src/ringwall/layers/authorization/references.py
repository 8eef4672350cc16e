"""Ids in the body, the query and the headers that name objects of a resource: held to the same rule as in the path."""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Input, Known, ObjectRef
from ringwall.core.message import JSON, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.verdict import PASS, Learned, Refuse, Verdict
from ringwall.engines.policy import name_of
from ringwall.layers.authorization.contents import finder
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import Matter, settle

_MANY = 100
_GENERIC = frozenset({"id", "uuid", "guid", "pk", "key", "slug", "name", "uid"})
Found = dict[tuple[str, str], Resource]


def references_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Settle every object that a property or a parameter names by the id of a resource (`patient_id`), or by a list of
    them (`patient_ids`), and every object in the body that names itself. What stands there and is no id names nothing
    that could be settled, and is refused. A plain `id` names an object only of what it stands in."""
    allowed = words_of(operation)
    owned = [r for r in settings.resources.values() if r.owner or r.tenant]
    if "anyone" in allowed or not owned or not (operation.api.body or operation.api.parameters):
        return None
    ids = [r.id for r in owned]
    named = {r.id: r for r in owned if ids.count(r.id) == 1 and r.id not in _GENERIC}
    named |= {f"{name}s": resource for name, resource in named.items() if f"{name}s" not in named}
    made = operation.resource if operation.creates else None
    in_path = {settings.resources[name].id: param for param, name in operation.objects} | {
        p: p for p, _ in operation.objects
    }
    find = finder(operation, settings)

    def _named(given: Input) -> Iterator[tuple[Resource, str, JSON]]:
        for name, value in _leaves(given):
            resource = named.get(name)
            if resource is not None and (made is None or name != made.id):
                yield resource, name, value
        for seen in find(given) if find else ():
            resource = settings.resources[seen.resource]
            if resource in owned and resource is not made and resource.id in seen.value:
                yield resource, resource.id, seen.value[resource.id]

    def check(request: Request, known: Known) -> Verdict:
        found: Found = {}
        for resource, name, value in _named(known.input) if known.input else ():
            stated = known.params.get(in_path.get(name, ""))
            mine = resource is operation.resource or name in named
            for object_id in _ids(value):
                if object_id is None or (mine and stated not in (None, object_id)):
                    return Refuse(OBJECT, detail="another object than the path's, or no id")
                if stated != object_id:
                    found[resource.name, object_id] = resource
        if len(found) > _MANY:
            return Refuse(OBJECT, detail="too many objects at once")
        return _each(list(found.items()), (), known)

    def _each(rest: list[tuple[tuple[str, str], Resource]], done: tuple[ObjectRef, ...], known: Known) -> Verdict:
        if not rest:
            return Learned(known.with_objects(known.objects + done)) if done else PASS
        (_, object_id), resource = rest[0]
        matter = Matter(resource, object_id, {resource.id: object_id}, allowed, shown=False)
        return settle(matter, known, settings.probe, lambda ref: _each(rest[1:], (*done, ref), known))

    return check


def _leaves(given: Input) -> Iterator[tuple[str, JSON]]:
    """Every named value of the parameters and, at any depth, of the body."""
    for parameters in (given.query, given.header, given.cookie):
        yield from parameters.items()
    waiting = [given.body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _ids(value: JSON) -> Iterator[str | None]:
    """The ids that a value holds, one or a list of them; None for what is none. No value is no object."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield name_of(item)
