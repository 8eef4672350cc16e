"""Which properties of an object the caller may read: the rest is withheld, or shown in part."""

from __future__ import annotations

from collections.abc import Callable

from ringwall.contract.model import Field
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Rewritten, Verdict
from ringwall.engines.policy import Sighting, masked
from ringwall.layers.disclosure.objects import NOBODY, seen_relation
from ringwall.layers.disclosure.settings import Places, Settings


def fields_guard(settings: Settings, places: Places) -> ReplyCheck:
    """Withhold the properties that the caller may not read and that no mask can show in part."""

    def withhold(seen: Sighting, field: Field) -> bool:
        if field.mask is not None:
            return False
        del seen.value[field.name]
        return True

    return _each_unreadable(settings, places, withhold, "properties withheld")


def mask_guard(settings: Settings, places: Places) -> ReplyCheck:
    """Show a partial value of the properties that the caller may not read whole."""

    def cover(seen: Sighting, field: Field) -> bool:
        if field.mask is None:
            return False
        seen.value[field.name] = masked(seen.value[field.name], field.mask)
        return True

    return _each_unreadable(settings, places, cover, "properties masked")


def _each_unreadable(
    settings: Settings, places: Places, act: Callable[[Sighting, Field], bool], note: str
) -> ReplyCheck:
    """Act on every property that its `read` does not allow the caller. The parsed reply is this exchange's own,
    so it is changed in place; a list page of a hundred objects is not copied for it."""
    guarded = {r.name: [f for f in r.fields.values() if f.read is not None] for r in settings.resources.values()}

    def check(response: Response, known: Known) -> Verdict:
        if not response.parsed or not any(guarded.values()):
            return PASS
        acted = 0
        for seen in list(places(response)):
            unread = [f for f in guarded[seen.resource] if f.name in seen.value]
            if unread:
                words = _words(seen, known, settings)
                acted += sum(act(seen, f) for f in unread if f.read is not None and words.isdisjoint(f.read))
        return Rewritten(response.with_data(response.data), f"{acted} {note}") if acted else PASS

    return check


def _words(seen: Sighting, known: Known, settings: Settings) -> frozenset[str]:
    """What the caller is to this object: as it says itself, or as was settled on the request where it is silent."""
    principal = known.principal or NOBODY
    relation = seen_relation(seen, settings, principal)
    if relation is not None:
        return relation.words
    settled = [ref.words for ref in known.objects if ref.resource == seen.resource]
    return (settled[-1] if settled else principal.words) | {"anyone"}
