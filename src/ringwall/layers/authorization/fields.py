"""Which properties the caller may write, and whom it may make the owner: mass assignment ends here."""

from __future__ import annotations

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known, ObjectRef, Principal
from ringwall.core.message import JSON, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.ports import Ownership
from ringwall.core.verdict import PASS, Fault, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE, Sighting, name_of, relate, said, speaks
from ringwall.layers.authorization.contents import finder
from ringwall.layers.authorization.reasons import CLAIM, FIELD
from ringwall.layers.authorization.settings import Settings, words_of
from ringwall.layers.authorization.settle import Matter, ask_whose, relation

_OF_OBJECTS = frozenset({"owner", "member", "anyone"})
NOBODY = Principal("", frozenset(), "claimed")


def fields_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Check every property of every object in the body, and every parameter of a write that has a property's name,
    against `write`, the owner and the tenant."""
    find = finder(operation, settings)
    if find is None:
        return None
    allowed = words_of(operation)

    def check(request: Request, known: Known) -> Verdict:
        for seen in find(known.input) if known.input else ():
            resource = settings.resources[seen.resource]
            ref = _ref(seen, resource, known, operation)
            words = _words(seen, resource, known, ref)
            verdict = _written(seen, resource, words) or _claimed(seen, resource, words, known.principal, allowed)
            if verdict and verdict.reason is FIELD and ref is not None and ref.settled == "role":
                return _asked(request, seen, resource, ref, known, verdict)
            if verdict:
                return verdict
        return PASS

    def _asked(
        request: Request, seen: Sighting, resource: Resource, ref: ObjectRef, known: Known, refuse: Refuse
    ) -> Verdict:
        """A role let the caller in, and nobody asked whose the object is: a property's `write` may want to know."""
        if all(_OF_OBJECTS.isdisjoint(f.write or ()) for n, f in resource.fields.items() if n in seen.value):
            return refuse
        principal = known.principal or NOBODY

        def told(whose: Ownership | None, by: str) -> Verdict:
            found = whose or Ownership(None, None)
            words = relation(principal, resource, found).words
            settled = ObjectRef(ref.resource, ref.id, "memory", words, found.owner, found.tenant)
            others = tuple(settled if other == ref else other for other in known.objects)
            return check(request, known.with_objects(others))

        matter = Matter(resource, ref.id, {**known.params, resource.id: ref.id}, frozenset(), shown=False)
        return ask_whose(matter, settings.probe, told)

    return check


def _written(seen: Sighting, resource: Resource, words: frozenset[str]) -> Refuse | None:
    faults = tuple(
        Fault(_pointer(seen, name), FIELD.code)
        for name, field in resource.fields.items()
        if name in seen.value and field.write is not None and words.isdisjoint(field.write)
    )
    return Refuse(FIELD, faults) if faults else None


def _ref(seen: Sighting, resource: Resource, known: Known, operation: Operation) -> ObjectRef | None:
    """The object as it was settled before: the one of its id, or, where it names none, the path's, or the only one."""
    object_id = name_of(seen.value.get(resource.id))
    settled = [r for r in known.objects if r.resource == resource.name]
    if object_id is not None:
        return next((r for r in settled if r.id == object_id), None)
    in_path = {known.params.get(param) for param, name in operation.objects if name == resource.name}
    found = [r for r in settled if r.id in in_path] if in_path else settled
    return found[-1] if in_path and found else found[0] if len(found) == 1 else None


def _words(seen: Sighting, resource: Resource, known: Known, ref: ObjectRef | None) -> frozenset[str]:
    """What the caller is to the object being written: as settled before, or, for one being made or the caller's own,
    by what it says."""
    if ref is not None:
        return ref.words | {"anyone"}
    principal = known.principal or NOBODY
    stated = name_of(said(seen.value, resource.owner))
    home = name_of(said(seen.value, resource.tenant))
    unknown = any(r.resource == resource.name for r in known.objects)  # it speaks of objects, and this is none of them
    mine = resource.owner is not None and stated in (None, principal.subject) and not unknown
    itself = known.principal is None and resource.owner == resource.id
    found = relate(
        principal.subject,
        principal.words,
        principal.tenant,
        owner=principal.subject if mine else stated,
        home=home or principal.tenant,
        confined=resource.tenant is not None and principal.tenant is not None,
    )
    return found.words | {"owner"} if itself or (mine and known.principal is None) else found.words


def _claimed(
    seen: Sighting, resource: Resource, words: frozenset[str], principal: Principal | None, allowed: frozenset[str]
) -> Refuse | None:
    """Nobody makes an object another's, or another tenant's: but a role that the rule names may say the owner, and who
    is let in without a name may say their own (a registration) or none."""
    caller = principal or NOBODY
    registers = "anyone" in allowed and resource.owner == resource.id
    by_role = not (words - _OF_OBJECTS).isdisjoint(allowed)
    if not (by_role or registers) and _differs(seen, resource.owner, caller.subject or None):
        return Refuse(CLAIM, (Fault(_pointer(seen, resource.owner or ""), CLAIM.code),))
    if "anyone" not in allowed and caller.tenant != EVERYWHERE and _differs(seen, resource.tenant, caller.tenant):
        return Refuse(CLAIM, (Fault(_pointer(seen, resource.tenant or ""), CLAIM.code),))
    return None


def _differs(seen: Sighting, name: str | None, own: str | None) -> bool:
    """Whether the body says something else than the caller's own there."""
    if not speaks(seen.value, name):
        return False
    stated: JSON = said(seen.value, name)
    return (stated is not None or own is not None) and name_of(stated) != own


def _pointer(seen: Sighting, name: str) -> str:
    place = name.replace(".", "/") if name not in seen.value else name
    return f"{seen.pointer}/{place}" if seen.pointer.startswith("/query") else f"/body{seen.pointer}/{place}"
