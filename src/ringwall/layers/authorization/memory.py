"""Remembering who created what, from the reply of the creating operation."""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.ports import Remember
from ringwall.core.verdict import PASS, Ask, Verdict
from ringwall.engines.policy import name_of
from ringwall.layers.authorization.settings import Settings


def memory_guard(operation: Operation, settings: Settings) -> ReplyCheck | None:
    """Keep the owner and tenant of a new or changed object, as its reply names them, else the caller's own."""
    resource = operation.resource
    if resource is None or operation.api.method not in ("POST", "PUT", "PATCH"):
        return None
    if resource.owner is None and resource.tenant is None:
        return None
    creates = operation.creates

    def check(response: Response, known: Known) -> Verdict:
        data = response.data
        if not 200 <= response.status < 300 or not isinstance(data, dict):
            return PASS
        object_id = name_of(data.get(resource.id))
        owner = name_of(data.get(resource.owner or ""))
        tenant = name_of(data.get(resource.tenant or ""))
        if creates and known.principal is not None:
            owner = owner or known.principal.subject
            tenant = tenant or known.principal.tenant
        if object_id is None or (owner is None and tenant is None):
            return PASS
        return Ask(Remember(resource.name, object_id, owner, tenant), lambda done: PASS)

    return check
