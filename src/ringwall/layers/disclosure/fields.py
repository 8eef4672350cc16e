"""Which properties of an object the caller may read: the rest is withheld, or shown in part."""

from __future__ import annotations

from collections.abc import Callable

from ringwall.contract.model import Field, Operation
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.policy import Sighting, masked, words_shown
from ringwall.layers.disclosure.objects import NOBODY, unread_json
from ringwall.layers.disclosure.reasons import MALFORMED
from ringwall.layers.disclosure.settings import Places, Settings


def fields_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Withhold the properties that the caller may not read and that no mask can show in part."""

    def withhold(seen: Sighting, field: Field) -> bool:
        if field.mask is not None:
            return False
        del seen.value[field.name]
        return True

    return _each_unreadable(operation, settings, places, withhold, "properties withheld")


def mask_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Show a partial value of the properties that the caller may not read whole."""

    def cover(seen: Sighting, field: Field) -> bool:
        if field.mask is None:
            return False
        seen.value[field.name] = masked(seen.value[field.name], field.mask)
        return True

    return _each_unreadable(operation, settings, places, cover, "properties masked")


def _each_unreadable(
    operation: Operation, settings: Settings, places: Places, act: Callable[[Sighting, Field], bool], note: str
) -> ReplyCheck:
    """Act on every property that its `read` does not allow the caller. The parsed reply is this exchange's own,
    so it is changed in place; a list page of a hundred objects is not copied for it. JSON that could not be read (a
    part of it, too much of it) may hold any property, and is withheld."""
    guarded = {r.name: [f for f in r.fields.values() if f.read is not None] for r in settings.resources.values()}

    reading = {r.name for r in settings.resources.values() if guarded[r.name]}
    main = operation.resource.name if operation.resource else None

    def check(response: Response, known: Known) -> Verdict:
        if not reading:
            return PASS
        if not response.parsed:
            return Refuse(MALFORMED) if main in reading and unread_json(response) else PASS
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
    caller = (principal.subject, principal.words, principal.tenant)
    settled = ((ref.resource, ref.id, ref.words) for ref in known.objects)
    return words_shown(seen.value, settings.sight.kinds[seen.resource], caller, settled)
