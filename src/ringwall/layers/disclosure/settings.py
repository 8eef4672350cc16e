"""What this layer is told at start, and how it finds objects in a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from ringwall.contract.api import Reply, Schema
from ringwall.contract.model import Operation, Resource
from ringwall.core.message import JSON, Response
from ringwall.engines.policy import Shape, Sighting, shape_of, sightings
from ringwall.layers.disclosure.leaks import Markup

Places = Callable[[Response], Iterator[Sighting]]


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources, the API's component schemas, whether undeclared replies are withheld ("strict"), and the wall's
    memory of live markup that came in."""

    resources: Mapping[str, Resource]
    components: Mapping[str, Schema]
    replies: Literal["strict", "lenient"]
    markup: Markup

    def of_components(self) -> dict[str, str]:
        """The resource of each component schema."""
        return {r.schema: r.name for r in self.resources.values() if r.schema}


def declared(operation: Operation, status: int) -> Reply | None:
    """The declared reply for a status: exact, then its class (`4XX`), then `default` (OpenAPI, Responses Object)."""
    replies = operation.api.replies
    return replies.get(str(status)) or replies.get(f"{status // 100}XX") or replies.get("default")


def reader(operation: Operation, settings: Settings) -> Places:
    """How to find the objects in a reply of this operation: by its declared schema, and by their own properties.

    An object that the document does not declare is found too: whatever carries the owner or tenant property of
    a resource is one of its objects (of the operation's own resource first).
    """
    shapes = _shapes(operation, settings)
    marks = _marks(operation, settings)

    def places(response: Response) -> Iterator[Sighting]:
        shape = shapes.get(response.status)
        seen: set[int] = set()
        if shape is not None:
            for sighting in sightings(response.data, shape):
                seen.add(id(sighting.value))
                yield sighting
        for sighting in _marked(response.data, marks):
            if id(sighting.value) not in seen:
                yield sighting

    return places


def _shapes(operation: Operation, settings: Settings) -> dict[int, Shape]:
    """The shape of each declared 2xx reply."""
    found: dict[int, Shape] = {}
    for status in range(200, 300):
        reply = declared(operation, status)
        for media, content in reply.content.items() if reply else ():
            if media.endswith("json") and content.schema is not None:
                shape = shape_of(content.schema, settings.components, settings.of_components())
                if not shape.empty:
                    found[status] = shape
    return found


def _marks(operation: Operation, settings: Settings) -> list[tuple[str, str]]:
    """Properties that give an object away, with the resource that they speak of."""
    first = [operation.resource] if operation.resource else []
    rest = [r for r in settings.resources.values() if r is not operation.resource]
    marks: dict[str, str] = {}
    for resource in (*first, *rest):
        for name in (resource.owner, resource.tenant):
            if name is not None:
                marks.setdefault(name, resource.name)
    return list(marks.items())


def _marked(data: JSON, marks: list[tuple[str, str]]) -> Iterator[Sighting]:
    if not marks:
        return
    waiting: list[tuple[JSON, str]] = [(data, "")]
    while waiting:
        value, pointer = waiting.pop()
        if isinstance(value, dict):
            resource = next((name for mark, name in marks if mark in value), None)
            if resource is not None:
                yield Sighting(resource, value, pointer)
            waiting.extend((below, f"{pointer}/{key}") for key, below in value.items() if isinstance(below, _DEEP))
        elif isinstance(value, list):
            waiting.extend((below, f"{pointer}/{i}") for i, below in enumerate(value) if isinstance(below, _DEEP))


_DEEP = (dict, list)
