"""Checking a journal against its signed checkpoints, and naming the first record that is not as it was written.

It reads and never repairs. With the signing key every record is authenticated where it stands; with the public
key alone, what no checkpoint covers is not vouched for and not counted (docs/journal-format.md).
"""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringwall.engines.ledger.checkpoints import Checkpoint, each_note
from ringwall.engines.ledger.frames import SHORT, Tagger, authenticated, is_gone, stated
from ringwall.engines.ledger.merkle import EMPTY_ROOT, Frontier, Tree, leaf_hash
from ringwall.engines.ledger.notes import NoteError, VerifierKey
from ringwall.state.journal_diagnosis import Kind, Problem, diagnose
from ringwall.state.journal_files import CHECKPOINT, CHECKPOINTS, Segment, chunks, logs, segment_name, segments
from ringwall.state.journal_keys import CheckpointSigner, origin

_SETTLE_SECONDS = 0.02

Keys = CheckpointSigner | VerifierKey


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found. `root` is standard base64: of one log its Merkle root, of several the root over theirs in
    the order of their names. `signed` counts the records that a checkpoint covers, `removed` those of `records` that
    retention took away."""

    records: int
    root: str
    problem: Problem | None
    signed: int
    removed: int = 0

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.problem is None

    def document(self) -> dict[str, object]:
        """The form that `ringwall audit verify --json` prints."""
        problem = None
        if self.problem:
            where = self.problem
            problem = {"segment": where.segment, "record": where.record, "kind": where.kind}
        found: dict[str, object] = {"ok": self.ok, "records": self.records, "root": self.root, "problem": problem}
        return {**found, "removed": self.removed} if self.removed else found


def verify(directory: Path, keys: Keys, *, published: bytes = b"", within: range | None = None) -> Verification:
    """Checks every log of the journal at `directory`.

    `published`: checkpoints kept elsewhere, one after another; only they can show that a journal was rolled
    back. `within`: numbers of the records to check; the others count with the leaf hash that they state.
    Raises NoteError where a published checkpoint is none that this key signed."""
    anchors = _published(published, keys)
    walks = [_verified(directory, log, keys, anchors.pop(log, []), within) for log in logs(directory)]
    problem = next((walk.problem for walk in walks if walk.problem), None)
    problem = problem or next((_gone(log) for log, heads in anchors.items() if any(h.size for h in heads)), None)
    root = walks[0].root if len(walks) == 1 else _over(walks)
    return Verification(
        sum(walk.records for walk in walks),
        base64.b64encode(root).decode(),
        problem,
        sum(walk.signed for walk in walks),
        sum(walk.removed for walk in walks),
    )


def _published(notes: bytes, keys: Keys) -> dict[str, list[Checkpoint]]:
    """Checkpoints kept elsewhere, by log."""
    key = keys.verifier if isinstance(keys, CheckpointSigner) else keys
    found: dict[str, list[Checkpoint]] = {}
    for note in each_note(notes):
        name = note.decode(errors="replace").partition("\n")[0]
        if name != key.name and not name.startswith(f"{key.name}/"):
            raise NoteError(f"a checkpoint of {name!r}, and this journal is {key.name!r}")
        log = name.removeprefix(key.name).removeprefix("/")
        found.setdefault(log, []).append(Checkpoint.open(note, key.named(name)))
    return found


def _gone(log: str) -> Problem:
    return Problem(f"{log}/{segment_name(0)}".lstrip("/"), 0, "missing")


def _over(walks: Sequence[_Walk]) -> bytes:
    return Tree(leaf_hash(walk.root) for walk in walks).root(len(walks))


def _verified(directory: Path, log: str, keys: Keys, published: list[Checkpoint], within: range | None) -> _Walk:
    place = directory / log
    if isinstance(keys, CheckpointSigner):
        key, tagger = keys.of(log).verifier, keys.tagger(log)
    else:
        key, tagger = keys.named(origin(keys.name, log)), None
    walk = _Walk(place, log, key, tagger, published)
    walk.run(within)
    return walk


class _Walk:
    """One log, read once from its first line to its last, comparing the tree at every signed size."""

    def __init__(
        self, place: Path, log: str, key: VerifierKey, tagger: Tagger | None, published: list[Checkpoint]
    ) -> None:
        self._place, self._log, self._tagger = place, log, tagger
        own, self._flawed = _own_checkpoints(place, key)
        self._anchors = sorted([*own, *published], key=lambda c: c.size)
        self._good = 0
        self._frontier = Frontier()
        self._signed_root = EMPTY_ROOT
        self.problem: Problem | None = None
        self.signed = self.removed = 0

    @property
    def records(self) -> int:
        """How many records hold; with the public key alone, of those that a checkpoint covers."""
        return self._frontier.size if self._tagger else min(self._frontier.size, self.signed)

    @property
    def root(self) -> bytes:
        """The Merkle root of `records`."""
        return self._frontier.root() if self.records == self._frontier.size else self._signed_root

    def run(self, within: range | None) -> None:
        """Sets `problem` to the first one, and the counts."""
        found = segments(self._place)
        self._compare()
        for segment in found:
            self.problem = self.problem or self._read(segment, found, within)
            if self.problem:
                return
        self.problem = self._end(found)

    def _read(self, segment: Segment, found: list[Segment], within: range | None) -> Problem | None:
        if segment.first != self._frontier.size:
            return self._diagnosed(segment_name(self._frontier.size), None, found)
        for lines, rest in chunks(segment.path):
            leaves = self._leaves(lines, within)
            self.removed += sum(1 for line in lines if len(line) < SHORT and is_gone(line))
            problem = self._add(leaves, found)
            if problem:
                return problem
            if len(leaves) < len(lines):
                return self._diagnosed(segment.path.name, lines[len(leaves)], found)
            if rest and not self._still_writing(segment, found):
                return self._problem(segment.path.name, self._frontier.size, "truncated")
        return None

    def _leaves(self, lines: list[bytes], within: range | None) -> list[bytes]:
        first = self._frontier.size
        if within is not None and (first + len(lines) <= within.start or first >= within.stop):
            try:
                return stated(lines)
            except ValueError:
                pass  # the check proper names the line
        return authenticated(lines, first, self._tagger)

    def _add(self, leaves: list[bytes], found: list[Segment]) -> Problem | None:
        """Adds leaf hashes, stopping wherever a checkpoint was signed."""
        at = 0
        while at < len(leaves):
            ahead = self._anchors[0].size - self._frontier.size if self._anchors else len(leaves)
            self._frontier.extend(leaves[at : at + ahead])
            at += ahead
            if self._compare():
                return self._differs(found)
        return None

    def _compare(self) -> bool:
        """Passes the checkpoints of this size; True where one of them signed another root."""
        while self._anchors and self._anchors[0].size == self._frontier.size:
            if self._anchors[0].root != self._frontier.root():
                return True
            anchor = self._anchors.pop(0)
            self._good = self.signed = anchor.size
            self._signed_root = anchor.root
        return False

    def _differs(self, found: list[Segment]) -> Problem:
        """A validly signed root is not this tree's. Where every record is authentic, it is another history's."""
        if self._tagger:
            return self._problem(CHECKPOINT, self._anchors[0].size, "checkpoint")
        holding = [s.path.name for s in found if s.first <= self._good]
        return self._problem(holding[-1], self._good, "altered")

    def _end(self, found: list[Segment]) -> Problem | None:
        if self._anchors:
            last = found[-1].path.name if found else segment_name(0)
            return self._problem(last, self._frontier.size, "truncated")
        return self._problem(self._flawed, self.records, "checkpoint") if self._flawed else None

    def _still_writing(self, segment: Segment, found: list[Segment]) -> bool:
        """Whether an unfinished last line, which nobody signed yet, was only then being written."""
        if segment != found[-1] or self._anchors:
            return False
        time.sleep(_SETTLE_SECONDS)
        return segment.path.read_bytes()[-1:] == b"\n"

    def _diagnosed(self, name: str, line: bytes | None, found: list[Segment]) -> Problem:
        record, kind = diagnose(found, self._frontier.size, line, self._tagger)
        if record < self._frontier.size:
            name = [s.path.name for s in found if s.first <= record][-1]
        return self._problem(name, record, kind)

    def _problem(self, name: str, record: int, kind: Kind) -> Problem:
        return Problem(f"{self._log}/{name}" if self._log else name, record, kind)


def _own_checkpoints(place: Path, key: VerifierKey) -> tuple[list[Checkpoint], str]:
    """The checkpoints kept with a log that the key signed, and the file of the first that it did not."""
    good: list[Checkpoint] = []
    flawed = ""
    for name, note in _own_notes(place):
        try:
            good.append(Checkpoint.open(note, key))
        except NoteError:
            flawed = flawed or name
    return good, flawed


def _own_notes(place: Path) -> Iterator[tuple[str, bytes]]:
    """The last checkpoint, and the history without a note that is only now being written."""
    latest, history = place / CHECKPOINT, place / CHECKPOINTS
    yield CHECKPOINT, latest.read_bytes() if latest.exists() else b""
    for note in each_note(history.read_bytes() if history.exists() else b""):
        if note.endswith(b"\n"):
            yield CHECKPOINTS, note
