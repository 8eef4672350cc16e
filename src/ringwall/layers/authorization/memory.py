"""Remembering who created what, from the reply of the creating operation."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.ports import OwnerOf, Ownership, Remember
from ringwall.core.verdict import PASS, Ask, Verdict
from ringwall.engines.policy import name_of, said
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
        if not 200 <= response.status < 300:
            return PASS
        data = _object(response.data, resource)
        object_id = name_of(data.get(resource.id)) or (_located(response, operation) if creates else None)
        shown = Ownership(name_of(said(data, resource.owner)), name_of(said(data, resource.tenant)))
        if object_id is None:
            return PASS
        if creates and known.principal is not None:
            presumed = _presumed(resource, known.principal, known)
            return Ask(OwnerOf(resource.name, object_id), lambda old: _keep(object_id, shown, presumed, old))
        return _keep(object_id, shown, shown, None)

    def _keep(object_id: str, shown: Ownership, presumed: Ownership, old: object) -> Verdict:
        """What the reply says; where it is silent and nothing was known, what the request made it."""
        before = old if isinstance(old, Ownership) else Ownership(None, None)
        owner = shown.owner or before.owner or presumed.owner
        tenant = shown.tenant or before.tenant or presumed.tenant
        if owner is None and tenant is None:
            return PASS
        return Ask(Remember(resource.name, object_id, owner, tenant), lambda done: PASS)

    return check


def _object(data: JSON, resource: Resource) -> Mapping[str, JSON]:
    """The object of a reply: itself, or the one thing that it wraps which has an id."""
    if not isinstance(data, dict) or resource.id in data:
        return data if isinstance(data, dict) else {}
    wrapped = [value for value in data.values() if isinstance(value, dict) and resource.id in value]
    return wrapped[0] if len(wrapped) == 1 else data


def _located(response: Response, operation: Operation) -> str | None:
    """The id that `Location` ends with, where it is one segment below the collection (RFC 9110, section 10.2.2)."""
    path = urlsplit((response.get(b"location") or b"").decode("latin-1")).path
    above, _, last = path.rstrip("/").rpartition("/")
    collection = operation.api.path.rstrip("/").rsplit("/", 1)[-1]
    return (unquote(last, errors="replace") or None) if above.rsplit("/", 1)[-1] == collection else None


def _presumed(resource: Resource, principal: Principal, known: Known) -> Ownership:
    """Whose a new object is, as the request says it, else the caller's own."""
    body = known.input.body if known.input and isinstance(known.input.body, dict) else {}
    return Ownership(
        name_of(said(body, resource.owner)) or principal.subject,
        name_of(said(body, resource.tenant)) or principal.tenant,
    )
