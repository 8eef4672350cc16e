"""Fields that keep producing refused or suspicious values, by the journal, and the contract's line that says what
they hold. It reads events as they were recorded and changes nothing; whether the values were honest, people decide.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ringwall.build.advice import yaml_name
from ringwall.contract.lint import Finding
from ringwall.contract.model import At, Contract, Operation, Resource
from ringwall.engines.schema.document import Schema, branches, in_place, members
from ringwall.layers.validation.settings import writes

Record = Mapping[str, object]

FEW = 3
"""Fewer findings than this in a field are no habit."""
_FAMILIES = ("detection.", "validation.text.")
_MARKUP = frozenset({"detection.xss"})


@dataclass(slots=True)
class Tally:
    """One place: how often each reason was found there, by how many callers, and how often it was refused."""

    reasons: Counter[str] = field(default_factory=Counter)
    callers: set[str] = field(default_factory=set)
    refused: int = 0

    @property
    def count(self) -> int:
        """How many values."""
        return self.reasons.total()


@dataclass(frozen=True, slots=True)
class Place:
    """Where values of one kind stand: the resource's field, else the operation's pointer (`resource` None)."""

    resource: str | None
    name: str
    at: At


def unannotated(contract: Contract, records: Iterable[Record]) -> tuple[tuple[Finding, Tally], ...]:
    """A finding `contract.text` for each field, most values first. A field whose format is stated is none."""
    operations = {operation.key: operation for operation in contract.operations}
    tallies: dict[Place, Tally] = {}
    for record in records:
        operation = operations.get(str(record.get("operation")))
        for pointer, reason in _faults(record) if operation else ():
            place = _place(contract, operation, pointer) if operation else None
            if place is not None:
                _count(tallies.setdefault(place, Tally()), record, reason)
    kept = sorted((t for t in tallies.items() if t[1].count >= FEW), key=lambda t: -t[1].count)
    return tuple((_finding(place, tally), tally) for place, tally in kept)


def _faults(record: Record) -> Iterator[tuple[str, str]]:
    told = record.get("faults")
    for fault in told if isinstance(told, list) else ():
        pointer, _, reason = str(fault).rpartition(" ")
        if pointer and reason.startswith(_FAMILIES):
            yield pointer, reason


def _count(tally: Tally, record: Record, reason: str) -> None:
    tally.reasons[reason] += 1
    tally.refused += record.get("decision") == "refuse"
    tally.callers.add(str(record.get("principal") or record.get("client")))


def _place(contract: Contract, operation: Operation, pointer: str) -> Place | None:
    """Whose value it is; None where the contract already says what it holds."""
    first, *steps = (step.replace("~1", "/").replace("~0", "~") for step in pointer.lstrip("/").split("/"))
    found = _owner(contract, operation, steps) if first == "body" else None
    if found is None:
        at = operation.rule.at if operation.rule else At(contract.api.source or contract.file, operation.api.line, 1)
        return Place(None, f"{operation.key} {pointer}", at)
    resource, name = found
    stated = resource.fields.get(name)
    if stated is not None and (stated.format != "text" or stated.sanitize):
        return None
    return Place(resource.name, name, stated.at if stated else resource.at)


def _owner(contract: Contract, operation: Operation, steps: list[str]) -> tuple[Resource, str] | None:
    """The resource's field in which a value of the body stands, by the schemas along its way."""
    schemas = contract.api.schemas
    mine = {
        id(schemas[r.schema]): r for r in contract.resources.values() if r.schema is not None and r.schema in schemas
    }
    content = operation.api.body.content.values() if operation.api.body else ()
    here: list[Schema] = [media.schema for media in content if media.schema is not None]
    written = operation.resource
    whose = written if written and any(writes(written, schema, schemas) for schema in here) else None
    found: tuple[Resource, str] | None = None
    for step in steps:
        merged = [schema for each in here for schema in in_place(each, schemas)]
        declared = [members(schema)[step] for schema in merged if step in members(schema)]
        if declared:
            whose = next((mine[id(s)] for s in merged if id(s) in mine), whose)
            found, whose = (whose, step) if whose else None, None
        here = declared or [below for schema in merged for below in _elements(schema)]
    return found


def _elements(schema: Mapping[str, object]) -> Iterator[Schema]:
    items = schema.get("items")
    if isinstance(items, (bool, dict)):
        yield items
    yield from branches(dict(schema), "prefixItems")  # type: ignore[arg-type] # the values are JSON


def _finding(place: Place, tally: Tally) -> Finding:
    callers = f"{len(tally.callers)} caller{'s' if len(tally.callers) > 1 else ''}"
    reasons = ", ".join(f"{reason} {count}" for reason, count in tally.reasons.most_common())
    name = f"{place.resource}.{place.name}" if place.resource else place.name
    what = f"{tally.count} values of {callers} in {name} were suspicious, {tally.refused} of them refused: {reasons}"
    return Finding("contract.text", "warning", place.at, name, what, _line(place, tally))


def _line(place: Place, tally: Tally) -> str:
    """The one line to add; for what is no resource's field, the document decides."""
    if place.resource is None:
        return "Give it an enum, pattern or format in the OpenAPI document, or name a resource for its schema."
    kinds = set(tally.reasons)
    if kinds <= _MARKUP:
        stated = "format: html, sanitize: true"
    elif all(kind.startswith("validation.text.") for kind in kinds):
        stated = "sanitize: true"
    else:
        stated = "format: markdown"
    return f"resources: {{{yaml_name(place.resource)}: {{fields: {{{yaml_name(place.name)}: {{{stated}}}}}}}}}"
