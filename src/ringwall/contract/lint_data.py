"""What the schemas say that a finding may be about: patterns."""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.api import JSON, Api, ApiOperation, Schema


def patterns(api: Api) -> Iterator[tuple[str, str]]:
    """Every pattern of the API's schemas, with the component or operation it stands in, once each."""
    seen: set[str] = set()
    places: list[tuple[str, JSON]] = [(name, schema) for name, schema in api.schemas.items()]
    places.extend((operation.key, schema) for operation in api.operations for schema in _asked(operation))
    for where, schema in places:
        for pattern in _within(schema):
            if pattern not in seen:
                seen.add(pattern)
                yield where, pattern


def _asked(operation: ApiOperation) -> Iterator[Schema]:
    yield from (parameter.schema for parameter in operation.parameters)
    for media in operation.body.content.values() if operation.body else ():
        if media.schema is not None:
            yield media.schema


def _within(schema: JSON) -> Iterator[str]:
    waiting = [schema]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            given = here.get("pattern")
            if isinstance(given, str):
                yield given
            named = here.get("patternProperties")
            yield from named if isinstance(named, dict) else ()
            waiting.extend(v for k, v in here.items() if k not in ("enum", "const", "default"))
        elif isinstance(here, list):
            waiting.extend(here)
