"""multipart/form-data (RFC 7578) as parts: read strictly, bounded, nothing guessed. Never raises on any bytes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from multipart import MultipartError, MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]

_BOUNDARY = re.compile(
    r";\s*boundary=(?:\"([A-Za-z0-9'()+_,./:=? -]{1,70})\"|([A-Za-z0-9'+_.-]{1,70}))\s*(?:;|$)", re.I
)
_MEDIA = re.compile(r"\s*([a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+)\s*(?:;\s*charset=\"?([a-z0-9-]+)\"?)?\s*", re.I)


_DISPOSITION = re.compile(r'form-data; ?name="(?:[^"\\\r\n]|\\[\\"])+"(?:; ?filename="(?:[^"\\\r\n]|\\[\\"])*")?', re.I)
"""RFC 7578, section 4.2: name, then perhaps filename, once each; `filename*` is not to be used."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its field's name, a file's name (None: a field), its media type in lower case ("" where none is
    stated), its charset, its content, the coding that a file's content is said to be packed in ("": none), and its
    headers as they came."""

    name: str
    filename: str | None
    media_type: str
    charset: str
    content: bytes
    coding: str = ""
    headers: tuple[tuple[str, str], ...] = ()


def parts(content: bytes, content_type: str, most: int) -> tuple[Part, ...] | None:
    """The parts of a body in order, at most `most`; None where it is not well-formed, or a header comes twice."""
    if content_type.lower().count("boundary=") != 1:
        return None
    found = _BOUNDARY.search(content_type)
    if found is None:
        return None
    boundary = found.group(1) or found.group(2)
    if not _ends_once(content, f"--{boundary}--".encode()):
        return None
    try:
        return tuple(_parsed(content, boundary, most))
    except (MultipartError, ValueError):
        return None


def written(made: Sequence[tuple[Part, bytes]], content_type: str) -> bytes | None:
    """The body of parts with the contents beside them, under the boundary that is stated; None where a content holds
    it. The length that a part states of itself is left out."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        return None
    line = f"--{found.group(1) or found.group(2)}".encode()
    out = bytearray()
    for part, content in made:
        if any(each.startswith(line) for each in content.splitlines()):
            return None  # also behind a bare CR or LF, which some readers take for the end of a line
        kept = (f"{name}: {value}\r\n" for name, value in part.headers if name.lower() != "content-length")
        out += line + b"\r\n" + "".join(kept).encode("utf-8", "surrogateescape") + b"\r\n" + content + b"\r\n"
    return bytes(out + line + b"--\r\n")


def _ends_once(content: bytes, closing: bytes) -> bool:
    """Whether the closing delimiter stands once, at the end: an epilogue is a place where some readers see parts."""
    at = 0 if content.startswith(closing) else content.find(b"\r\n" + closing) + 2
    return content[at:] in (closing, closing + b"\r\n")


def _parsed(content: bytes, boundary: str, most: int) -> list[Part]:
    made: list[Part] = []
    with PushMultipartParser(
        boundary, content_length=len(content), max_header_count=4, max_segment_count=most, strict=True
    ) as parser:
        head: MultipartSegment | None = None
        body = bytearray()
        for event in (*parser.parse(content), *parser.parse(b"")):
            if isinstance(event, MultipartSegment):
                head, body = event, bytearray()
            elif event is None and head is not None:
                made.append(_part(head, bytes(body)))
                head = None
            elif event is not None:
                body += event
    return made


def _part(head: MultipartSegment, content: bytes) -> Part:
    names = [name.lower() for name, _ in head.headerlist]
    headers = dict(zip(names, (value for _, value in head.headerlist), strict=True))
    if len(names) != len(headers) or not head.name:
        raise ValueError("a header that comes twice, or a part without a name")
    if headers.get("content-transfer-encoding", "binary").strip().lower() not in _UNCHANGED:
        raise ValueError("content that some readers would decode")
    if head.filename is None and headers.keys() - _HEADERS:
        raise ValueError("a header that a field does not have")
    if not _DISPOSITION.fullmatch(headers["content-disposition"]):
        raise ValueError("a disposition that could be read in two ways")
    stated = headers.get("content-type")
    media = _MEDIA.fullmatch(stated) if stated else None
    if stated and media is None:
        raise ValueError("a part's content type")
    kind, charset = (media.group(1).lower(), (media.group(2) or "").lower()) if media else ("", "")
    coding = headers.get("content-encoding", "").strip().lower()
    return Part(
        head.name, head.filename, kind, charset, content, "" if coding == "identity" else coding, tuple(head.headerlist)
    )


_HEADERS = frozenset({"content-disposition", "content-type", "content-length", "content-transfer-encoding"})
_UNCHANGED = frozenset({"7bit", "8bit", "binary"})
"""RFC 7578, section 4.7, ends `Content-Transfer-Encoding`; some libraries still write it on every part."""
