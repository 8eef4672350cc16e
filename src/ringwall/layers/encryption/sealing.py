"""What goes to the application is ciphertext: each value bound to all that is certain of the object it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

import orjson

from ringwall.contract.model import Field, Operation, Resource
from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import BodyCheck
from ringwall.core.ports import OwnerOf, Ownership, Place, Remember, Seal
from ringwall.core.verdict import PASS, Ask, Refuse, Rewritten, Verdict
from ringwall.engines.crypto.fields import is_record
from ringwall.engines.policy import Sighting, name_of, object_named, sightings
from ringwall.layers.encryption.reasons import FORGED
from ringwall.layers.encryption.seek import findable
from ringwall.layers.encryption.settings import Settings

Asked = tuple[tuple[str, str], ...]
"""Objects, by resource and id."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A value to encrypt, and where it belongs as far as that is known."""

    seen: Sighting
    field: Field
    place: Place


def sealing(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> BodyCheck | None:
    """Encrypt the stated fields of a JSON body; None where no body of the operation can hold one."""
    body = operation.api.body
    content = {media: described.schema for media, described in body.content.items()} if body else {}
    shapes = settings.sight.in_bodies(content, operation.resource.name if operation.resource else None)
    if not shapes:
        return None

    def check(request: Request, known: Known) -> Verdict:
        given = known.input
        shape = shapes.get(given.media_type) if given else None
        if given is None or shape is None or not isinstance(given.body, (dict, list)):
            return PASS
        document = deepcopy(given.body)
        found = [
            _Found(seen, field, _place(seen, field, settings.resources[seen.resource], operation, known))
            for seen in sightings(document, shape)
            for field in fields[seen.resource]
            if seen.value.get(field.name) is not None
        ]
        if not found:
            return PASS
        if any(isinstance(v := each.seen.value[each.field.name], str) and is_record(v) for each in found):
            return Refuse(FORGED)

        def sealed(answer: object) -> Verdict:
            texts = answer if isinstance(answer, tuple) else ()
            for each, text in zip(found, texts, strict=True):
                each.seen.value[each.field.name] = text
            return Rewritten(request.with_body(orjson.dumps(document)), f"{len(found)} fields encrypted")

        def owned(places: list[Place]) -> Verdict:
            values = (each.seen.value[each.field.name] for each in found)
            return Ask(Seal(tuple(zip(values, places, strict=True))), sealed)

        return _with_owners([each.place for each in found], settings, known, owned)

    return check


def _place(seen: Sighting, field: Field, resource: Resource, operation: Operation, known: Known) -> Place:
    """What a value going in is bound to: all that is certain of its object before the application has answered.

    For an object that exists that is its id and whose it is (or is to be, where the body says so); for one that is
    being made, the owner and the tenant it will have.
    """
    home = name_of(seen.value.get(resource.tenant)) if resource.tenant else None
    if field.encrypt == "searchable":
        return findable(resource, field.name, home, known)
    owner = name_of(seen.value.get(resource.owner)) if resource.owner else None
    itself = name_of(seen.value.get(resource.id))
    own = next((r for r in known.objects if r.resource == resource.name and itself in (None, r.id)), None)
    if own is not None and not operation.creates:
        return Place(resource.name, field.name, home or own.tenant, owner or own.owner, own.id)
    for param, name in operation.objects:
        if name == resource.name and not operation.creates and param in known.params:
            return Place(resource.name, field.name, home, owner, known.params[param])
    return Place(resource.name, field.name, home, owner, None)


def _with_owners(
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
        return _with_owners(filled, settings, known, then, (*asked, unsure))

    def read(reply: object) -> Verdict:
        whose = _named(resource, object_id, reply)
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


def _named(resource: Resource, object_id: str, reply: object) -> Ownership:
    """Whose an object is by the application's own word."""
    data = reply.body if isinstance(reply, Response) and reply.status == 200 else None
    found = object_named(data or b"", resource.id, object_id)
    return Ownership(name_of(found.get(resource.owner or "")), name_of(found.get(resource.tenant or "")))
