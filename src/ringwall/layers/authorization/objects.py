"""The objects that the path names: every link of `/patients/{patient_id}/visits/{visit_id}`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import quote

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, ObjectRef
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.ports import OwnerOf, Ownership
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE, name_of, relate
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import UNASKED, Matter, object_in, settle, suffices

Named = tuple[str, Resource]


def objects_guard(operation: Operation, settings: Settings) -> HeadCheck | None:
    """Settle each object of the path that has an owner or a tenant, outermost first; None where it names none.

    An object without either is held by the parents that it names: in the reply, where the disclosure layer looks, or,
    where the reply will not show it, in what the application says of it.
    """
    allowed = words_of(operation)
    named = [(param, settings.resources[name]) for param, name in operation.objects]
    owned = [(param, resource) for param, resource in named if resource.owner or resource.tenant]
    if not owned or "anyone" in allowed:
        return None
    last = named[-1] if named[-1][1] is operation.resource and _reply_shows(operation, settings) else None
    alone = owned[0] if len(named) == 1 and owned[0][1].owner != owned[0][1].id and owned[0][1].claim is None else None

    def check(head: Head, known: Known, memory: object = UNASKED) -> Verdict:
        if any(param not in known.params for param, _ in named):
            return Refuse(OBJECT, detail="parameter not in the path")
        return _next(named, (), known, last if _shows(head) else None, memory)

    def _next(
        rest: list[Named], done: tuple[ObjectRef, ...], known: Known, shown: Named | None, memory: object = UNASKED
    ) -> Verdict:
        if not rest:
            return Learned(known.with_objects(done))
        (param, resource), further = rest[0], rest[1:]
        matter = Matter(resource, known.params[param], _upto(known, rest[0]), allowed, rest[0] is shown, memory)
        if resource.owner or resource.tenant:
            return settle(matter, known, settings.probe, lambda ref: _next(further, (*done, ref), known, shown))
        if rest[0] is shown or not done or (known.principal and suffices(known.principal, matter)):
            return _next(further, done, known, shown)
        return _linked(matter, known, lambda: _next(further, done, known, shown))

    def _linked(matter: Matter, known: Known, then: Callable[[], Verdict]) -> Verdict:
        question = settings.probe(matter.resource.name, matter.params)
        if question is None:
            return Refuse(OBJECT, detail="no probe")
        above = [(n, known.params[n[0]]) for n in owned]

        def seen(reply: object) -> Verdict:
            found = object_in(matter.resource, matter.id, reply)
            holds = found and all(_names(found, n, value, matter.resource, question.target) for n, value in above)
            return then() if holds else Refuse(OBJECT, detail="not of the parents in the path")

        return Ask(question, seen)

    return check if alone is None else _by_memory(alone, allowed, check)


def _by_memory(named: Named, allowed: frozenset[str], otherwise: Callable[..., Verdict]) -> HeadCheck:
    """The one object of a path where memory knows all of it, and no role is enough alone: by far the most requests.
    It decides as `settle` does, in a third of the time; whatever it cannot decide goes the long way, with what memory
    has answered."""
    param, resource = named
    name, confined, needs_owner = resource.name, resource.tenant is not None, resource.owner is not None

    def check(head: Head, known: Known) -> Verdict:
        object_id, principal = known.params.get(param), known.principal
        if object_id is None or principal is None:
            return otherwise(head, known)
        words, tenant = principal.words, principal.tenant
        if not words.isdisjoint(allowed) and not (confined and tenant != EVERYWHERE):
            return otherwise(head, known)

        def told(answer: object) -> Verdict:
            if answer.__class__ is not Ownership:
                return otherwise(head, known, answer)
            owner, home = answer.owner, answer.tenant
            if (needs_owner and owner is None) or (confined and home is None):
                return otherwise(head, known, answer)
            found = relate(principal.subject, words, tenant, owner=owner, home=home, confined=confined)
            if found.words.isdisjoint(allowed):
                return Refuse(OBJECT, detail="settled by memory")
            return Learned(known.with_objects((ObjectRef(name, object_id, "memory", found.words, owner, home),)))

        return Ask(OwnerOf(name, object_id), told)

    return check


def _names(found: Mapping[str, object], parent: Named, value: str, resource: Resource, asked: str) -> bool:
    """Whether an object names this parent; where it names none, having been found below the parent has to do."""
    for name in (parent[0], parent[1].id):
        if name != resource.id and found.get(name) is not None:
            return name_of(found[name]) == value
    return f"/{quote(value, safe='')}/" in asked


def _reply_shows(operation: Operation, settings: Settings) -> bool:
    """Whether the declared reply names the owner itself; where it does not, the application is asked beforehand."""
    resource = operation.resource
    if operation.api.method != "GET" or operation.api.websocket or operation.lists or resource is None:
        return False
    good = [reply for status, reply in operation.api.replies.items() if status.startswith(("2", "default"))]
    schemas = [content.schema for r in good for media, content in r.content.items() if media.endswith("json")]
    return bool(schemas) and all(settings.sight.names_owner(schema, resource.name) for schema in schemas)


def _shows(head: Head) -> bool:
    """Whether the reply to a read will show the object: not where there is none, a part of it, or only a condition."""
    return head.method == "GET" and "range" not in head.headers and not any(n.startswith("if-") for n in head.headers)


def _upto(known: Known, named: Named) -> dict[str, str]:
    """The path parameters, with this object's under the name that its resource's own path uses."""
    return {**known.params, named[1].id: known.params[named[0]]}
