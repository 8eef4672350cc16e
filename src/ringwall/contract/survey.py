"""What an API's schemas say of objects: their properties, and which component a reply shows, alone or in a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ringwall.contract.api import JSON, ApiOperation, MediaType, Schema
from ringwall.contract.dialect import PREFIX

Schemas = Mapping[str, Schema]
_BRANCHES = ("allOf", "anyOf", "oneOf")
_WRAPPERS = 2


@dataclass(frozen=True, slots=True)
class Shown:
    """A component that a body holds: as the whole of it, as a list's items, or inside another object."""

    component: str
    manner: Literal["object", "list", "wrapped"]


def applied(schema: JSON, schemas: Schemas) -> Iterator[tuple[str | None, dict[str, JSON]]]:
    """The schema and all that apply to the same value, with the component's name where it is one."""
    waiting: list[tuple[str | None, JSON]] = [(None, schema)]
    seen: set[str] = set()
    while waiting:
        name, here = waiting.pop(0)
        if not isinstance(here, dict):
            continue
        yield name, here
        target = here.get("$ref")
        if isinstance(target, str) and target not in seen:
            seen.add(target)
            waiting.append((target.removeprefix(PREFIX), schemas.get(target.removeprefix(PREFIX))))
        for keyword in _BRANCHES:
            branches = here.get(keyword)
            waiting.extend((None, branch) for branch in (branches if isinstance(branches, list) else ()))


def properties(schema: JSON, schemas: Schemas) -> dict[str, Schema]:
    """The declared properties of an object, wherever in its composition."""
    found: dict[str, Schema] = {}
    for _, here in applied(schema, schemas):
        given = here.get("properties")
        for name, below in given.items() if isinstance(given, dict) else ():
            if isinstance(below, (bool, dict)):
                found.setdefault(name, below)
    return found


def media_schemas(content: Mapping[str, MediaType]) -> Iterator[Schema]:
    """The schemas of a body's JSON representations."""
    for media, entry in content.items():
        if entry.schema is not None and ("json" in media or "*" in media):
            yield entry.schema


class Survey:
    """What bodies hold, over one API's components. Each component is looked at once, however often it is named."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._known: dict[tuple[str, int], tuple[Shown, ...]] = {}

    def replied(self, operation: ApiOperation) -> tuple[Shown, ...]:
        """What the operation's successful replies show, nearest first."""
        contents = (
            reply.content
            for status, reply in operation.replies.items()
            if status.startswith("2") or status == "default"
        )
        return self._all(schema for content in contents for schema in media_schemas(content))

    def sent(self, operation: ApiOperation) -> tuple[Shown, ...]:
        """What the operation's body holds, nearest first."""
        return self._all(media_schemas(operation.body.content if operation.body else {}))

    def _all(self, bodies: Iterable[Schema]) -> tuple[Shown, ...]:
        return tuple(dict.fromkeys(found for body in bodies for found in self._shown(body, 0)))

    def _shown(self, schema: JSON, depth: int) -> tuple[Shown, ...]:
        name = schema.get("$ref") if isinstance(schema, dict) and len(schema) == 1 else None
        if not isinstance(name, str):
            return tuple(dict.fromkeys(self._found(schema, depth)))
        if (name, depth) not in self._known:
            self._known[name, depth] = tuple(dict.fromkeys(self._found(schema, depth)))
        return self._known[name, depth]

    def _found(self, schema: JSON, depth: int) -> Iterator[Shown]:
        places = list(applied(schema, self._schemas))
        for name, _ in places:
            if name is not None:
                yield Shown(name, "object" if depth == 0 else "wrapped")
        for _, here in places:
            for item, _ in applied(here["items"], self._schemas) if "items" in here else ():
                if item is not None:
                    yield Shown(item, "list")
        if depth < _WRAPPERS:
            for below in properties(schema, self._schemas).values():
                yield from self._shown(below, depth + 1)
