"""Comma-separated values (RFC 4180) as a list of objects: each row by the names that the first gives its columns."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ringwall.core.message import JSON

TABLE: Final = b"text/csv"
"""The media type (RFC 4180, section 3)."""
_BOM: Final = b"\xef\xbb\xbf"
_BETWEEN: Final = (",", ";", "\t", "|")


class Columns(NamedTuple):
    """The names in a table's first row, what stands between them, and how its lines begin and end."""

    names: tuple[str, ...]
    between: str
    line: str
    mark: bytes

    def rows(self, text: bytes) -> list[JSON]:
        """The rows of a text as objects; a cell that is not there is no property. Raises ValueError."""
        try:
            told = csv.reader(io.StringIO(text.decode(), newline=""), delimiter=self.between, strict=True)
            return list(self._objects(told))
        except csv.Error as failure:
            raise ValueError("no table") from failure

    def _objects(self, told: Iterator[list[str]]) -> Iterator[JSON]:
        for cells in told:
            if len(cells) > len(self.names):
                raise ValueError("a row with more cells than columns")
            if cells:
                yield dict(zip(self.names, cells, strict=False))

    def head(self) -> bytes:
        """The first row."""
        return self.mark + self._written([list(self.names)])

    def written(self, rows: Iterable[JSON]) -> bytes:
        """Rows as text; a property that is not there, or holds nothing, is an empty cell."""
        return self._written([_cell(row.get(n)) for n in self.names] for row in rows if isinstance(row, dict))

    def _written(self, rows: Iterable[list[str]]) -> bytes:
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=self.between, lineterminator=self.line).writerows(rows)
        return out.getvalue().encode()


def columns(text: bytes) -> tuple[Columns, bytes]:
    """A table's columns, and the text below them. Raises ValueError where it has none, or two of one name."""
    mark = _BOM if text.startswith(_BOM) else b""
    end = text.find(b"\n")
    first = text[len(mark) : end if end >= 0 else len(text)].decode()
    between = max(_BETWEEN, key=first.count)
    try:
        names = next(csv.reader([first.rstrip("\r")], delimiter=between, strict=True), [])
    except csv.Error as failure:
        raise ValueError("no columns") from failure
    if not names or len(set(names)) < len(names):
        raise ValueError("no columns")
    line = "\r\n" if first.endswith("\r") or end < 0 else "\n"
    return Columns(tuple(names), between, line, mark), text[end + 1 :] if end >= 0 else b""


def _cell(value: JSON) -> str:
    return "" if value is None else str(value)
