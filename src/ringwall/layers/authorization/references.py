"""Ids in the body and the query that name objects of a resource: held to the same rule as ids in the path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known
from ringwall.core.message import JSON, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.engines.policy import name_of
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import Matter, settle

_MANY = 100


def references_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Settle every object that a property or a query parameter names by the id of a resource."""
    allowed = words_of(operation)
    named = {r.id: r for r in settings.resources.values() if r.owner or r.tenant}
    if "anyone" in allowed or not named or not (operation.api.body or operation.api.parameters):
        return None
    makes = operation.resource.id if operation.resource and operation.creates else None

    def check(request: Request, known: Known) -> Verdict:
        if known.input is None:
            return PASS
        found: dict[tuple[str, str], Resource] = {}
        for name, value in _leaves(known.input.query, known.input.body):
            if name not in named or name == makes:
                continue
            for object_id in _ids(value):
                in_path = known.params.get(name)
                if in_path is not None and in_path != object_id:
                    return Refuse(OBJECT, detail="the body names another object than the path")
                if in_path is None:
                    found[name, object_id] = named[name]
        if len(found) > _MANY:
            return Refuse(OBJECT, detail="too many objects at once")
        return _each(list(found.items()), known)

    def _each(rest: list[tuple[tuple[str, str], Resource]], known: Known) -> Verdict:
        if not rest:
            return PASS
        (name, object_id), resource = rest[0]
        matter = Matter(resource, object_id, {name: object_id}, allowed, shown=False)
        return settle(matter, known, settings.probe, lambda ref: _each(rest[1:], known))

    return check


def _leaves(query: Mapping[str, JSON], body: JSON) -> Iterator[tuple[str, JSON]]:
    """Every named value of the query and, at any depth, of the body."""
    yield from query.items()
    waiting = [body]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _ids(value: JSON) -> Iterator[str]:
    """The ids that a value holds: one, or a list of them."""
    for item in value if isinstance(value, list) else [value]:
        object_id = name_of(item)
        if object_id is not None:
            yield object_id
