"""What the schemas say that a finding may be about: patterns, and keywords that ciphertext cannot keep to."""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.api import JSON, Api, ApiOperation, Schema
from ringwall.contract.model import Contract, Field, Resource
from ringwall.contract.survey import applied, media_schemas, properties

_ROOM = 200


def hindrances(contract: Contract) -> Iterator[tuple[Resource, Field, str, bool]]:
    """Encrypted fields whose schema ciphertext breaks: what it has, and whether it surely breaks."""
    for resource in contract.resources.values():
        encrypted = [field for field in resource.fields.values() if field.encrypt != "no"]
        for field in encrypted:
            for schema in _places(resource, field, contract):
                found = _hindrance(schema, contract.api)
                if found is not None:
                    yield resource, field, *found
                    break


def _places(resource: Resource, field: Field, contract: Contract) -> Iterator[Schema]:
    """The property in the resource's own schema, and in the bodies of the operations on it."""
    schemas = contract.api.schemas
    known = properties(schemas.get(resource.schema or "", True), schemas)
    if field.name in known:
        yield known[field.name]
    for operation in contract.operations:
        if operation.resource is resource and operation.api.body is not None:
            for body in media_schemas(operation.api.body.content):
                sent = properties(body, schemas)
                if field.name in sent:
                    yield sent[field.name]


def _hindrance(schema: Schema, api: Api) -> tuple[str, bool] | None:
    for _, here in applied(schema, api.schemas):
        stated = here.get("type")
        names = set(stated) if isinstance(stated, list) else {stated}
        hard = next((n for n in ("number", "integer", "boolean", "array", "object") if n in names), None)
        if hard is not None:
            return f"the type {hard}", True
        if "enum" in here or "const" in here:
            return "a closed set of values", True
        if isinstance(here.get("pattern"), str):
            return "a pattern", False
        longest = here.get("maxLength")
        if isinstance(longest, int):
            return f"maxLength {longest}", longest < _ROOM
        if isinstance(here.get("format"), str) and here["format"] not in ("password", "binary"):
            return f"the format {here['format']}", False
    return None


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
