"""Whose the objects of a request are, learned from the reply: so that the journal can seal what it says of a person
under that person's key. It refuses nothing and changes nothing.
"""

from __future__ import annotations

from ringwall.core.known import Known, ObjectRef
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Learned, Verdict
from ringwall.engines.policy import name_of, said
from ringwall.layers.encryption.opening import Find
from ringwall.layers.encryption.settings import Settings


def persons(find: Find, settings: Settings) -> ReplyCheck:
    """Learn the owner of every object that was left to the reply to settle."""

    def check(response: Response, known: Known) -> Verdict:
        waiting = {
            (ref.resource, ref.id)
            for ref in known.objects
            if ref.owner is None and settings.resources[ref.resource].owner is not None
        }
        if not waiting or not response.parsed or not response.body:
            return PASS
        owners: dict[tuple[str, str | None], str] = {}
        for seen in find(response):
            resource = settings.resources[seen.resource]
            at = (resource.name, name_of(seen.value.get(resource.id)))
            owner = name_of(said(seen.value, resource.owner))
            if at in waiting and owner is not None:
                owners[at] = owner
        if not owners:
            return PASS
        return Learned(known.with_objects(tuple(_owned(ref, owners) for ref in known.objects)))

    return check


def _owned(ref: ObjectRef, owners: dict[tuple[str, str | None], str]) -> ObjectRef:
    owner = owners.get((ref.resource, ref.id))
    if owner is None or ref.owner is not None:
        return ref
    return ObjectRef(ref.resource, ref.id, ref.settled, ref.words, owner, ref.tenant)
