"""The guards themselves: parameters and content read, validated, and handed on as typed input with its texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ringwall.contract.api import Schema
from ringwall.contract.model import Operation
from ringwall.core.known import Input, Known, Text
from ringwall.core.message import JSON, Head, Request
from ringwall.core.plan import BodyCheck, HeadCheck
from ringwall.core.verdict import PASS, Fault, Learned, Refuse, Verdict
from ringwall.engines.schema import (
    ANYTHING,
    MERGE_PATCH,
    Compiler,
    Flaw,
    Node,
    Unusable,
    Validator,
    patch_of,
    valid_without_nulls,
)
from ringwall.engines.schema.files import is_filename
from ringwall.engines.schema.text import flaw_of
from ringwall.engines.schema.urls import WEB, Policy, is_allowed
from ringwall.layers.validation import content, parameters
from ringwall.layers.validation.media import Declared, Kind, chooser, kind_of
from ringwall.layers.validation.reasons import BY_CODE, FILE_NAME, LAYER, SCHEMA, SCHEMA_REASONS, TEXT_REASONS, URL
from ringwall.layers.validation.rough import rough_input
from ringwall.layers.validation.sanitize import sanitizing
from ringwall.layers.validation.settings import Settings, notes_for, notes_of
from ringwall.layers.validation.texts import collect


def arrival_guard(operation: Operation) -> HeadCheck:
    """Refuse content that is not due, or of an undeclared type, charset or coding, before any of it is read."""
    choose = chooser(operation)

    def check(head: Head, known: Known) -> Verdict:
        chosen = choose(head)
        return chosen if isinstance(chosen, Refuse) else PASS

    return check


def sanitize_guard(operation: Operation, settings: Settings) -> BodyCheck | None:
    """Rewrite what the contract says is to be sanitized."""
    return sanitizing(_nodes(operation, settings), chooser(operation), settings)


def input_guard(operation: Operation, settings: Settings) -> BodyCheck:
    """Read and validate everything; what is learned is the typed input."""
    flaws = problems(operation, settings)
    if flaws:
        closed = Refuse(SCHEMA, detail=flaws[0])
        return lambda request, known: closed
    parameters_of = _parameters(operation, settings)
    body_of = _body(operation, settings)

    def check(request: Request, known: Known) -> Verdict:
        verdict = judge(request, known)
        if isinstance(verdict, Refuse):
            return replace(verdict, onward=lambda: known.with_input(rough_input(request, known)))
        return verdict

    def judge(request: Request, known: Known) -> Verdict:
        texts: list[Text] = []
        given = parameters_of(request.head, known, texts)
        if isinstance(given, Refuse):
            return given
        body = body_of(request, texts)
        if isinstance(body, Refuse):
            return body
        bad = _uncanonical(texts)
        if bad:
            return bad
        return Learned(
            known.with_input(
                Input(
                    path=given["path"],
                    query=given["query"],
                    header=given["header"],
                    cookie=given["cookie"],
                    body=body.value,
                    texts=tuple(texts),
                    media_type=body.media_type,
                )
            )
        )

    return check


def problems(operation: Operation, settings: Settings) -> tuple[str, ...]:
    """Why the document's schemas for an operation cannot be used: each in a sentence; such an operation is closed."""
    schemas: list[Schema] = [parameters.combined(operation)]
    body = operation.api.body
    schemas.extend(m.schema for m in body.content.values() if m.schema is not None) if body else None
    found = (settings.compiler.closed(schema) for schema in schemas)
    return tuple(dict.fromkeys(p for each in found if isinstance(each, Unusable) for p in each.problems))


ReadParameters = Callable[[Head, Known, list[Text]], "parameters.Given | Refuse"]


def _parameters(operation: Operation, settings: Settings) -> ReadParameters:
    read = parameters.readers(operation, settings)
    schema = parameters.combined(operation)
    validator = settings.compiler.closed(schema)
    node = _parameter_node(operation, settings, schema)

    def given(head: Head, known: Known, texts: list[Text]) -> parameters.Given | Refuse:
        made = read(head, known)
        if isinstance(made, Refuse):
            return made
        value: JSON = dict(made)
        if not isinstance(validator, Validator):
            return Refuse(SCHEMA)
        if not validator.is_valid(value):
            return refused(validator.flaws(value))
        collect(value, node, "", texts)
        return made

    return given


