"""Which properties the caller may write, and whom it may make the owner: mass assignment ends here."""

from __future__ import annotations

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import Request
from ringwall.core.plan import BodyCheck
from ringwall.core.verdict import PASS, Fault, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE, Shape, Sighting, name_of, sightings
from ringwall.layers.authorization.reasons import CLAIM, FIELD
from ringwall.layers.authorization.settings import Settings, words_of


def fields_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Check every property of every object in the body against `write`, the owner and the tenant."""
    shapes = _shapes(operation, settings)
    if not shapes:
        return None
    allowed = words_of(operation)

    def check(request: Request, known: Known) -> Verdict:
        given = known.input
        shape = shapes.get(given.media_type) if given else None
        if given is None or shape is None or known.principal is None:
            return PASS
        for seen in sightings(given.body, shape):
            resource = settings.resources[seen.resource]
            verdict = _written(seen, resource, known) or _claimed(seen, resource, known.principal, allowed)
            if verdict:
                return verdict
        return PASS

    return check


def _shapes(operation: Operation, settings: Settings) -> dict[str, Shape]:
    body = operation.api.body
    content = {media: described.schema for media, described in body.content.items()} if body else {}
    return settings.sight.in_bodies(content, operation.resource.name if operation.resource else None)


def _written(seen: Sighting, resource: Resource, known: Known) -> Refuse | None:
    words = _words(seen, resource, known)
    faults = tuple(
        Fault(f"/body{seen.pointer}/{name}", FIELD.code)
        for name, field in resource.fields.items()
        if name in seen.value and field.write is not None and words.isdisjoint(field.write)
    )
    return Refuse(FIELD, faults) if faults else None


def _words(seen: Sighting, resource: Resource, known: Known) -> frozenset[str]:
    """What the caller is to the object being written: settled before, or, for one being made, by what it says."""
    principal = known.principal
    if principal is None:
        return frozenset({"anyone"})
    settled = [ref.words for ref in known.objects if ref.resource == resource.name]
    if settled:
        return settled[-1] | {"anyone"}
    claimed = name_of(seen.value.get(resource.owner)) if resource.owner else None
    mine = resource.owner is not None and claimed in (None, principal.subject)
    return principal.words | {"anyone"} | ({"owner"} if mine else frozenset())


def _claimed(seen: Sighting, resource: Resource, principal: Principal, allowed: frozenset[str]) -> Refuse | None:
    """Nobody makes an object another's, or another tenant's: but a role that the rule names may say the owner."""
    if "anyone" in allowed:
        return None
    by_role = not principal.words.isdisjoint(allowed)
    if not by_role and _differs(seen, resource.owner, principal.subject):
        return Refuse(CLAIM, (Fault(f"/body{seen.pointer}/{resource.owner}", CLAIM.code),))
    if principal.tenant != EVERYWHERE and _differs(seen, resource.tenant, principal.tenant):
        return Refuse(CLAIM, (Fault(f"/body{seen.pointer}/{resource.tenant}", CLAIM.code),))
    return None


def _differs(seen: Sighting, name: str | None, own: str | None) -> bool:
    """Whether the body says something else than the caller's own there."""
    return name is not None and name in seen.value and name_of(seen.value[name]) != own
