"""Which properties of an object the caller may read: the rest is withheld, or shown in part."""

from __future__ import annotations

from collections.abc import Callable

from ringwall.contract.model import Field, Operation
from ringwall.core.known import Known
from ringwall.core.message import JSON, Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Rewritten, Verdict
from ringwall.engines.policy import masked
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
        unreadable: dict[tuple[str, frozenset[str]], list[Field]] = {}
        for seen in places(response):
            if seen.resource not in reading:
                continue
            key = (seen.resource, eyes.words(seen))
            fields = unreadable.get(key)
            if fields is None:
                fields = unreadable[key] = [
                    f for f in guarded[key[0]] if f.read is not None and key[1].isdisjoint(f.read)
                ]
            for field in fields:
                if field.name in seen.value:
                    acted += 1
                    _cover(seen.value, field)
        return Rewritten(response.with_data(response.data), f"{acted} properties covered") if acted else PASS

    return check


def _cover(value: dict[str, JSON], field: Field) -> None:
    if field.mask is None:
        del value[field.name]
    else:
        value[field.name] = masked(value[field.name], field.mask)
