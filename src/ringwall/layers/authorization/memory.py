"""Remembering who created what, from the reply of the creating operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import unquote, urlsplit

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.ports import Forget, OwnerOf, Ownership, Remember
from ringwall.core.verdict import PASS, Ask, Verdict
from ringwall.engines.policy import name_of, said
from ringwall.layers.authorization.settings import Settings


def memory_guard(operation: Operation, settings: Settings) -> ReplyCheck | None:
    """Keep the owner and tenant of a new or changed object, as its reply names them, else the caller's own; and forget
    those of one that is gone, or that was given away without the reply's saying to whom. This comes before anything of
    the reply is judged or left out: what the application has done is done."""
    resource, method = operation.resource, operation.api.method
    if resource is None or operation.lists or method not in ("POST", "PUT", "PATCH", "DELETE"):
        return None
    if resource.owner is None and resource.tenant is None:
        return None
    creates = operation.creates
    last = next((p for p, name in operation.objects[-1:] if name == resource.name), None)
    itself = last if last is not None and operation.api.path.rstrip("/").endswith(f"{{{last}}}") else None

    def check(response: Response, known: Known) -> Verdict:
        if not 200 <= response.status < 300:
            return PASS
        if method == "DELETE":
            return _forgotten(_gone(known))
        data = _object(response.data, resource)
        named = name_of(data.get(resource.id))
        object_id = named or (_located(response, operation) if creates else known.params.get(itself or ""))
        shown = Ownership(name_of(said(data, resource.owner)), name_of(said(data, resource.tenant)))
        if object_id is None:
            return PASS
        if creates and known.principal is not None:
            presumed = _presumed(resource, known.principal, known)
            return Ask(OwnerOf(resource.name, object_id), lambda old: _keep(object_id, shown, presumed, old))
        if not creates and _unsaid(resource, known, shown):
            return Ask(OwnerOf(resource.name, object_id), lambda old: _moved(object_id, known, old))
        return _keep(object_id, shown, shown, None)

    def _moved(object_id: str, known: Known, old: object) -> Verdict:
        """Forget what is remembered, unless that is what the request says."""
        body = known.input.body if known.input and isinstance(known.input.body, dict) else {}
        told = Ownership(name_of(said(body, resource.owner)), name_of(said(body, resource.tenant)))
        before = old if isinstance(old, Ownership) else Ownership(None, None)
        same = told.owner in (None, before.owner) and told.tenant in (None, before.tenant)
        return PASS if same and told != Ownership(None, None) else _forgotten([object_id])

    def _gone(known: Known) -> list[str]:
        """What a deletion was of: the object at the end of the path, else those that were named elsewhere."""
        if operation.objects:
            return [known.params[itself]] if itself is not None and itself in known.params else []
        return [ref.id for ref in known.objects if ref.resource == resource.name]

    def _forgotten(ids: Sequence[str]) -> Verdict:
        return Ask(Forget(resource.name, ids[0]), lambda done: _forgotten(ids[1:])) if ids else PASS

    def _keep(object_id: str, shown: Ownership, presumed: Ownership, old: object) -> Verdict:
        """What the reply says; where it is silent and nothing was known, what the request made it."""
        before = old if isinstance(old, Ownership) else Ownership(None, None)
        owner = shown.owner or before.owner or presumed.owner
        tenant = shown.tenant or before.tenant or presumed.tenant
        if owner is None and tenant is None:
            return PASS
        return Ask(Remember(resource.name, object_id, owner, tenant), lambda done: PASS)

    return check


def _unsaid(resource: Resource, known: Known, shown: Ownership) -> bool:
    """Whether the request states an owner or a tenant, and the reply has no word of it."""
    body = known.input.body if known.input else None
    stated = _stated(body) if isinstance(body, (dict, list)) else frozenset()
    names = ((resource.owner, shown.owner), (resource.tenant, shown.tenant))
    return any(name is not None and name.partition(".")[0] in stated and told is None for name, told in names)


def _stated(body: dict[str, JSON] | list[JSON]) -> frozenset[str]:
    """The properties that a body states: its own, those that it wraps, or those that a JSON Patch leads to."""
    if isinstance(body, dict):
        below = [value for value in body.values() if isinstance(value, dict)]
        return frozenset(name for each in (body, *below) for name in each)
    paths = [step[key] for step in body if isinstance(step, dict) for key in ("path", "from") if key in step]
    return frozenset(part for path in paths if isinstance(path, str) for part in path.split("/"))


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
