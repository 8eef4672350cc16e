"""The form that a request's body has: its media type, the schema of what it says, and the word it is wrapped in.

Many APIs put the whole body under one property (`{"user": {…}}`). What is in it is what everything else speaks of; it
is wrapped again when it is written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode
from xml.sax.saxutils import escape

from ringwall.contract.api import JSON, ApiOperation, Schema
from ringwall.contract.survey import properties

BOUNDARY = "ringwall-5f1e0c7a9b"
_MEDIA = ("json", "x-www-form-urlencoded", "xml", "multipart/form-data")


@dataclass(frozen=True, slots=True)
class Form:
    """`media` is empty where nothing is sent; `files` names the properties that are files."""

    media: str
    schema: JSON
    envelope: str | None = None
    files: frozenset[str] = frozenset()

    def write(self, body: JSON) -> bytes:
        """The body as it goes on the wire."""
        if self.media.startswith("multipart/"):
            return _parts(body, self.files)
        return written(self.media, {self.envelope: body} if self.envelope and body is not None else body)

    @property
    def content_type(self) -> str:
        """The header's value."""
        return f"{self.media}; boundary={BOUNDARY}" if self.media.startswith("multipart/") else self.media


NONE = Form("", None)


def form_of(operation: ApiOperation, schemas: Mapping[str, Schema]) -> Form:
    """The form to send, JSON where there is a choice."""
    content = operation.body.content if operation.body else {}
    for wanted in _MEDIA:
        for media, entry in content.items():
            if wanted in media:
                return _form(media, entry.schema, schemas)
    return _form("application/json", next(iter(content.values())).schema, schemas) if "*/*" in content else NONE


def _form(media: str, schema: JSON, schemas: Mapping[str, Schema]) -> Form:
    given = properties(schema, schemas)
    if "json" in media and len(given) == 1:
        name, inner = next(iter(given.items()))
        if properties(inner, schemas):
            return Form(media, inner, name)
    files = (n for n, s in given.items() if isinstance(s, dict) and _is_file(s))
    return Form(media, schema, None, frozenset(files))


def _is_file(schema: Mapping[str, JSON]) -> bool:
    """Whether a part is a file: `format: binary` (OpenAPI 3.0), `contentMediaType` (3.1)."""
    return schema.get("format") == "binary" or "contentMediaType" in schema


def text_of(value: JSON) -> str:
    """A value as a path or query has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def written(media: str, body: JSON) -> bytes:
    """A body in its media type; nothing where there is none to send."""
    if not media or body is None:
        return b""
    if "xml" in media:
        inner = "".join(f"<{n}>{escape(text_of(v))}</{n}>" for n, v in body.items()) if isinstance(body, dict) else ""
        return f"<document>{inner}</document>".encode()
    if "x-www-form-urlencoded" in media and isinstance(body, dict):
        return urlencode({n: text_of(v) for n, v in body.items()}).encode()
    return json.dumps(body).encode()


def _parts(body: JSON, files: frozenset[str]) -> bytes:
    """RFC 7578: a part for each property, a file with a name."""
    lines: list[str] = []
    for name, value in body.items() if isinstance(body, dict) else ():
        said = '; filename="rw.txt"\r\nContent-Type: text/plain' if name in files else ""
        lines += [f"--{BOUNDARY}", f'Content-Disposition: form-data; name="{name}"{said}', "", text_of(value)]
    return "\r\n".join([*lines, f"--{BOUNDARY}--", ""]).encode()
