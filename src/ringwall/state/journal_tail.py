"""Following a journal as it is written: every log's whole lines, once, in order, from a place that can be kept.

It only reads. A line that is not what its own leaf hash was made of is told as damage, and passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ringwall.engines.ledger.frames import Frame, is_gone
from ringwall.state.journal_files import Segment, logs, segment_name, segments

_CHUNK = 1 << 20

Places = dict[str, tuple[int, int]]
"""For each log the segment (its first record's number) and the offset of the next line."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it was found: its log, number and bytes; None for the bytes where the line is damaged."""

    log: str
    index: int
    record: bytes | None


class Tail:
    """Reads on from its places. `skip` are logs that are not followed."""

    def __init__(self, journal: Path, places: Mapping[str, tuple[int, int]] | None = None, *, skip: str = "-") -> None:
        self._journal = journal
        self._skip = skip
        self.places: Places = dict(places or {})

    def to_end(self) -> None:
        """Start at the end of what there is."""
        for log in self._logs():
            found = segments(self._journal / log)
            if found:
                self.places[log] = (found[-1].first, _whole(found[-1].path))

    def read(self, most: int) -> list[Line]:
        """What was added since, at most about so many lines of each log."""
        return [line for log in self._logs() for line in self._read(log, most)]

    def behind(self) -> int:
        """Bytes that were written and not read yet."""
        total = 0
        for log in self._logs():
            segment, offset = self.places.get(log, (0, 0))
            sizes = [(s.first, s.path.stat().st_size) for s in segments(self._journal / log) if s.first >= segment]
            total += sum(size - (offset if first == segment else 0) for first, size in sizes)
        return total

    def _logs(self) -> list[str]:
        return [log for log in logs(self._journal) if log != self._skip]

    def _read(self, log: str, most: int) -> Iterator[Line]:
        count = 0
        while count < most:
            before = self.places.get(log)
            lines = self._some(log)
            yield from lines
            count += len(lines)
            if not lines and self.places.get(log) == before:
                return

    def _some(self, log: str) -> list[Line]:
        """The whole lines of the next chunk; nothing, with the place moved on, at the end of a full segment."""
        place = self.places.get(log)
        if place is None:
            found = segments(self._journal / log)
            if not found:
                return []
            place = (found[0].first, 0)
        first, offset = self.places[log] = place
        try:
            with (self._journal / log / segment_name(first)).open("rb", buffering=0) as file:
                file.seek(offset)
                data = file.read(_CHUNK)
        except FileNotFoundError:  # retired meanwhile
            data = b""
        end = data.rfind(b"\n") + 1
        if end:
            self.places[log] = (first, offset + end)
            return [line_of(log, line) for line in data[: end - 1].split(b"\n") if not is_gone(line)]
        following = _next(segments(self._journal / log), first)
        if following is not None:
            self.places[log] = (following.first, 0)
        return []


def line_of(log: str, line: bytes) -> Line:
    """A line as it was found in a log."""
    frame = Frame.parse(line)
    if frame is None or not frame.holds:
        return Line(log, frame.index if frame else -1, None)
    return Line(log, frame.index, frame.record)


def _whole(path: Path) -> int:
    """How much of a segment is whole lines."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - 70_000))
        rest = file.read()
    return size - (len(rest) - (rest.rfind(b"\n") + 1))


def _next(found: list[Segment], first: int) -> Segment | None:
    return next((segment for segment in found if segment.first > first), None)
