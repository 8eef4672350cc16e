"""Validators: closed schemas made native, and what they found wrong as pointers and codes, never as values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

import jsonschema_rs
from jsonschema_rs import ReferencingError, Registry, ValidationError

from ringwall.engines.schema.closing import Closing, Part
from ringwall.engines.schema.document import JSON, Components, Schema
from ringwall.engines.schema.formats import FORMATS
from ringwall.engines.schema.patterns import OPTIONS
from ringwall.engines.schema.rewriting import BASE, Mode

MOST_FLAWS = 20
SOON = 60
SMALL = 300
_ALL: dict[str, JSON] = {}
_NONE: dict[str, JSON] = {"not": {}}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing wrong with a value: where (RFC 6901), and the kind of rule that it breaks."""

    pointer: str
    code: str


@dataclass(frozen=True, slots=True)
class Unusable:
    """A schema that decides nothing, and why."""

    problems: tuple[str, ...]


class Validator:
    """A compiled schema. `is_valid` takes a value of JSON in about a microsecond; `flaws` says what is wrong.

    One that leads to very many components is made native when first used: its problems are already known to be none.
    """

    __slots__ = ("_make", "_native")

    def __init__(self, make: Callable[[], jsonschema_rs.Validator], *, later: bool) -> None:
        self._make = make
        self._native = None if later else make()

    def native(self) -> jsonschema_rs.Validator:
        """The native validator. Made twice if two threads come first together: to no harm."""
        if self._native is None:
            self._native = self._make()
        return self._native

    def is_valid(self, value: JSON) -> bool:
        """Whether the value is one of this schema's."""
        return (self._native or self.native()).is_valid(value)

    def flaws(self, value: JSON, prefix: str = "") -> tuple[Flaw, ...]:
        """At most twenty flaws of a value that is not valid; the first alone of a value so large that finding all
        would cost more than the request is worth."""
        found: dict[Flaw, None] = {}
        native = self.native()
        errors = islice(native.iter_errors(value), MOST_FLAWS) if _is_small(value) else _first_error(native, value)
        for error in errors:
            for flaw in _flaws(error, prefix):
                found[flaw] = None
        return tuple(islice(found, MOST_FLAWS)) or (Flaw(prefix, "not"),)


def _first_error(native: jsonschema_rs.Validator, value: JSON) -> list[ValidationError]:
    try:
        native.validate(value)
    except ValidationError as error:
        return [error]
    return []


def _is_small(value: JSON) -> bool:
    """Whether a value has at most a few hundred members and elements; counted no further than that."""
    waiting: list[JSON] = [value]
    seen = 0
    while waiting and seen <= SMALL:
        here = waiting.pop()
        if isinstance(here, (dict, list)):
            seen += len(here)
            waiting.extend(islice(here.values() if isinstance(here, dict) else here, SMALL))
    return seen <= SMALL


class Compiler:
    """Compiles the schemas of one API; what they share is rewritten and kept once."""

    def __init__(self, components: Components, modes: tuple[Mode, ...] = ("closed", "open")) -> None:
        self._closing = Closing(components, modes)
        self._registry: Registry | None = None
        self._size = 0
        self._known: dict[str, Validator | Unusable] = {}
        for part in self._closing.parts():
            part.problems.extend(_misshapen(part.schema))

    def closed(self, schema: Schema) -> Validator | Unusable:
        """The validator of a value that this schema alone describes: undeclared properties are refused."""
        if isinstance(schema, dict) and len(schema) == 1 and "$ref" in schema:
            named = f"closed {schema['$ref']}"
            if named not in self._known:
                self._known[named] = self._compiled(self._closing.closed(schema))
            return self._known[named]
        return self._compiled(self._closing.closed(schema))

    @property
    def wide(self) -> bool:
        """Whether any schema states bounds for integers beyond 64 bits."""
        return self._closing.wide

    def testing(self, schema: Schema) -> Validator | Unusable:
        """The validator of the schema as written: nothing is closed."""
        return self._compiled(self._closing.raw(schema))

    def _compiled(self, part: Part) -> Validator | Unusable:
        key = repr(part.schema)
        if key not in self._known:
            self._known[key] = self._native(part)
        return self._known[key]

    def _native(self, part: Part) -> Validator | Unusable:
        problems = tuple(dict.fromkeys((*part.problems, *_misshapen(part.schema))))
        if problems:
            return Unusable(problems)
        schema: dict[str, JSON] = part.schema if isinstance(part.schema, dict) else _ALL if part.schema else _NONE
        registry = self._components()

        def make() -> jsonschema_rs.Validator:
            return jsonschema_rs.Draft202012Validator(
                schema,
                formats=dict(FORMATS),
                validate_formats=True,
                registry=registry,
                pattern_options=OPTIONS,
                offline=True,
            )

        try:
            return Validator(make, later=part.reach > SOON)
        except (ValidationError, ReferencingError, ValueError) as failure:
            return Unusable((_first_line(failure),))

    def _components(self) -> Registry:
        """All components reached so far, as one resource; made anew only when there are more."""
        if self._registry is None or self._size != len(self._closing):
            self._registry = Registry([(BASE, self._closing.document)])
            self._size = len(self._closing)
        return self._registry


