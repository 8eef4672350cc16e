"""Ids in the body, the query and the headers that name objects of a resource: held to the same rule as in the path."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Input, Known, ObjectRef
from ringwall.core.message import JSON, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.ports import Ownership
from ringwall.core.verdict import PASS, Learned, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE, name_of
from ringwall.layers.authorization.contents import finder
from ringwall.layers.authorization.names import fold, names_of, plain_ids
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import Matter, ask_whose, settle

_MANY = 100
Found = dict[tuple[str, str], Resource]


def references_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Settle every object that a property or a parameter names by the id of a resource (`patient_id`), or by a list of
    them (`patient_ids`), and every object in the body that names itself. What stands there and is no id names nothing
    that could be settled, and is refused. A plain `id` names an object of what it stands in, or
    that a write acts on which names none otherwise.

    Where only what such an object is to the caller lets it in, it has to name one of what the operation acts on. Where
    one is made by an id of the caller's choice, there is none of another's by that id yet."""
    allowed = words_of(operation)
    owned = [r for r in settings.resources.values() if r.owner or r.tenant]
    made = operation.resource if operation.creates else None
    if not owned or not (operation.api.body or operation.api.parameters) or ("anyone" in allowed and made not in owned):
        return None
    names = names_of([] if "anyone" in allowed else owned)
    in_path = {fold(settings.resources[name].id): param for param, name in operation.objects} | {
        fold(p): p for p, _ in operation.objects
    }
    find = finder(operation, settings)
    decides = decided_by_reference(operation, settings)

    def _named(given: Input) -> Iterator[tuple[Resource, str, JSON]]:
        named = [found for found in names.found(given) if found[0] is not made]
        yield from named
        if decides is not None and not any(resource.name == decides for resource, _, _ in named):
            yield from ((settings.resources[decides], name, value) for name, value in plain_ids(given))
        for seen in find(given) if find else ():
            resource = settings.resources[seen.resource]
            if "anyone" not in allowed and resource in owned and resource is not made and resource.id in seen.value:
                yield resource, resource.id, seen.value[resource.id]

    def check(request: Request, known: Known) -> Verdict:
        if decides is None and (known.input is None or _is_empty(known.input)):
            return PASS  # beside its path, which has a guard of its own, the request says nothing
        found: Found = {}
        for resource, name, value in _named(known.input) if known.input else ():
            folded = fold(name)
            stated = known.params.get(in_path.get(folded, ""))
            mine = resource is operation.resource or folded in names.ids
            for object_id in _ids(value):
                if object_id is None or (mine and stated not in (None, object_id)):
                    return Refuse(OBJECT, detail="another object than the path's, or no id")
                if stated != object_id:
                    found[resource.name, object_id] = resource
        fresh = _chosen(known.input) if made is not None and made in owned and known.input else []
        if len(found) + len(fresh) > _MANY:
            return Refuse(OBJECT, detail="too many objects at once")
        return _unmade(fresh, known, lambda: _each(list(found.items()), (), known))

    def _chosen(given: Input) -> list[str]:
        """The ids that the body gives the objects that it makes."""
        seen = [s.value for s in (find(given) if find else ()) if made is not None and s.resource == made.name]
        if made is not None and isinstance(given.body, dict) and not seen:
            seen = [given.body]
        ids = (name_of(value.get(made.id)) for value in seen if made is not None)
        return list(dict.fromkeys(i for i in ids if i is not None))

    def _unmade(rest: list[str], known: Known, then: Callable[[], Verdict]) -> Verdict:
        if not rest or made is None:
            return then()
        matter = Matter(made, rest[0], {made.id: rest[0]}, frozenset(), shown=False)
        caller = known.principal

        def told(whose: Ownership | None, by: str) -> Verdict:
            owner, tenant = (whose.owner, whose.tenant) if whose is not None else (None, None)
            subject, home = (caller.subject, caller.tenant) if caller is not None else (None, None)
            if owner not in (None, subject) or (home != EVERYWHERE and tenant not in (None, home)):
                return Refuse(OBJECT, detail=f"there is one of another's already, by {by}")
            return _unmade(rest[1:], known, then)

        return ask_whose(matter, settings.probe, told, caller)

    def _each(rest: list[tuple[tuple[str, str], Resource]], done: tuple[ObjectRef, ...], known: Known) -> Verdict:
        if not rest:
            if decides is not None and _only_so(known, allowed) and not any(ref.resource == decides for ref in done):
                return Refuse(OBJECT, detail=f"names no {decides}")
            return Learned(known.with_objects(known.objects + done)) if done else PASS
        (_, object_id), resource = rest[0]
        matter = Matter(resource, object_id, {resource.id: object_id}, allowed, shown=False)
        return settle(matter, known, settings.probe, lambda ref: _each(rest[1:], (*done, ref), known))

    return check


def decided_by_reference(operation: Operation, settings: Settings) -> str | None:
    """The resource whose objects decide about `owner` and `member`, where neither the path nor the reply can: those
    that the content or the parameters of a write name. None where it is otherwise."""
    resource = operation.resource
    if resource is None or not (resource.owner or resource.tenant) or operation.creates or operation.lists:
        return None
    spoken = [settings.resources[name] for _, name in operation.objects]
    if operation.api.method == "GET" or any(r.owner or r.tenant for r in spoken):
        return None
    return resource.name if operation.api.body or operation.api.parameters else None


def _only_so(known: Known, allowed: frozenset[str]) -> bool:
    return known.principal is None or known.principal.words.isdisjoint(allowed)


def _is_empty(given: Input) -> bool:
    return given.body is None and not given.query and not given.header and not given.cookie


def _ids(value: JSON) -> Iterator[str | None]:
    """The ids that a value holds, one or a list of them; None for what is none. No value is no object."""
    for item in value if isinstance(value, list) else [value]:
        if item is not None:
            yield name_of(item)