def _parameter_node(operation: Operation, settings: Settings, schema: dict[str, JSON]) -> Node:
    """The shape of all parameters. What the contract says of the resource's properties holds for filters by them."""
    notes = notes_of(operation.resource) if operation.resource else {}
    places = schema["properties"]
    each = places.items() if isinstance(places, dict) else ()
    return Node({where: settings.shapes.node(s, notes) for where, s in each if isinstance(s, dict)})


@dataclass(frozen=True, slots=True)
class Body:
    """Valid content: its value (None where there is none, or it is opaque) and the declared type it came under."""

    value: JSON
    media_type: str


NOTHING = Body(None, "")


def _body(operation: Operation, settings: Settings) -> Callable[[Request, list[Text]], Body | Refuse]:
    choose = chooser(operation)
    representations = {
        (key, kind): Representation(Declared(key, kind, media), operation, settings)
        for key, media in (operation.api.body.content.items() if operation.api.body else ())
        for kind in ({kind_of(key, media)} if "*" not in key else _KINDS)
    }

    def body_of(request: Request, texts: list[Text]) -> Body | Refuse:
        chosen = choose(request.head)
        if chosen is None or isinstance(chosen, Refuse):
            return NOTHING if chosen is None else chosen
        if request.body is None:
            return Body(None, chosen.key)
        return representations[chosen.key, chosen.kind].read(request, request.body, texts)

    return body_of


_KINDS: tuple[Kind, ...] = ("json", "form", "multipart", "text", "xml", "opaque")


class Representation:
    """One declared representation, made ready: how it is read, validated and walked."""

    __slots__ = ("_key", "_node", "_patch", "_read", "_validator")

    def __init__(self, declared: Declared, operation: Operation, settings: Settings) -> None:
        schema = declared.media.schema
        self._key = declared.key
        self._read = content.reader(declared, settings)
        self._patch = declared.key == MERGE_PATCH
        self._validator = _validator_of(schema, settings, patch=self._patch) if schema is not None else None
        self._node = _node_of(schema, operation, settings)

    def read(self, request: Request, body: bytes, texts: list[Text]) -> Body | Refuse:
        """The valid content, its texts added to `texts`."""
        found = self._read(request, body)
        if isinstance(found, Refuse):
            return found
        texts.extend(found.texts)
        if not found.judged:
            return Body(None, self._key)
        if isinstance(self._validator, Unusable):
            return Refuse(SCHEMA)
        if self._validator is not None and not self._validator.is_valid(found.value):
            flaws = self._validator.flaws(found.value)
            if self._patch or not valid_without_nulls(found.value, self._validator, flaws):
                return refused(tuple(Flaw(f"/body{flaw.pointer}", flaw.code) for flaw in flaws))
        collect(found.value, self._node, "/body", texts)
        return Body(found.value, self._key)


def _validator_of(schema: Schema, settings: Settings, *, patch: bool) -> Validator | Unusable:
    """The validator of a schema's values, or of their merge patches, in which null is not absence."""
    if not patch:
        return settings.compiler.closed(schema)
    partial, components = patch_of(schema, settings.schemas)
    return Compiler(components).closed(partial)


def _node_of(schema: Schema | None, operation: Operation, settings: Settings) -> Node:
    return ANYTHING if schema is None else settings.shapes.node(schema, notes_for(operation, schema, settings))


def _nodes(operation: Operation, settings: Settings) -> dict[str, Node]:
    body = operation.api.body
    return {key: _node_of(m.schema, operation, settings) for key, m in body.content.items()} if body else {}


def refused(flaws: tuple[Flaw, ...]) -> Refuse:
    """A refusal with its faults; the first one gives the reason."""
    faults = tuple(Fault(flaw.pointer, f"{LAYER}.{flaw.code}") for flaw in flaws)
    return Refuse(SCHEMA_REASONS[flaws[0].code], faults)


def _uncanonical(texts: list[Text]) -> Refuse | None:
    """The first texts that are not canonical, or not of the format that the contract states."""
    if {text[3] for text in texts}.isdisjoint(_JUDGED) and flaw_of(" ".join([text[1] for text in texts])) is None:
        return None
    faults = [Fault(text.pointer, code) for text in texts if (code := _flaw(text))]
    return Refuse(BY_CODE[faults[0].reason], tuple(faults[:20])) if faults else None


_JUDGED = frozenset({"url", "filename"})


def _flaw(text: Text) -> str | None:
    what = flaw_of(text.value)
    if what:
        return TEXT_REASONS[what].code
    if text.format == "url" and not is_allowed(text.value, Policy(*text.urls) if text.urls else WEB):
        return URL.code
    return FILE_NAME.code if text.format == "filename" and not is_filename(text.value) else None