def _misshapen(schema: Schema) -> tuple[str, ...]:
    """Why a schema is none by the meta-schema."""
    try:
        jsonschema_rs.meta.validate(schema)
    except (ValidationError, ReferencingError, ValueError) as failure:
        return (_first_line(failure),)
    return ()


def _first_line(failure: Exception) -> str:
    return str(failure).splitlines()[0][:200] if str(failure) else type(failure).__name__


_CODES = {
    "type": "type", "required": "required", "dependentRequired": "required", "additionalProperties": "unknown",
    "unevaluatedProperties": "unknown", "format": "format", "pattern": "pattern", "minimum": "range",
    "maximum": "range", "exclusiveMinimum": "range", "exclusiveMaximum": "range", "multipleOf": "range",
    "minLength": "length", "maxLength": "length", "minItems": "items", "maxItems": "items", "contains": "items",
    "minContains": "items", "maxContains": "items", "additionalItems": "items", "unevaluatedItems": "items",
    "minProperties": "properties", "maxProperties": "properties", "propertyNames": "name", "uniqueItems": "unique",
    "enum": "enum", "const": "const", "oneOf": "oneof", "anyOf": "oneof", "falseSchema": "readonly", "not": "not",
}  # fmt: skip

CODES = tuple(sorted({*_CODES.values()}))

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def token(key: str | int) -> str:
    """One token of a pointer. A member's name that does not look like a name is the caller's data: `*` instead."""
    return str(key) if isinstance(key, int) or _NAME.fullmatch(key) else "*"


def _flaws(error: ValidationError, prefix: str) -> list[Flaw]:
    kind = error.kind
    pointer = prefix + "".join(f"/{token(key)}" for key in error.instance_path)
    if isinstance(kind, (kind.OneOfNotValid, kind.AnyOf)):
        return _of_branches(error, kind.context, prefix) or [Flaw(pointer, "oneof")]
    if isinstance(kind, kind.Required):
        return [Flaw(f"{pointer}/{token(kind.property)}", "required")]
    if isinstance(kind, (kind.AdditionalProperties, kind.UnevaluatedProperties)):
        return [Flaw(f"{pointer}/{token(name)}", "unknown") for name in kind.unexpected[:MOST_FLAWS]]
    return [Flaw(pointer, _CODES.get(kind.name, "not"))]


def _of_branches(error: ValidationError, context: list[list[ValidationError]], prefix: str) -> list[Flaw]:
    """The flaws of the one branch that was meant: the others are of another type, or carry another tag."""
    depth = len(error.instance_path)
    meant = [branch for branch in context if not any(_elsewhere(each, depth) for each in branch)]
    if not meant and all(any(e.kind.name == "type" for e in branch) for branch in context):
        return [Flaw(prefix + "".join(f"/{token(key)}" for key in error.instance_path), "type")]
    if len(meant) != 1:
        return []
    return [flaw for each in meant[0][:MOST_FLAWS] for flaw in _flaws(each, prefix)]


def _elsewhere(error: ValidationError, depth: int) -> bool:
    own = len(error.instance_path) - depth
    return (own == 0 and error.kind.name == "type") or (own == 1 and error.kind.name in ("const", "enum"))
