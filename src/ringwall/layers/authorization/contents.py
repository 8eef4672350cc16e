"""The objects that a request's content writes: by declared shape, by JSON Patch (RFC 6902), by parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ringwall.contract.model import Operation
from ringwall.core.known import Input
from ringwall.core.message import JSON
from ringwall.engines.policy import Shape, Sighting, along, sightings
from ringwall.layers.authorization.settings import Settings

JSON_PATCH = "application/json-patch+json"


def finder(operation: Operation, settings: Settings) -> Callable[[Input], Iterator[Sighting]] | None:
    """What finds them: in a body of a declared type by its shape, in one of a range (`*/*`) by any; and among the
    query's parameters of a write, those with the name of a property, the owner or the tenant. None where there can be
    none."""
    body, main = operation.api.body, operation.resource
    content = {media: described.schema for media, described in body.content.items()} if body else {}
    shapes = settings.sight.in_bodies(content, main.name if main else None)
    patched = settings.sight.of(main.name) if main is not None and JSON_PATCH in content else None
    params = main if main is not None and operation.api.method != "GET" and operation.api.parameters else None
    if not shapes and patched is None and params is None:
        return None

    telling = {*params.fields, params.owner, params.tenant} if params is not None else set[str | None]()

    def find(given: Input) -> Iterator[Sighting]:
        if given.media_type == JSON_PATCH and patched is not None:
            yield from _patched(given.body, patched)
        elif given.media_type in shapes or given.media_type not in content:
            for shape in _fitting(shapes, given.media_type):
                yield from sightings(given.body, shape)
        if params is not None and not given.query.keys().isdisjoint(telling):
            yield Sighting(params.name, dict(given.query), "/query")

    return find


def _fitting(shapes: Mapping[str, Shape], media_type: str) -> list[Shape]:
    return [shapes[media_type]] if media_type in shapes else list(shapes.values())


def _patched(patch: JSON, shape: Shape) -> Iterator[Sighting]:
    """Each operation as the objects that it would write. `move` writes where it takes from, too, and `test` tells what
    stands there, so all count alike; a patch of the whole document writes all that its value has."""
    for index, step in enumerate(patch if isinstance(patch, list) else ()):
        value: JSON = step.get("value") if isinstance(step, dict) else None
        for key in ("path", "from"):
            place = step.get(key) if isinstance(step, dict) else None
            if not isinstance(place, str):
                continue
            if place == "":
                whole = value if isinstance(value, dict) else {}
                yield from (Sighting(seen.resource, seen.value, f"/{index}") for seen in sightings(whole, shape))
                continue
            tokens = [token.replace("~1", "/").replace("~0", "~") for token in place.removeprefix("/").split("/")]
            yield from along(shape, tokens, value, f"/{index}")
