"""Operations that take whole requests in their body (`POST /batch`): what those ask for, nobody judges on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringwall.contract.api import ApiOperation, Schema
from ringwall.contract.survey import Schemas, applied, properties

_MARK = re.compile(r"[^a-z0-9]")
_PLACES = frozenset({"path", "url", "uri", "href", "relativeurl", "endpoint"})
_METHODS = frozenset({"method", "httpmethod", "verb"})
_DEEP = 4


def carries(api: ApiOperation, schemas: Schemas) -> bool:
    """Whether a body's lists hold objects with a method and a path, or, where it is not described, the path says so."""
    if api.body is None:
        return False
    described = [media.schema for media in api.body.content.values() if isinstance(media.schema, dict) and media.schema]
    if any(media.startswith("multipart/mixed") for media in api.body.content):
        return True
    if any(_requests(schema, schemas) for schema in described):
        return True
    return not any(_told(schema, schemas) for schema in described) and _MARK.sub("", _last(api.path)) == "batch"


def _last(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2].lower()


def _told(schema: Schema, schemas: Schemas) -> bool:
    """Whether a schema tells what stands in the body."""
    return bool(properties(schema, schemas)) or any("items" in here for _, here in applied(schema, schemas))


def _requests(schema: Schema, schemas: Schemas, depth: int = 0) -> bool:
    """Whether there is a list of requests in what a schema describes."""
    return any(
        _is_request(below, schemas) if listed else depth < _DEEP and _requests(below, schemas, depth + 1)
        for below, listed in _below(schema, schemas)
    )


def _below(schema: Schema, schemas: Schemas) -> Iterator[tuple[Schema, bool]]:
    """What stands in an object's properties (False) and in a list (True)."""
    yield from ((below, False) for below in properties(schema, schemas).values())
    for _, here in applied(schema, schemas):
        items = here.get("items")
        if isinstance(items, (dict, bool)):
            yield items, True


def _is_request(schema: Schema, schemas: Schemas) -> bool:
    names = {_MARK.sub("", name.lower()) for name in properties(schema, schemas)}
    return not names.isdisjoint(_METHODS) and not names.isdisjoint(_PLACES)
