"""Finding where a log ended: after a close, a kill, or a power cut, and only there.

It goes on from the last signed checkpoint, and cuts off nothing but a torn end that no checkpoint covers, which
it keeps beside the segment. Anything else that does not hold is `JournalDamaged`: the journal stays shut.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import orjson

from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.frames import MAX_LINE, Frame, Tagger, authenticated
from ringwall.engines.ledger.merkle import Frontier
from ringwall.engines.ledger.notes import NoteError, VerifierKey
from ringwall.state.journal_files import (
    CHECKPOINT,
    CHECKPOINTS,
    FRONTIER,
    JournalDamaged,
    Segment,
    chunks,
    is_log,
    segment_name,
    segments,
)


@dataclass(frozen=True, slots=True)
class Recovered:
    """A torn end that was cut off: before which record, how many bytes, and the file that keeps them."""

    record: int
    bytes: int
    kept: Path


@dataclass(frozen=True, slots=True)
class Position:
    """Where a log goes on: its tree so far, and the segment and offset of the next line."""

    frontier: Frontier
    segment: int
    offset: int

    def encode(self) -> bytes:
        """One line of the frontier file."""
        nodes = [node.hex() for node in self.frontier.nodes]
        state = {"size": self.frontier.size, "segment": self.segment, "offset": self.offset, "nodes": nodes}
        return orjson.dumps(state) + b"\n"

    @classmethod
    def decode(cls, line: bytes) -> Position:
        """Reads `encode`'s line. Raises ValueError, KeyError or TypeError."""
        state = orjson.loads(line)
        nodes = [bytes.fromhex(node) for node in state["nodes"]]
        return cls(Frontier(state["size"], nodes), int(state["segment"]), int(state["offset"]))


START = Position(Frontier(), 0, 0)


def recover(directory: Path, key: VerifierKey, tagger: Tagger) -> tuple[Position, int, Recovered | None]:
    """Where the log goes on, the size that its last checkpoint signed (-1: a new log), and what was cut off."""
    if not is_log(directory):
        return START, -1, None
    signed = _signed(directory / CHECKPOINT, key)
    _mend_history(directory / CHECKPOINTS)
    replay = _Replay(directory, _kept(directory, signed, tagger) or START, signed, tagger)
    recovered = replay.run()
    return Position(replay.frontier, replay.segment, replay.offset), signed.size, recovered


def _signed(path: Path, key: VerifierKey) -> Checkpoint:
    try:
        return Checkpoint.open(path.read_bytes(), key)
    except (OSError, NoteError) as error:
        raise JournalDamaged(f"{path}: no checkpoint that this journal's key signed ({error})") from error


def _kept(directory: Path, signed: Checkpoint, tagger: Tagger) -> Position | None:
    """The kept position that the signed root and the line before it vouch for: what is older needs no reading."""
    try:
        lines = (directory / FRONTIER).read_bytes().splitlines()
        kept = [Position.decode(line) for line in lines]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    for position in kept:
        same = position.frontier.size == signed.size and position.frontier.root() == signed.root
        if same and _follows_its_record(directory, position, tagger):
            return position
    return None


def _follows_its_record(directory: Path, position: Position, tagger: Tagger) -> bool:
    """Whether the position is just after its last record, or at the start of a segment named for the next."""
    if position.offset == 0:
        return position.segment == position.frontier.size
    try:
        with (directory / segment_name(position.segment)).open("rb") as file:
            start = max(0, position.offset - MAX_LINE)
            file.seek(start)
            before = file.read(position.offset - start)
    except OSError:
        return False
    *_, line, end = [b"", *before.split(b"\n")]
    frame = Frame.parse(line)
    whole = start + len(before) == position.offset and not end
    return whole and frame is not None and frame.authentic(tagger, position.frontier.size - 1)


def _mend_history(path: Path) -> None:
    """Cuts a note that was being written when the process ended."""
    notes = path.read_bytes() if path.exists() else b""
    whole = list(each_note(notes))
    if whole and not _complete(whole[-1]):
        os.truncate(path, len(notes) - len(whole[-1]))


def _complete(note: bytes) -> bool:
    """Whether a note of the history was written to its end."""
    return note.count(b"\n") == 5 and note.endswith(b"\n")


class _Replay:
    """Walks the lines after a position, as far as they hold."""

    def __init__(self, directory: Path, start: Position, signed: Checkpoint, tagger: Tagger) -> None:
        self.directory = directory
        self.frontier = start.frontier.copy()
        self.segment, self.offset = start.segment, start.offset
        self._signed, self._tagger = signed, tagger

    def run(self) -> Recovered | None:
        """Reads to the end; returns what was cut off there."""
        later = [s for s in segments(self.directory) if s.first >= self.segment]
        if self.offset and (not later or later[0].first != self.segment):
            raise self._damage("its segment is missing")
        for place, segment in enumerate(later):
            if not self._read(segment):
                return self._cut(segment, later[place + 1 :])
        self._check_signed()
        return None

    def _read(self, segment: Segment) -> bool:
        """Takes the segment's lines; False at the first that does not hold."""
        if segment.first not in (self.segment, self.frontier.size):
            raise self._damage(f"{segment.path.name} follows it")
        if segment.first != self.segment:
            self.segment, self.offset = segment.first, 0
        if segment.path.stat().st_size < self.offset:
            raise self._damage("its segment was cut short")
        for lines, rest in chunks(segment.path, self.offset):
            leaves = authenticated(lines, self.frontier.size, self._tagger)
            self._extend(leaves)
            self.offset += sum(len(line) + 1 for line in lines[: len(leaves)])
            if len(leaves) < len(lines) or rest:
                return False
        return True

    def _extend(self, leaves: list[bytes]) -> None:
        """Adds leaves, and stops at the checkpoint's size to compare the root."""
        before = max(0, self._signed.size - self.frontier.size)
        self.frontier.extend(leaves[:before])
        if before and self.frontier.size == self._signed.size:
            self._check_signed()
        self.frontier.extend(leaves[before:])

    def _check_signed(self) -> None:
        if self.frontier.size < self._signed.size:
            raise self._damage(f"{self._signed.size} records were signed")
        if self.frontier.size == self._signed.size and self.frontier.root() != self._signed.root:
            raise self._damage("the signed root is another")

    def _cut(self, segment: Segment, later: list[Segment]) -> Recovered:
        """Moves a torn, unsigned end out of the segment. Refuses where a record of ours follows the tear."""
        self._check_signed()
        with segment.path.open("rb") as file:
            file.seek(self.offset)
            torn = file.read()
        if any(s.path.stat().st_size for s in later) or self._ours(torn):
            raise self._damage("it does not hold, and records follow it")
        for empty in later:
            empty.path.unlink()
        kept = segment.path.with_name(f"{segment.path.name}.torn-{self.frontier.size}-{self.offset}")
        kept.write_bytes(torn)
        os.truncate(segment.path, self.offset)
        return Recovered(self.frontier.size, len(torn), kept)

    def _ours(self, torn: bytes) -> bool:
        frames = (Frame.parse(line) for line in torn.split(b"\n")[:-1])
        return any(frame is not None and frame.authentic(self._tagger, frame.index) for frame in frames)

    def _damage(self, why: str) -> JournalDamaged:
        where = self.directory / segment_name(self.segment)
        return JournalDamaged(
            f"{where}: record {self.frontier.size}: {why}. Run `ringwall audit verify`; "
            "to start a new journal, move this directory away"
        )
