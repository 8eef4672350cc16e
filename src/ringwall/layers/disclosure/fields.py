"""Which properties of an object the caller may read: the rest is withheld, or shown in part."""

from __future__ import annotations

from collections.abc import Callable

from ringwall.contract.model import Field, Operation
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.policy import Sighting, masked
from ringwall.layers.disclosure.objects import eyes_of, unread_json
from ringwall.layers.disclosure.reasons import MALFORMED
from ringwall.layers.disclosure.settings import Places, Settings

Which = Callable[[Field], bool]


def fields_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Withhold the properties that the caller may not read, or show of them what their mask shows. What is still
    encrypted is masked when it has been opened."""
    return _each_unreadable(operation, settings, places, lambda f: f.mask is None or f.encrypt == "no")


def mask_guard(operation: Operation, settings: Settings, places: Places) -> ReplyCheck:
    """Show a partial value of the opened properties that the caller may not read whole."""
    return _each_unreadable(operation, settings, places, masked_late)


def masked_late(field: Field) -> bool:
    """Whether a field can only be masked after decryption."""
    return field.mask is not None and field.encrypt != "no"


def _each_unreadable(operation: Operation, settings: Settings, places: Places, which: Which) -> ReplyCheck:
    """Act on every property that its `read` does not allow the caller. The parsed reply is this exchange's own,
    so it is changed in place; a list page of a hundred objects is not copied for it. JSON that could not be read (a
    part of it, too much of it) may hold any property, and is withheld."""
    guarded = {
        r.name: [f for f in r.fields.values() if f.read is not None and which(f)] for r in settings.resources.values()
    }
    reading = {name for name, fields in guarded.items() if fields}
    main = operation.resource.name if operation.resource else None

    def check(response: Response, known: Known) -> Verdict:
        if not reading:
            return PASS
        if not response.parsed:
            return Refuse(MALFORMED) if main in reading and unread_json(response) else PASS
        acted, eyes = 0, eyes_of(settings, known, response)
        for resource, words, _, alike in eyes.groups(places(response)):
            for field in guarded[resource]:
                if field.read is not None and words.isdisjoint(field.read):
                    acted += _cover_in(alike, field)
        return Rewritten(response.with_data(response.data), f"{acted} properties covered") if acted else PASS

    return check


def _cover_in(alike: list[Sighting], field: Field) -> int:
    """Cover one property in every object that has it; returns in how many."""
    acted, name, mask = 0, field.name, field.mask
    for _, value, _ in alike:
        if name in value:
            acted += 1
            if mask is None:
                del value[name]
            else:
                value[name] = masked(value[name], mask)
    return acted
