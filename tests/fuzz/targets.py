"""One target for each parser of strangers' bytes: what has to hold for every input. A breach raises.

`python -m fuzz` searches with atheris (coverage of Python's own code); `test_fuzz_corpus` replays what is kept.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit

from ringwall.adapters.gateway import heads, syntax
from ringwall.contract.document import parse
from ringwall.contract.model import Misconfigured
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import load
from ringwall.core import coding, decode
from ringwall.core.admit import Admission, admit
from ringwall.core.message import Head, RawHead
from ringwall.engines import payload
from ringwall.engines.ledger import checkpoints, notes
from ringwall.engines.schema import Bounds, Decoded, files, forms, style, text, urls, xml
from ringwall.engines.schema import decode as decode_json
from ringwall.engines.schema.coerce import coerce
from ringwall.engines.schema.formats import FORMATS
from ringwall.engines.sinks import sql_lexer
from ringwall.engines.sinks.path import path_escape
from ringwall.engines.sinks.shell import shell_structure
from ringwall.engines.sinks.sql import sql_structure
from ringwall.engines.tokens import header

Target = Callable[[bytes], None]
_LIMIT = 4096
_FORMATS: tuple[payload.Format, ...] = (
    "text", "plain", "markdown", "html", "code", "sql", "url", "filename", "json",
)  # fmt: skip


def said(data: bytes) -> str:
    """Text of any bytes, lone surrogates included."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def _text(data: bytes) -> str:
    try:
        return said(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def json_decoder(data: bytes) -> None:
    """What is decoded is what the standard library reads, and no member came twice."""
    found = decode_json(data, Bounds(depth=16, items=200))
    if isinstance(found, Decoded):
        pairs: list[int] = []

        def distinct(given: list[tuple[str, object]]) -> dict[str, object]:
            pairs.append(len({name for name, _ in given}) - len(given))
            return dict(given)

        assert json.loads(data, object_pairs_hook=distinct) == found.value
        assert not any(pairs)


def query(data: bytes) -> None:
    """A query is read, is none, or is not decodable; no NUL comes out."""
    try:
        pairs = decode.query_pairs(bytes(byte & 0x7F for byte in data), 64)
    except decode.Undecodable:
        return
    assert all("\0" not in pair.name + pair.value for pair in pairs or ())


def path(data: bytes) -> None:
    """Segments never hold what would be another path. (A head with other than ASCII in it was refused before.)"""
    try:
        segments = decode.path_segments(bytes(byte & 0x7F for byte in data))
    except decode.Undecodable:
        return
    assert all(segment not in (".", "..") and "/" not in segment and "\0" not in segment for segment in segments or ())


def request_head(data: bytes) -> None:
    """Bytes of a connection to a request, or to a refusal; what is admitted is canonical."""
    if syntax.flaw_of_request(data) is None:
        raw = heads.parse_request(data, "192.0.2.1", secure=True)
        if isinstance(raw, RawHead):
            head = admit(raw, Admission(), "r")
            assert not isinstance(head, Head) or ".." not in head.path.split("/")


def packed(data: bytes) -> None:
    """Packed content unpacks under its bound, or is refused."""
    for name in (b"gzip", b"deflate"):
        try:
            assert len(coding.unpack(data, name, _LIMIT)) <= _LIMIT
        except coding.Unpackable:
            continue
    if len(data) < 64:
        assert coding.unpack(zlib.compress(data), b"deflate", _LIMIT) == data


def multipart(data: bytes) -> None:
    """The parts of a body, at most as many as are allowed."""
    found = forms.parts(data, "multipart/form-data; boundary=b", 8)
    assert found is None or len(found) <= 8


def xml_leaves(data: bytes) -> None:
    """No document type passes, whatever surrounds it."""
    root = xml.parsed(data, 16, 200)
    assert root is None or b"<!DOCTYPE" not in data or b"<![CDATA[" in data or b"<!--" in data
    assert root is None or len(list(xml.leaves(root))) <= 400


def styles(data: bytes) -> None:
    """Every style of every kind has an answer; typed values come from one spelling."""
    value = _text(data)
    for kind in ("scalar", "array", "object"):
        for explode in (True, False):
            style.simple(value, kind, style.as_is, explode=explode)
            style.label(value, kind, style.as_is, explode=explode)
            style.matrix(value, "n", kind, style.as_is, explode=explode)
        for name in style.DELIMITERS:
            style.delimited(value, name, kind, style.as_is)
    number = coerce(value, frozenset({"integer"}))
    assert not isinstance(number, int) or str(number) == value


def formats(data: bytes) -> None:
    """A format says yes or no."""
    value = _text(data)
    assert all(isinstance(decide(value), bool) for decide in FORMATS.values())


def url(data: bytes) -> None:
    """A URL that is allowed has a host that another parser reads too, and leads outside."""
    value = _text(data)
    if urls.is_allowed(value):
        host = urlsplit(value).hostname or ""
        assert "." in host or ":" in host
        assert payload.inspect(value, "url") is None or "127." not in host


def names_and_text(data: bytes) -> None:
    """What is made safe is safe, and stays as it is when made safe again."""
    value = _text(data)
    safe = files.safe_filename(value)
    assert files.is_filename(safe)
    clean = text.canonical(value)
    assert text.flaw_of(clean) is None
    assert text.canonical(clean) == clean


def detection(data: bytes) -> None:
    """Every text of every format has one answer, which repeats nothing of it."""
    value = _text(data)
    for name in _FORMATS:
        finding = payload.inspect(value, name)
        assert finding is None or finding.reason.startswith("detection.")


def statements(data: bytes) -> None:
    """Tokens lie in order within the statement; a statement without input is never refused."""
    value = _text(data)
    for dialect in sql_lexer.DIALECTS.values():
        made = sql_lexer.tokens(value, dialect)
        assert all(a < b for a, b in zip(made.starts, made.ends, strict=True))
        assert list(made.starts) == sorted(made.starts)
    half = value[: len(value) // 2]
    sql_structure(value, half)
    shell_structure(value, half)
    path_escape(value, half)


def token_header(data: bytes) -> None:
    """A token's first part is a header or a flaw."""
    header.read(_text(data))


def log_notes(data: bytes) -> None:
    """A signed note splits, or is none; a checkpoint that is read writes itself again."""
    try:
        written, _ = notes.split_note(data)
        made = checkpoints.Checkpoint.parse(written)
    except notes.NoteError:
        return
    assert made.text == written


def contract(data: bytes) -> None:
    """A contract loads, or its mistakes are told."""
    with suppress(Misconfigured):
        load("ringwall: 1\napi: x\n" + _text(data), openapi={"openapi": "3.1.0", "paths": {}})


def document(data: bytes) -> None:
    """YAML or JSON with positions, and the API that it describes."""
    with suppress(Misconfigured):
        parse(data, "x")
        load_api(data, "x")


TARGETS: dict[str, Target] = {
    each.__name__: each
    for each in (
        json_decoder, query, path, request_head, packed, multipart, xml_leaves, styles, formats, url, names_and_text,
        detection, statements, token_header, log_notes, contract, document,
    )
}  # fmt: skip
