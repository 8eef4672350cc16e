"""An object that is given to another owner or tenant: what is sealed for the former one is sealed anew in the same
request, or the request is refused. Left as it is, it would open for nobody.

Only a PATCH may be given properties that its sender left out: in a PUT, what is left out goes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ringwall.contract.model import Field, Operation, Resource
from ringwall.core.known import Known
from ringwall.core.message import JSON, Response
from ringwall.core.ports import Fetch, Opened, OwnerOf, Ownership, Place, Unopened, Unseal
from ringwall.core.verdict import Ask, Refuse, Verdict
from ringwall.engines.crypto.fields import is_record
from ringwall.engines.crypto.flaws import CryptoFlaw
from ringwall.engines.policy import Sighting, name_of, object_named, said
from ringwall.layers.encryption.places import existing
from ringwall.layers.encryption.reasons import HANDOVER
from ringwall.layers.encryption.settings import Settings
from ringwall.layers.encryption.slots import JSON_PATCH, Body

Then = Callable[[], Verdict]
HandedOver = Callable[[Body, Known, Then], Verdict]
"""Goes on once nothing is left behind in a body's objects."""


def handing_over(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> HandedOver:
    """What looks after the objects that an operation gives to another."""
    content = operation.api.body.content if operation.api.body else {}
    patches = operation.api.method == "PATCH"
    declared = {media: settings.sight.properties(described.schema) for media, described in content.items()}

    def check(body: Body, known: Known, then: Then) -> Verdict:
        if operation.creates or operation.api.method not in ("PUT", "PATCH", "POST"):
            return then()
        waiting = [(seen, object_id) for seen in body.objects if (object_id := _given_away(seen, known))]
        return _each(body, known, waiting, then)

    def _given_away(seen: Sighting, known: Known) -> str | None:
        """The id of an object that exists, if the body says whose it is to be."""
        resource = settings.resources[seen.resource]
        if not fields[seen.resource] or _stated(seen, resource) == Ownership(None, None):
            return None
        return existing(seen, resource, operation, known)[0]

    def _each(body: Body, known: Known, waiting: list[tuple[Sighting, str]], then: Then) -> Verdict:
        if not waiting:
            return then()
        (seen, object_id), *rest = waiting
        resource = settings.resources[seen.resource]
        stated = _stated(seen, resource)

        def go_on() -> Verdict:
            return _each(body, known, rest, then)

        def remembered(answer: object) -> Verdict:
            whose = answer if isinstance(answer, Ownership) else Ownership(None, None)
            if _stays(stated, whose):
                return go_on()
            question = settings.probe(resource.name, {**known.params, resource.id: object_id})
            if isinstance(question, Fetch):
                return Ask(replace(question, fresh=True), read)
            return go_on() if whose == Ownership(None, None) else Refuse(HANDOVER, detail="nothing reads the object")

        def read(reply: object) -> Verdict:
            data = reply.body if isinstance(reply, Response) and reply.status == 200 else None
            stored = object_named(data or b"", resource.id, object_id)
            whose = Ownership(name_of(said(stored, resource.owner)), name_of(said(stored, resource.tenant)))
            if not stored or _stays(stated, whose):
                return go_on()
            left = _left(seen, fields[resource.name], stored, moved=_moved(stated.tenant, whose.tenant))
            if not left:
                return go_on()
            taken = declared.get(known.input.media_type if known.input else "", frozenset())
            if seen.pointer == "" and known.input is not None and known.input.media_type == JSON_PATCH:
                taken = frozenset(each.name for each, _ in left)
            lacking = [each.name for each, _ in left if each.name not in taken]
            if lacking or not patches:
                return Refuse(HANDOVER, detail=f"left behind: {', '.join(each.name for each, _ in left)}")
            places = tuple((text, _before(resource, each, whose, object_id)) for each, text in left)
            return Ask(Unseal(places), lambda answer: opened(answer, left))

        def opened(answer: object, left: list[tuple[Field, str]]) -> Verdict:
            for (each, _), found in zip(left, answer if isinstance(answer, tuple) else (), strict=True):
                if isinstance(found, Opened):
                    body.add(seen, each, found.value)
                elif not isinstance(found, Unopened) or found.reason != CryptoFlaw.ERASED:
                    return Refuse(HANDOVER, detail=f"{each.name} does not open: {found.reason}")
            return go_on()

        return Ask(OwnerOf(resource.name, object_id), remembered)

    return check


def _stated(seen: Sighting, resource: Resource) -> Ownership:
    return Ownership(
        name_of(said(seen.value, resource.owner)),
        name_of(said(seen.value, resource.tenant)),
    )


def _moved(stated: str | None, before: str | None) -> bool:
    return stated is not None and stated != before


def _stays(stated: Ownership, before: Ownership) -> bool:
    return not _moved(stated.owner, before.owner) and not _moved(stated.tenant, before.tenant)


def _left(seen: Sighting, fields: list[Field], stored: Mapping[str, JSON], *, moved: bool) -> list[tuple[Field, str]]:
    """The sealed values that a request says nothing of, and that are bound to what it changes: what is found by
    equality is bound to its tenant alone."""
    return [
        (each, text)
        for each in fields
        if each.name not in seen.value and (moved or each.encrypt != "searchable")
        if isinstance(text := stored.get(each.name), str) and is_record(text)
    ]


def _before(resource: Resource, field: Field, whose: Ownership, object_id: str) -> Place:
    if field.encrypt == "searchable":
        return Place(resource.name, field.name, whose.tenant, None, None, equal=True)
    return Place(resource.name, field.name, whose.tenant, whose.owner, object_id)
