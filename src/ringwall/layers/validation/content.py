"""Content: JSON, forms, multipart, text and XML read once into a value that the schema can judge, and their texts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwall.contract.api import Encoding, Schema
from ringwall.core.decode import query_pairs
from ringwall.core.known import Text
from ringwall.core.message import JSON, Request
from ringwall.core.verdict import Fault, Refuse
from ringwall.engines.schema import Malformed, decode, in_place, members, types
from ringwall.engines.schema.coerce import coerce
from ringwall.engines.schema.files import agrees, is_filename
from ringwall.engines.schema.forms import Part, parts
from ringwall.engines.schema.xml import leaves, parsed
from ringwall.engines.schema.xml_shape import Repeated, Shape, XmlShapes, value_of
from ringwall.layers.validation.media import Declared, unpacked
from ringwall.layers.validation.places import Typing, typing_of
from ringwall.layers.validation.reasons import (
    CHARSET,
    FILE_NAME,
    FILE_TYPE,
    FILE_UNEXPECTED,
    FORM,
    JSON_REASONS,
    REPEATED,
    ROOT,
    TEXT,
    XML,
)
from ringwall.layers.validation.settings import Settings


@dataclass(frozen=True, slots=True)
class Content:
    """What was read: the value, texts that are not in it (XML's, file names), and whether a schema judges it."""

    value: JSON
    texts: tuple[Text, ...] = ()
    judged: bool = True


Read = Callable[[Request, bytes], Content | Refuse]


def reader(declared: Declared, settings: Settings) -> Read:
    """How content of a declared representation is read."""
    if declared.kind == "form":
        return _form(declared, settings)
    if declared.kind == "multipart":
        return _multipart(declared, settings)
    if declared.kind == "json":
        return _json(settings)
    if declared.kind == "xml":
        return _xml(declared, settings)
    return _text if declared.kind == "text" else _opaque


def _opaque(request: Request, body: bytes) -> Content | Refuse:
    return Content(None, judged=False)


def _json(settings: Settings) -> Read:
    bounds = settings.bounds

    def read(request: Request, body: bytes) -> Content | Refuse:
        found = decode(body, bounds)
        if isinstance(found, Malformed):
            reason = JSON_REASONS[found.what]
            return Refuse(reason, (Fault("/body", reason.code),))
        return Content(found.value)

    return read


def _text(request: Request, body: bytes) -> Content | Refuse:
    try:
        return Content(body.decode("utf-8"))
    except UnicodeDecodeError:
        return Refuse(TEXT)


def _xml(declared: Declared, settings: Settings) -> Read:
    schema = declared.media.schema
    free = schema is None or schema is True or schema == {}
    shapes = XmlShapes(settings.schemas)
    shape, name = (shapes.of(schema), shapes.root(schema)) if schema is not None else (Shape(), "")

    def read(request: Request, body: bytes) -> Content | Refuse:
        root = parsed(body, settings.depth, settings.items)
        if root is None:
            return Refuse(XML)
        if free:
            texts = (Text(f"/body{leaf.path}", leaf.text, free=True) for leaf in leaves(root))
            return Content(None, tuple(texts), judged=False)
        if (name and root.name != name) or (shape.space and root.space != shape.space):
            return Refuse(ROOT, (Fault("/body", ROOT.code),))
        try:
            return Content(value_of(root, shape, root.space))
        except Repeated:
            return Refuse(REPEATED, (Fault("/body", REPEATED.code),))

    return read


@dataclass(frozen=True, slots=True)
class Fields:
    """How a form's fields become a value: the form's own typing, and each field's typing and encoding."""

    whole: Typing
    each: dict[str, Typing]
    nested: frozenset[str]
    files: frozenset[str]
    encoding: dict[str, Encoding]


def _fields(declared: Declared, settings: Settings) -> Fields:
    schema: Schema = declared.media.schema if declared.media.schema is not None else {"type": "object"}
    schemas = {n: s for here in in_place(schema, settings.schemas) for n, s in members(here).items()}
    each = {name: typing_of(below, settings.schemas) for name, below in schemas.items()}
    return Fields(
        typing_of(schema, settings.schemas),
        each,
        frozenset(n for n, t in each.items() if "object" in (t.items if t.kind == "array" else t.own)),
        frozenset(n for n, s in schemas.items() if _is_file(s, settings)),
        dict(declared.media.encoding),
    )


def _is_file(schema: Schema, settings: Settings) -> bool:
    """Binary by format (3.0) or by media type (3.1), itself or as elements."""
    if isinstance(schema, bool):
        return False
    items = schema.get("items")
    if isinstance(items, dict) and "array" in types(schema, settings.schemas):
        return _is_file(items, settings)
    if schema.get("format") == "binary" or "contentMediaType" in schema:
        return True
    branches = schema.get("anyOf", schema.get("oneOf", schema.get("allOf")))
    return isinstance(branches, list) and any(_is_file(b, settings) for b in branches if isinstance(b, dict))


def _form(declared: Declared, settings: Settings) -> Read:
    fields = _fields(declared, settings)

    def read(request: Request, body: bytes) -> Content | Refuse:
        try:
            pairs = query_pairs(body, settings.items)
        except ValueError:
            return Refuse(FORM)
        if pairs is None:
            return Refuse(FORM)
        given: dict[str, list[str | JSON]] = {}
        for pair in pairs:
            given.setdefault(pair.name, []).append(pair.value)
        return _assembled(given, fields, settings)

    return read


def _assembled(given: dict[str, list[str | JSON]], fields: Fields, settings: Settings) -> Content | Refuse:
    """The object of a form: text typed by each field's schema, a repeated field only where a list is declared."""
    made: dict[str, JSON] = {}
    for name, values in given.items():
        typing = fields.each.get(name)
        if name in fields.nested:
            parsed = _parsed(values, settings)
            if isinstance(parsed, Refuse):
                return parsed
            values = parsed
        if typing is not None and typing.kind == "array":
            encoding = fields.encoding.get(name)
            if encoding is not None and not encoding.explode and len(values) == 1 and isinstance(values[0], str):
                values = list(values[0].split(","))
            made[name] = [coerce(v, typing.items) if isinstance(v, str) else v for v in values]
        elif len(values) > 1:
            return Refuse(REPEATED, (Fault("/body", REPEATED.code),))
        else:
            own = typing.own if typing is not None else fields.whole.others
            made[name] = coerce(values[0], own) if isinstance(values[0], str) else values[0]
    return Content(made)


def _parsed(values: list[str | JSON], settings: Settings) -> list[JSON] | Refuse:
    """Fields that hold objects are JSON text (OpenAPI 3.1, Encoding Object, default content types)."""
    out: list[JSON] = []
    for value in values:
        found = decode(value.encode("utf-8", "surrogatepass"), settings.bounds) if isinstance(value, str) else None
        if isinstance(found, Malformed):
            return Refuse(JSON_REASONS[found.what], (Fault("/body", JSON_REASONS[found.what].code),))
        out.append(found.value if found is not None else value)
    return out


def _multipart(declared: Declared, settings: Settings) -> Read:
    fields = _fields(declared, settings)

    def read(request: Request, body: bytes) -> Content | Refuse:
        found = parts(body, request.head.headers.get("content-type", ""), settings.parts)
        if found is None:
            return Refuse(FORM)
        given: dict[str, list[str | JSON]] = {}
        texts: list[Text] = []
        for part in found:
            value = _value_of(part, fields, texts, settings)
            if isinstance(value, Refuse):
                return value
            given.setdefault(part.name, []).append(value)
        content = _assembled(given, fields, settings)
        return content if isinstance(content, Refuse) else Content(content.value, tuple(texts))

    return read


def _value_of(part: Part, fields: Fields, texts: list[Text], settings: Settings) -> str | Refuse:
    """A part's text; a file's content stays where it is and is the empty text in the value."""
    encoding = fields.encoding.get(part.name)
    allowed = encoding.content_type if encoding else None
    if allowed and part.media_type and not _allows(allowed, part.media_type):
        return Refuse(FILE_TYPE, (Fault(_at(part, fields), FILE_TYPE.code),))
    if part.filename is None and part.name not in fields.files:
        if part.charset not in ("", "utf-8", "us-ascii"):
            return Refuse(CHARSET)
        try:
            return part.content.decode("utf-8")
        except UnicodeDecodeError:
            return Refuse(TEXT, (Fault(_at(part, fields), TEXT.code),))
    return _file(part, fields, allowed, texts, settings)


def _file(part: Part, fields: Fields, allowed: str | None, texts: list[Text], settings: Settings) -> str | Refuse:
    at = _at(part, fields)
    if part.name not in fields.files:
        return Refuse(FILE_UNEXPECTED, (Fault(at, FILE_UNEXPECTED.code),))
    content = unpacked(part.content, part.coding, settings.unpacked) if part.coding else part.content
    if isinstance(content, Refuse):
        return content
    if not agrees(part.media_type, content) or (allowed and not part.media_type):
        return Refuse(FILE_TYPE, (Fault(at, FILE_TYPE.code),))
    if part.filename is not None and (part.filename or part.content):
        if not is_filename(part.filename):
            return Refuse(FILE_NAME, (Fault(at, FILE_NAME.code),))
        texts.append(Text(f"{at}/filename", part.filename, free=True, format="filename"))
    return ""


def _at(part: Part, fields: Fields) -> str:
    return f"/body/{part.name}" if part.name in fields.each else "/body/*"


def _allows(allowed: str, media_type: str) -> bool:
    """Whether a part's type is in a comma-separated list of types and ranges."""
    whole = media_type.partition("/")[0] + "/*"
    return any(each.strip().lower() in (media_type, whole, "*/*") for each in allowed.split(","))
