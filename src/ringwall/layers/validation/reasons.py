"""Every reason for which this layer refuses."""

from __future__ import annotations

from typing import Final

from ringwall.core import coding
from ringwall.core.reasons import Layer, Reason
from ringwall.engines.schema import CODES

LAYER: Final = Layer.VALIDATION

_MEND = "Mend the values that `errors` points at."
_RULES = {
    "type": "of another type than the document says",
    "required": "missing",
    "unknown": "not declared in the document",
    "format": "not of its declared format",
    "pattern": "not of its declared pattern",
    "range": "outside its declared range",
    "length": "shorter or longer than declared",
    "items": "a list with fewer, more or other elements than declared",
    "properties": "an object with fewer or more properties than declared",
    "name": "under a name that is not allowed",
    "unique": "a list with an element twice that must stand once",
    "enum": "none of the listed values",
    "const": "not the one value allowed",
    "oneof": "none, or more than one, of the declared alternatives",
    "readonly": "read-only, and may not be sent",
    "not": "one that the document excludes",
}


def _reason(code: str, status: int, title: str, caller: str, operator: str) -> Reason:
    return Reason(f"validation.{code}", status, title, caller, operator)


SCHEMA_REASONS: Final = {
    code: _reason(code, 422, "Invalid input", _MEND, f"A value is {_RULES[code]}.") for code in CODES
}

SCHEMA = _reason("schema", 500, "Operation not available", "Tell the operator; quote the request id.",
    "The document's schema for this operation cannot be used (`ringwall check` says why), so it is closed.",
)  # fmt: skip

_JSON = "Send JSON as RFC 8259 and RFC 7493 describe it."
JSON_REASONS: Final = {
    "syntax": _reason("json", 400, "Malformed JSON", _JSON, "The content is not JSON in strict UTF-8."),
    "duplicate": _reason("json.duplicate", 400, "Duplicate name", _JSON,
        "An object names a member twice: two parsers would read two values."),
    "number": _reason("json.number", 400, "Number out of bounds", _JSON, "An integer does not fit 64 bits."),
    "depth": _reason("json.depth", 400, "Nested too deeply", "Send flatter content.",
        "The content nests deeper than `limits.depth`."),
    "items": _reason("json.items", 413, "Too many members", "Send less at once.",
        "The content holds more members and elements than `limits.items`."),
}  # fmt: skip

TEXT_REASONS: Final = {
    "control": _reason("text.control", 422, "Invalid text", _MEND, "A text holds a control character."),
    "bidi": _reason("text.bidi", 422, "Invalid text", _MEND,
        "A text holds a bidirectional override: it would not read as it is stored. `sanitize: true` removes it."),
    "normal": _reason("text.normal", 422, "Invalid text", "Send text in Unicode normal form C.",
        "A text is not in Unicode normal form C: two spellings of one name. `sanitize: true` rewrites it."),
}  # fmt: skip

MEDIA = _reason("media", 415, "Unsupported media type", "Send one of the media types in Accept.",
    "The content's type is missing, malformed, or not declared for this operation.")  # fmt: skip
CHARSET = _reason("charset", 415, "Unsupported charset", "Send UTF-8.", "The content's charset is not UTF-8.")
CODING = _reason("coding.unknown", 415, "Unsupported content coding", "Send gzip, deflate, or no content coding.",
    "The content is packed in a coding that is not taken, or packed although it is streamed past.")  # fmt: skip
MISSING = _reason("body.missing", 422, "Missing content", "Send the content.", "The document requires a body.")
UNEXPECTED = _reason("body.unexpected", 400, "Unexpected content", "Send no content.",
    "The operation declares no body; one that two programs frame differently is request smuggling.")  # fmt: skip

QUERY_UNKNOWN = _reason("query.unknown", 422, "Unknown parameter", "Leave out parameters that are not declared.",
    "The query names a parameter that the document does not declare.")  # fmt: skip
REPEATED = _reason("repeated", 422, "Repeated parameter", "Send each value once.",
    "A parameter or field that holds one value came twice: two programs would take different ones.")  # fmt: skip
STYLE = _reason("style", 422, "Malformed parameter", "Write parameters in the declared style.",
    "A parameter's text is not of the style (`form`, `deepObject` …) that the document declares.")  # fmt: skip

FORM = _reason("form", 400, "Malformed form", "Send a form as the URL Standard or RFC 7578 describes it.",
    "The form's encoding is broken, or could be read in two ways.")  # fmt: skip
XML = _reason("xml", 400, "Malformed XML", "Send well-formed XML in UTF-8 without a document type.",
    "The XML is not well-formed, is too deep or too large, or has a document type (XXE, entity bombs).")  # fmt: skip
ROOT = _reason("xml.root", 422, "Unexpected XML element", "Send the element that the document declares.",
    "The root of an XML document has another name or namespace than its schema's `xml` object says.")  # fmt: skip
TEXT = _reason("text", 400, "Malformed text", "Send text in UTF-8.", "The content is not UTF-8.")
FILE_TYPE = _reason("file.type", 415, "File type not allowed", "Send a file of a declared type.",
    "A file's type is not declared, or its first bytes are not of the type that it claims.")  # fmt: skip
FILE_NAME = _reason("file.name", 422, "File name not allowed", "Use a plain file name.",
    "A file's name holds a separator, a control, a reserved character or a device's name.")  # fmt: skip
FILE_UNEXPECTED = _reason("file.unexpected", 422, "Unexpected file", "Send a file where one is declared only.",
    "A file came for a field that is not declared to hold one.")  # fmt: skip
URL = _reason("url", 422, "URL not allowed", "Use an http or https URL of a public host.",
    "A field of format `url` names another scheme, a private address, or a host in a doubtful spelling.")  # fmt: skip

REASONS: Final[tuple[Reason, ...]] = (
    *SCHEMA_REASONS.values(), SCHEMA, *JSON_REASONS.values(), *TEXT_REASONS.values(), MEDIA, CHARSET, CODING,
    coding.BOMB, coding.CORRUPT, MISSING, UNEXPECTED, QUERY_UNKNOWN, REPEATED, STYLE, FORM, XML, ROOT, TEXT,
    FILE_TYPE, FILE_NAME, FILE_UNEXPECTED, URL,
)  # fmt: skip
BY_CODE: Final = {reason.code: reason for reason in REASONS}
