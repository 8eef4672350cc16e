"""Whether what was stated agrees with the API: schemas, properties, and what `owner` and `filter` need."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ringwall.contract.api import Api, Schema
from ringwall.contract.model import CREATOR, Operation, Resource
from ringwall.contract.reading import Desk
from ringwall.contract.survey import applied, properties
from ringwall.contract.templates import parameters


def agreement(api: Api, resources: Mapping[str, Resource], operations: Iterable[Operation], desk: Desk) -> None:
    """Tell every disagreement."""
    in_paths = {name for operation in api.operations for name in parameters(operation.path)}
    schemas: dict[str, str] = {}
    for resource in resources.values():
        if resource.schema is None:
            continue
        first = schemas.setdefault(resource.schema, resource.name)
        if first != resource.name:
            path = ("resources", resource.name, "schema")
            desk.report(path, f"the schema of {first!r} again", "one resource for a schema")
        if resource.schema not in api.schemas:
            path = ("resources", resource.name, "schema")
            desk.unknown(path, "schema", resource.schema, api.schemas)
        elif not _open(resource.schema, api):
            _members(resource, api, in_paths, desk)
    by_rule: dict[str, list[Operation]] = {}
    for operation in operations:
        if operation.rule is not None:
            by_rule.setdefault(operation.rule.key, []).append(operation)
    for key, decided in by_rule.items():
        _relations(key, decided, resources, desk)
        _filters(key, decided, desk)


def _open(schema: str, api: Api) -> bool:
    """Whether the schema leaves its properties to whoever answers."""
    places = [here for _, here in applied(api.schemas[schema], api.schemas)]
    return not any("properties" in here for here in places) or any(
        here.get("additionalProperties") not in (None, False) for here in places
    )


def _members(resource: Resource, api: Api, in_paths: set[str], desk: Desk) -> None:
    known = properties(api.schemas[resource.schema or ""], api.schemas)
    path = ("resources", resource.name)
    if resource.id and resource.id not in known and resource.id not in in_paths:
        desk.unknown((*path, "id"), "property", resource.id, known)
    for key, name in (("owner", resource.owner), ("tenant", resource.tenant)):
        if name is not None and not _declared(name, known, api) and not (key == "owner" and name == CREATOR):
            desk.unknown((*path, key), "property", name, known)
    for name in resource.fields:
        if name not in known:
            desk.unknown((*path, "fields", name), "property", name, known, key=True)


def _declared(name: str, known: Mapping[str, Schema], api: Api) -> bool:
    """Whether there is a property of this name, or the dotted path of properties that it is."""
    if name in known:
        return True
    first, _, rest = name.partition(".")
    return bool(rest) and first in known and _declared(rest, properties(known[first], api.schemas), api)


def _relations(key: str, decided: list[Operation], resources: Mapping[str, Resource], desk: Desk) -> None:
    """`owner` needs an owner and `member` a tenant, in one at least of the operations that the rule decides."""
    allow = decided[0].rule.allow if decided[0].rule else ()
    for word in ("owner", "member"):
        if word in allow and not any(_has(operation, word, resources) for operation in decided):
            found = f"`{word}` on {decided[0].key}, {_without(decided[0], word)}"
            desk.report(("operations", key, "allow"), found, "a resource that has one; name it by `resource:`")


def _has(operation: Operation, word: str, resources: Mapping[str, Resource]) -> bool:
    acted = [operation.resource, *(resources.get(name) for _, name in operation.objects)]
    return any(r is not None and (r.owner if word == "owner" else r.tenant) for r in acted)


def _filters(key: str, decided: list[Operation], desk: Desk) -> None:
    """`filter` needs a property to filter by in every operation: it must not be passed over in any."""
    for operation in decided:
        wanted = operation.rule.filter if operation.rule else None
        resource = operation.resource
        if wanted is None or (resource and (resource.owner if wanted == "owner" else resource.tenant)):
            continue
        found = f"`filter: {wanted}` on {operation.key}, {_without(operation, wanted)}"
        desk.report(("operations", key, "filter"), found, "a resource that has one; name it by `resource:`")


def _without(operation: Operation, word: str) -> str:
    name = "tenant" if word == "member" else word
    if operation.resource is None:
        return "which acts on no resource"
    return f"whose resource {operation.resource.name!r} has no `{name}`"
