"""What a value going in is bound to: all that is certain of its object before the application answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ringwall.contract.model import Field, Operation, Resource
from ringwall.core.known import Known, ObjectRef
from ringwall.core.message import Response
from ringwall.core.ports import OwnerOf, Ownership, Place, Remember
from ringwall.core.verdict import Ask, Verdict
from ringwall.engines.policy import Sighting, name_of, object_named, said
from ringwall.layers.encryption.seek import findable
from ringwall.layers.encryption.settings import Settings

Asked = tuple[tuple[str, str], ...]
"""Objects, by resource and id."""


def placed(seen: Sighting, field: Field, resource: Resource, operation: Operation, known: Known) -> Place:
    """What a value going in is bound to: all that is certain of its object before the application has answered.

    For an object that exists that is its id and whose it is (or is to be, where the body says so); for one that is
    being made, the owner and the tenant it will have.
    """
    home = name_of(said(seen.value, resource.tenant))
    owner = name_of(said(seen.value, resource.owner))
    object_id, own = existing(seen, resource, operation, known)
    if field.encrypt == "searchable":
        return findable(resource, field.name, home or (own.tenant if own else None), known)
    if own is not None:
        return Place(resource.name, field.name, home or own.tenant, owner or own.owner, object_id)
    return Place(resource.name, field.name, home, owner, object_id)


def existing(
    seen: Sighting, resource: Resource, operation: Operation, known: Known
) -> tuple[str | None, ObjectRef | None]:
    """The id of an object that a body speaks of and that exists already, and what is known of it; None where it is
    being made."""
    if operation.creates:
        return None, None
    itself = name_of(seen.value.get(resource.id))
    own = next((r for r in known.objects if r.resource == resource.name and itself in (None, r.id)), None)
    if own is not None:
        return own.id, own
    params = (
        known.params[param] for param, name in operation.objects if name == resource.name and param in known.params
    )
    return next(params, None), None


def with_owners(
    places: list[Place], settings: Settings, known: Known, then: Callable[[list[Place]], Verdict], asked: Asked = ()
) -> Verdict:
    """Go on with every place's owner and tenant, asked of memory and then of the application where nobody has settled
    them: without its owner a value would be under a key that erasing the person does not destroy."""
    unsure = next((at for p in places if (at := _unsure(p, settings)) is not None and at not in asked), None)
    if unsure is None:
        return then(places)
    resource, object_id = settings.resources[unsure[0]], unsure[1]

    def go_on(whose: Ownership) -> Verdict:
        filled = [_filled(p, whose) if (p.resource, p.object_id) == unsure else p for p in places]
        return with_owners(filled, settings, known, then, (*asked, unsure))

    def read(reply: object) -> Verdict:
        whose = owner_told(resource, object_id, reply)
        if whose.owner is None:
            return go_on(whose)
        return Ask(Remember(resource.name, object_id, whose.owner, whose.tenant), lambda done: go_on(whose))

    def remembered(answer: object) -> Verdict:
        if isinstance(answer, Ownership) and answer.owner is not None:
            return go_on(answer)
        question = settings.probe(resource.name, {**known.params, resource.id: object_id})
        return Ask(question, read) if question is not None else go_on(Ownership(None, None))

    return Ask(OwnerOf(resource.name, object_id), remembered)


def _unsure(place: Place, settings: Settings) -> tuple[str, str] | None:
    """The object that exists and whose owner is not known here, if this is a place in one."""
    if place.object_id is None or place.equal or place.owner is not None:
        return None
    return (place.resource, place.object_id) if settings.resources[place.resource].owner is not None else None


def _filled(place: Place, whose: Ownership) -> Place:
    return replace(place, owner=whose.owner, tenant=place.tenant or whose.tenant)


def owner_told(resource: Resource, object_id: str, reply: object) -> Ownership:
    """Whose an object is by the application's own word."""
    data = reply.body if isinstance(reply, Response) and reply.status == 200 else None
    found = object_named(data or b"", resource.id, object_id)
    return Ownership(name_of(said(found, resource.owner)), name_of(said(found, resource.tenant)))
