"""What happened to a journal at the first line that is not what belongs there, told from evidence in the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import orjson

from ringwall.engines.ledger.frames import Frame, Tagger
from ringwall.state.journal_files import Segment, chunks

Kind = Literal["altered", "missing", "reordered", "truncated", "malformed", "checkpoint"]


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing wrong: a file within the journal, the record's number in its log, and what it is.

    Of kind `checkpoint`, the file is a checkpoint's and the number is the size that it speaks of."""

    segment: str
    record: int
    kind: Kind


def diagnose(found: list[Segment], expected: int, line: bytes | None, tagger: Tagger | None) -> tuple[int, Kind]:
    """The first wrong record and its kind, where `line` stands in the place of record `expected`; None where its
    segment is not there, which asks what stands next."""
    lines = _Lines(found, tagger)
    here, after = lines.at(expected)
    frame = Frame.parse(here if line is None else line)
    if frame is None:
        return expected, "missing" if line is None else _unreadable(line)
    source = lines.source(frame)
    if source is None or source == expected:
        return expected, "altered"
    if tagger is None and source == expected - 1 and frame.leaf != lines.leaf_before(expected):
        return source, "altered"  # two records claim one number: the first of them is where trust ends
    if lines.has(expected):
        return expected, "reordered"
    if source < expected or lines.authentic(after, expected + 1):
        return expected, "altered"
    return expected, "missing"


def _unreadable(line: bytes) -> Kind:
    """A line in another spelling was altered; one that is no record at all is malformed."""
    try:
        document = orjson.loads(line)
    except orjson.JSONDecodeError:
        return "malformed"
    known = isinstance(document, dict) and document.keys() == {"n", "record", "leaf", "tag"}
    return "altered" if known else "malformed"


class _Lines:
    """All lines of a log, asked about slowly: this runs once, when something is wrong."""

    def __init__(self, found: list[Segment], tagger: Tagger | None) -> None:
        self._found, self._tagger = found, tagger

    def _all(self) -> Iterator[bytes]:
        for segment in self._found:
            for lines, _ in chunks(segment.path):
                yield from lines

    def at(self, place: int) -> tuple[bytes, bytes]:
        """The lines at a place, counted from the first, and after it; empty where there are none."""
        pair = [line for number, line in enumerate(self._all()) if number in (place, place + 1)]
        here, after, *_ = [*pair, b"", b""]
        return here, after

    def leaf_before(self, place: int) -> bytes:
        """The leaf hash stated just before a place."""
        frame = Frame.parse(self.at(place - 1)[0])
        return frame.leaf if frame else b""

    def source(self, frame: Frame) -> int | None:
        """The number under which the key's holder wrote this record; None where nobody did."""
        if not frame.holds:
            return None
        if self._tagger is None or self._tagger.tag(frame.index, frame.leaf) == frame.tag:
            return frame.index
        reach = 2 * sum(1 for _ in self._all()) + 1024
        tag = self._tagger.tag
        return next((number for number in range(reach) if tag(number, frame.leaf) == frame.tag), None)

    def has(self, number: int) -> bool:
        """Whether the record of this number stands anywhere."""
        return any(self.authentic(line, number) for line in self._all())

    def authentic(self, line: bytes, number: int) -> bool:
        """Whether a line is the authentic record of this number."""
        frame = Frame.parse(line)
        return frame is not None and frame.authentic(self._tagger, number)
