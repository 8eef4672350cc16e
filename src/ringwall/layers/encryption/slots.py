"""The values of a body that are to be encrypted, and whose they are as the body itself tells: of objects by their
declared shape, and of JSON Patch (RFC 6902) step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringwall.contract.model import Field, Operation
from ringwall.core.message import JSON
from ringwall.core.verdict import Refuse
from ringwall.engines.crypto.fields import is_record
from ringwall.engines.policy import Shape, Sighting, along, escape, sightings
from ringwall.layers.encryption.reasons import FORGED, STEP
from ringwall.layers.encryption.settings import Settings

JSON_PATCH = "application/json-patch+json"


@dataclass(frozen=True, slots=True)
class Slot:
    """A value to encrypt: the object it belongs to, its field, and the member of the body that holds it."""

    seen: Sighting
    field: Field
    holder: dict[str, Any]
    key: str


@dataclass(slots=True)
class Body:
    """A body that may be changed: the objects in it, and their values to encrypt. `add` states one more property of an
    object."""

    document: Any
    objects: list[Sighting] = field(default_factory=list)
    slots: list[Slot] = field(default_factory=list)

    def add(self, seen: Sighting, named: Field, value: JSON) -> None:
        """State one more property of an object, in the body's own manner."""
        if isinstance(self.document, list) and seen.pointer == "":  # a patch of the object itself
            step = {"op": "add", "path": f"/{escape(named.name)}", "value": value}
            self.document.append(step)
            self.slots.append(Slot(seen, named, step, "value"))
        else:
            seen.value[named.name] = value
            self.slots.append(Slot(seen, named, seen.value, named.name))


def copied(value: Any) -> Any:
    """A JSON value that may be changed; `copy.deepcopy` takes ten times as long, since it looks for loops."""
    if isinstance(value, dict):
        return {name: copied(each) if isinstance(each, (dict, list)) else each for name, each in value.items()}
    if isinstance(value, list):
        return [copied(each) if isinstance(each, (dict, list)) else each for each in value]
    return value


Read = Callable[[str, Any], Body | Refuse | None]
"""Takes a media type and a document that may be changed; None where it holds no object."""


def reader(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> Read | None:
    """What reads the bodies of an operation; None where none can hold an object."""
    body, main = operation.api.body, operation.resource
    content = {media: described.schema for media, described in body.content.items()} if body else {}
    shapes = settings.sight.in_bodies(content, main.name if main else None)
    patched = settings.sight.of(main.name) if main is not None and JSON_PATCH in content else None
    if not shapes and patched is None:
        return None

    def read(media: str, document: Any) -> Body | Refuse | None:
        made = Body(document)
        if media == JSON_PATCH and patched is not None and main is not None:
            if not _patch(made, patched, Sighting(main.name, {}, ""), fields):
                return Refuse(STEP)
        elif media in shapes:
            for seen in sightings(document, shapes[media]):
                _found(made, seen, seen.value, fields)
        else:
            return None
        if any(isinstance(v := slot.holder[slot.key], str) and is_record(v) for slot in made.slots):
            return Refuse(FORGED)
        return made

    return read


def _found(made: Body, seen: Sighting, told: dict[str, Any], fields: Mapping[str, list[Field]]) -> None:
    made.objects.append(seen)
    for named in fields[seen.resource]:
        if told.get(named.name) is not None:
            made.slots.append(Slot(seen, named, told, named.name))


def _patch(made: Body, shape: Shape, root: Sighting, fields: Mapping[str, list[Field]]) -> bool:
    """All steps of a patch; False where one would take an encrypted value elsewhere, or write into it."""
    made.objects.append(root)
    for step in made.document if isinstance(made.document, list) else ():
        if not isinstance(step, dict):
            continue
        moves = step.get("op") in ("move", "copy")
        for key in ("path", "from"):
            place = step.get(key)
            if isinstance(place, str) and not _step(made, shape, root, fields, step, _tokens(place), moves=moves):
                return False
    return True


def _step(
    made: Body, shape: Shape, root: Sighting, fields: Mapping[str, list[Field]], step: dict[str, Any],
    tokens: Sequence[str], *, moves: bool,
) -> bool:  # fmt: skip
    value = step.get("value")
    if not tokens:
        for seen in sightings(value, shape):
            _found(made, seen, seen.value, fields)
        return not moves
    inside = {id(each) for each in _dicts(value)}
    for seen in along(shape, tokens, value, ""):
        if id(seen.value) in inside:
            _found(made, Sighting(seen.resource, seen.value, "/value"), seen.value, fields)
            continue
        named = next((each for each in fields[seen.resource] if each.name in seen.value), None)
        if len(tokens) == 1 and not moves and step.get("op") != "test":
            root.value.update(seen.value)
        if named is None:
            continue
        if moves or seen.value[named.name] is not value:
            return False
        if value is not None:
            whose = root if len(tokens) == 1 else Sighting(seen.resource, seen.value, "/value")
            made.slots.append(Slot(whose, named, step, "value"))
    return True


def _tokens(place: str) -> list[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            yield each
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
