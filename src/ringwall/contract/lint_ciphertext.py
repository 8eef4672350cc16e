"""What ciphertext would break, before it does: types, choices, lengths and forms that it does not keep to, and the
sorting, ranges and filters of lists that it makes meaningless. Each with what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ringwall.contract.api import Api, Parameter, Schema
from ringwall.contract.model import At, Contract, Field, Operation, Resource
from ringwall.contract.survey import applied, media_schemas, properties

_SORTING: Final = frozenset({"sort", "order", "orderby", "ordering", "sortby", "sortkey", "sortfield"})
_BOUNDS: Final = frozenset({
    "min", "max", "from", "to", "before", "after", "since", "until", "start", "end", "gt", "gte", "lt", "lte",
    "ge", "le", "over", "under", "range", "between",
})  # fmt: skip
_PARTS: Final = frozenset({
    "like", "ilike", "contains", "icontains", "startswith", "istartswith", "endswith", "iendswith", "prefix", "suffix",
    "search", "match", "regex",
})  # fmt: skip
_SEPARATORS: Final = re.compile(r"[_.\-\[\]\s]+")
_DIRECTION: Final = re.compile(r"[:\s_,.-]+(?:asc|desc)(?:ending)?$|^[+-]", re.IGNORECASE)
_HARD: Final = ("number", "integer", "boolean", "array", "object")


@dataclass(frozen=True, slots=True)
class Break:
    """One thing that breaks. `sure` is what breaks whatever the application does."""

    id: str
    at: At
    about: str
    what: str
    do: str
    sure: bool


def breaks(contract: Contract) -> Iterator[Break]:
    """Everything that ciphertext would break in an API."""
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.encrypt != "no":
                yield from _schema(resource, field, contract)
                yield from _queries(resource, field, contract)


def characters(content: int) -> int:
    """The most characters that a record of so many bytes of JSON takes: with a record id."""
    body = 29 + 16 + 16 * -(-(content + 1) // 16)
    return 17 + -(-4 * body // 3)


# Schemas


def _schema(resource: Resource, field: Field, contract: Contract) -> Iterator[Break]:
    for schema in _places(resource, field, contract):
        found = _hindrance(schema, contract.api)
        if found is not None:
            why, do, sure = found
            yield Break(
                "contract.ciphertext", field.at, f"{resource.name}.{field.name}",
                f"{resource.name}.{field.name} is encrypted, but its schema has {why}, which ciphertext does not keep",
                do, sure,
            )  # fmt: skip
            return


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


_IN_PROCESS: Final = (
    "or encrypt it in process (ringwall.adapters.encrypted_sqlalchemy, encrypted_django), or leave it in clear"
)


def _hindrance(schema: Schema, api: Api) -> tuple[str, str, bool] | None:
    """What of a property ciphertext breaks, what to do, and whether it surely breaks."""
    for _, here in applied(schema, api.schemas):
        stated = here.get("type")
        names = set(stated) if isinstance(stated, list) else {stated}
        hard = next((n for n in _HARD if n in names), None)
        if hard is not None:
            return f"the type {hard}", f"Let the application keep it as text, {_IN_PROCESS}.", True
        if "enum" in here or "const" in here:
            return (
                "a closed set of values",
                f"Let the application keep it as free text, {_IN_PROCESS}.",
                True,
            )
        if isinstance(here.get("pattern"), str):
            return "a pattern", f"Let only ringwall check it, not the application and its store, {_IN_PROCESS}.", False
        longest = here.get("maxLength")
        if isinstance(longest, int):
            room = characters(4 * longest + 2)
            return (
                f"maxLength {longest}",
                f"Give the application's column and its own check {room} characters ({characters(longest + 2)} for "
                f"ASCII), {_IN_PROCESS}.",
                longest < characters(1),
            )
        if isinstance(here.get("format"), str) and here["format"] not in ("password", "binary"):
            return (
                f"the format {here['format']}",
                f"Keep it as text and let only ringwall check it, {_IN_PROCESS}.",
                False,
            )
    return None


# Queries


def _queries(resource: Resource, field: Field, contract: Contract) -> Iterator[Break]:
    for operation in contract.operations:
        if operation.resource is not resource:
            continue
        for parameter in operation.api.parameters:
            found = _asked(parameter, field, contract.api) if parameter.where == "query" else None
            if found is not None:
                yield _broken(operation, resource, field, parameter, *found)


def _broken(
    operation: Operation, resource: Resource, field: Field, parameter: Parameter, why: str, do: str, sure: bool
) -> Break:
    return Break(
        "contract.ciphertext.query", operation.rule.at if operation.rule else field.at,
        f"{operation.key} {parameter.name} {resource.name}.{field.name}",
        f"{operation.key}: `{parameter.name}` {why} {resource.name}.{field.name}, which is ciphertext there",
        do, sure,
    )  # fmt: skip


def _asked(parameter: Parameter, field: Field, api: Api) -> tuple[str, str, bool] | None:
    """What a query parameter does with a field that ciphertext breaks, what to do, and whether that is sure."""
    name, wanted = _folded(parameter.name), _folded(field.name)
    if name in _SORTING:
        choices = _choices(parameter, api)
        if wanted in choices:
            return "sorts by", "Take it out of the choices: sorted, ciphertext is in no order.", True
        return None
    if name == wanted:
        if field.encrypt == "searchable":
            return None
        return "asks for equality with", "State `encrypt: searchable`, which finds equal values; or take it out.", True
    rest = name.removeprefix(wanted) if name.startswith(wanted) else name.removesuffix(wanted)
    if rest == name or not rest:
        return None
    if rest in _BOUNDS:
        return "asks for a range of", f"Take it out, {_IN_PROCESS}: ciphertext has no order.", True
    if rest in _PARTS:
        return "asks for a part of", f"Take it out, {_IN_PROCESS}: only whole values can be found.", True
    return None


def _choices(parameter: Parameter, api: Api) -> set[str]:
    found: set[str] = set()
    for _, here in applied(parameter.schema, api.schemas):
        items = here.get("items")
        stated = [here.get("enum"), items.get("enum") if isinstance(items, dict) else None]
        for values in stated:
            found |= (
                {_folded(_DIRECTION.sub("", v)) for v in values if isinstance(v, str)}
                if isinstance(values, list)
                else set()
            )
    return found


def _folded(name: str) -> str:
    """A name without case and separators: `min_age`, `minAge` and `age[min]` are told apart by order alone."""
    return _SEPARATORS.sub("", name).lower()
