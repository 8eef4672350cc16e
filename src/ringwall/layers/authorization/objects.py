"""The objects that the path names: every link of `/patients/{patient_id}/visits/{visit_id}`."""

from __future__ import annotations

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, ObjectRef
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.verdict import PASS, Learned, Refuse, Verdict
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import Matter, settle


def objects_guard(operation: Operation, settings: Settings) -> HeadCheck | None:
    """Settle each object of the path that has an owner or a tenant, outermost first; None where it names none.

    An object without either is held by its parents: the disclosure layer checks the link in the reply.
    """
    allowed = words_of(operation)
    named = [(param, settings.resources[name]) for param, name in operation.objects]
    chain = [(param, resource) for param, resource in named if resource.owner or resource.tenant]
    if not chain or "anyone" in allowed:
        return None
    readable = _reply_shows(operation, settings)

    def check(head: Head, known: Known) -> Verdict:
        shown = readable and head.method == "GET"
        return _next(0, (), known, shown=shown)

    def _next(index: int, done: tuple[ObjectRef, ...], known: Known, *, shown: bool) -> Verdict:
        if index == len(chain):
            return Learned(known.with_objects(done)) if done else PASS
        param, resource = chain[index]
        if param not in known.params:
            return Refuse(OBJECT, detail="parameter not in the path")
        innermost = index == len(chain) - 1
        matter = Matter(resource, known.params[param], _upto(known, chain, index), allowed, shown and innermost)
        return settle(matter, known, settings.probe, lambda ref: _next(index + 1, (*done, ref), known, shown=shown))

    return check


def _reply_shows(operation: Operation, settings: Settings) -> bool:
    """Whether the declared reply names the owner itself; where it does not, the application is asked beforehand."""
    resource = operation.resource
    if operation.api.method != "GET" or operation.api.websocket or resource is None:
        return False
    good = [reply for status, reply in operation.api.replies.items() if status.startswith(("2", "default"))]
    schemas = [content.schema for r in good for media, content in r.content.items() if media.endswith("json")]
    return bool(schemas) and all(settings.sight.names_owner(schema, resource.name) for schema in schemas)


def _upto(known: Known, chain: list[tuple[str, Resource]], index: int) -> dict[str, str]:
    """The path parameters as far as this object, under the names that its resource's own path uses."""
    return {**known.params, chain[index][1].id: known.params[chain[index][0]]}
