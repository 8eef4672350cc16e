"""What this layer is told at start, and what it makes of it once for all operations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ringwall.contract.api import Schema
from ringwall.contract.model import Field, Operation, Resource
from ringwall.engines.schema import Bounds, Compiler, Note, Shapes, in_place, members
from ringwall.engines.schema.urls import WEB


@dataclass(frozen=True, slots=True)
class Settings:
    """The API's component schemas and the contract's resources; bounds of JSON (`depth`, `items`), of the parts of a
    form, and of what packed content unpacks to (`unpacked`, bytes). Make one for all operations of an API."""

    schemas: Mapping[str, Schema]
    depth: int = 32
    items: int = 10_000
    resources: Mapping[str, Resource] = field(default_factory=dict)
    parts: int = 128
    unpacked: int = 1 << 20
    compiler: Compiler = field(init=False, repr=False, compare=False)
    shapes: Shapes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        notes = {r.schema: notes_of(r) for r in self.resources.values() if r.schema}
        object.__setattr__(self, "compiler", Compiler(self.schemas))
        object.__setattr__(self, "shapes", Shapes(self.schemas, notes))

    @property
    def bounds(self) -> Bounds:
        """How JSON is read."""
        return Bounds(self.depth, self.items, wide=self.compiler.wide)


def notes_of(resource: Resource) -> dict[str, Note]:
    """What the contract says of a resource's properties: the format of each, whether it is sanitized or observed, and
    where its URLs may lead."""
    return {name: Note(f.format or "text", f.sanitize, f.observe, _urls(f)) for name, f in resource.fields.items()}


def _urls(stated: Field) -> tuple[frozenset[str], frozenset[str]] | None:
    if not stated.schemes and not stated.hosts:
        return None
    return stated.schemes or WEB.schemes, stated.hosts


def notes_for(operation: Operation, schema: Schema | None, settings: Settings) -> dict[str, Note]:
    """What the contract says of a body's properties where it writes the operation's resource under another schema."""
    resource = operation.resource
    return notes_of(resource) if resource is not None and writes(resource, schema, settings.schemas) else {}


def writes(resource: Resource, schema: Schema | None, schemas: Mapping[str, Schema]) -> bool:
    """Whether a body's schema (`PatientUpdate`) is the resource's under another name: most properties are its own."""
    if resource.schema is None or schema is None:
        return False
    theirs, ours = _names(schema, schemas), _names(schemas.get(resource.schema, True), schemas)
    return bool(theirs) and len(theirs & ours) * 2 > len(theirs)


def _names(schema: Schema, schemas: Mapping[str, Schema]) -> set[str]:
    return {name for here in in_place(schema, schemas) for name in members(here)}
