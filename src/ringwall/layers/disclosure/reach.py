"""What a reply shows in the end: its objects, noted for the journal so that a breach can be told to the person."""

from __future__ import annotations

from typing import Final

from ringwall.contract.model import Operation
from ringwall.core.known import Known, ObjectRef
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Learned, Verdict
from ringwall.engines.policy import name_of, said
from ringwall.layers.disclosure.settings import Places, Settings

MOST: Final = 400
"""Objects that one event names; a record has 65,535 bytes."""


def reach_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck | None:
    """Note the objects of a list; None where the path names the one object already."""
    if operation.objects and not operation.lists:
        return None
    named = {resource.name: (resource.id, resource.owner) for resource in settings.resources.values()}

    def check(response: Response, known: Known) -> Verdict:
        if not response.parsed or not 200 <= response.status < 300:
            return PASS
        found: dict[tuple[str, str], str | None] = {(ref.resource, ref.id): ref.owner for ref in known.objects}
        for resource, value, _ in places(response):
            if len(found) >= MOST:
                break
            by, owner = named[resource]
            name = name_of(value.get(by))
            if name is not None and (resource, name) not in found:
                found[resource, name] = name_of(said(value, owner))
        if len(found) == len(known.objects):
            return PASS
        settled = {(ref.resource, ref.id): ref for ref in known.objects}
        return Learned(
            known.with_objects(
                tuple(settled.get(key, ObjectRef(*key, "reply", owner=owner)) for key, owner in found.items())
            )
        )

    return check
