"""A long list in pages, in any form: JSON, JSON in lines, a table. A page is parsed, and written out once judged."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import Final, Protocol

from ringwall.core.message import JSON
from ringwall.core.split import PAGE, Decode, Joiner, Page, Splitter, Unreadable
from ringwall.core.table import TABLE, Columns, columns

LINES: Final = frozenset(
    {b"application/x-ndjson", b"application/ndjson", b"application/jsonl", b"application/x-jsonlines"}
)
"""Media types of which each line is a JSON value."""
Encode = Callable[[JSON], bytes]


class Pages(Protocol):
    """Cuts a list that arrives in parts, and writes the pages out as one."""

    def feed(self, part: bytes) -> None:
        """Take the next part."""

    def page(self, *, last: bool) -> Page | None:
        """The next page, or None where more has to come first. Raises Unreadable."""

    def written(self, data: JSON, left: tuple[str, ...] | None) -> bytes:
        """What a page, once judged, adds to the list."""


def pages_of(media: bytes, decode: Decode, encode: Encode, most: int) -> Pages:
    """What cuts a list of this media type. `most` are the bytes of the longest item."""
    if media in LINES:
        return _LinePages(decode, encode, most)
    return _TablePages(most) if media == TABLE else _JsonPages(decode, encode, most)


class _JsonPages(Splitter):
    def __init__(self, decode: Decode, encode: Encode, most: int) -> None:
        super().__init__(decode, most)
        self._joiner = Joiner(encode)

    def written(self, data: JSON, left: tuple[str, ...] | None) -> bytes:
        return self._joiner.written(data, left)


class _Flat:
    """What is cut at ends of lines."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._text = bytearray()
        self._more = False

    def feed(self, part: bytes) -> None:
        self._text += part

    def page(self, *, last: bool) -> Page | None:
        end = self._end() if len(self._text) >= PAGE else -1
        if end < 0 and len(self._text) > self._most:
            raise Unreadable
        if end < 0 and not (last and self._text):
            return None
        text = bytes(self._text[: end + 1] if end >= 0 else self._text)
        del self._text[: len(text)]
        within, self._more = () if self._more else None, True
        return Page(text, self._read(text), within, () if end >= 0 else None)

    def _end(self) -> int:
        return self._text.rfind(b"\n")

    def _read(self, text: bytes) -> JSON:
        raise NotImplementedError


class _LinePages(_Flat):
    def __init__(self, decode: Decode, encode: Encode, most: int) -> None:
        super().__init__(most)
        self._decode, self._encode = decode, encode

    def _read(self, text: bytes) -> JSON:
        return read_lines(text, self._decode)

    def written(self, data: JSON, left: tuple[str, ...] | None) -> bytes:
        return write_lines(data, self._encode)


class _TablePages(_Flat):
    _columns: Columns | None = None
    _begun = False

    def _end(self) -> int:
        """The last end of a line that stands in no quotes: before it their number is even."""
        end = self._text.rfind(b"\n")
        while end >= 0 and self._text.count(b'"', 0, end) % 2:
            end = self._text.rfind(b"\n", 0, end)
        return end

    def _read(self, text: bytes) -> JSON:
        try:
            if self._columns is None:
                self._columns, text = columns(text)
            return self._columns.rows(text)
        except (ValueError, csv.Error) as failure:
            raise Unreadable from failure

    def written(self, data: JSON, left: tuple[str, ...] | None) -> bytes:
        if self._columns is None or not isinstance(data, list):
            return b""
        head = b"" if self._begun else self._columns.head()
        self._begun = True
        return head + self._columns.written(data)


def read_lines(text: bytes, decode: Decode) -> JSON:
    """The values that stand in lines. Raises Unreadable."""
    told = [decode(line) for line in text.split(b"\n") if line.strip()]
    if not all(parsed for _, parsed in told):
        raise Unreadable
    return [data for data, _ in told]


def write_lines(data: JSON, encode: Encode) -> bytes:
    """Values in lines."""
    return b"".join(encode(line) + b"\n" for line in data) if isinstance(data, list) else encode(data)
