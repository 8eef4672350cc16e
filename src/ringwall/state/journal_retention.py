"""Removing records by their class and age so that the log stays verifiable, and archiving them encrypted before.

Only full segments are touched: the one that is written is let alone. A removed record leaves its number, its leaf hash
and a tag that only the signing key makes; so the tree, its proofs and its checkpoints hold, and nobody else can remove
a record in this way unseen.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyrage

from ringwall.engines.ledger.frames import Frame, Tagger, gone, is_gone
from ringwall.state.journal_files import (
    INDEX,
    JournalDamaged,
    Segment,
    chunks,
    logs,
    segments,
    sync_directory,
    write_whole,
)
from ringwall.state.journal_index import moment
from ringwall.state.journal_keys import CheckpointSigner

Ages = Mapping[str, float]
"""For a class of records the seconds for which they are kept; `*` for all that are not named."""


@dataclass(frozen=True, slots=True)
class Retained:
    """What was removed and what was kept of the full segments, and the archives that were written."""

    removed: int
    kept: int
    archives: tuple[Path, ...]


def class_of(record: Mapping[str, Any]) -> str:
    """A record's class: of an exchange its decision (`allow`, `refuse`, `observe`), else its kind."""
    kind = str(record.get("kind", ""))
    return str(record.get("decision", "")) if kind.startswith("exchange") else kind


def retain(journal: Path, signer: CheckpointSigner, ages: Ages, now: float, archive: Archive | None = None) -> Retained:
    """Remove what is older than its class is kept.

    Raises JournalDamaged where a segment does not hold, before it is touched; OSError."""
    removed = kept = 0
    archives: list[Path] = []
    for log in logs(journal):
        for segment in segments(journal / log)[:-1]:
            lines, gone_now = _thinned(segment, signer.tagger(log), ages, now)
            kept += sum(not is_gone(line) for line in lines)
            removed += gone_now
            if not gone_now:
                continue
            if archive is not None:
                archives.append(archive.keep(log, segment.path))
            write_whole(segment.path, b"".join(line + b"\n" for line in lines))
            sync_directory(journal / log)
    if removed:
        (journal / INDEX).unlink(missing_ok=True)
    return Retained(removed, kept, tuple(archives))


def _thinned(segment: Segment, tagger: Tagger, ages: Ages, now: float) -> tuple[list[bytes], int]:
    """A segment's lines with the old ones removed, and how many that were."""
    lines: list[bytes] = []
    count = 0
    for some, rest in chunks(segment.path):
        if rest:
            raise JournalDamaged(f"{segment.path}: its last line is cut; run audit verify")
        for line in some:
            old = not is_gone(line) and _old(line, segment.path, ages, now)
            try:
                lines.append(gone(line, tagger) if old else line)
            except ValueError:
                raise JournalDamaged(f"{segment.path}: a record was altered; run audit verify") from None
            count += old
    return lines, count


def _old(line: bytes, path: Path, ages: Ages, now: float) -> bool:
    frame = Frame.parse(line)
    if frame is None:
        raise JournalDamaged(f"{path}: a line is no record; run audit verify")
    record = orjson.loads(frame.record)
    at = moment(record.get("at"))
    age = ages.get(class_of(record), ages.get("*"))
    return at is not None and age is not None and at / 1000 < now - age


class Archive:
    """Whole segments as age files, for one recipient, whose identity is kept elsewhere."""

    def __init__(self, directory: Path, recipient: str) -> None:
        """Raises ValueError for what is no age recipient (`age1…`)."""
        try:
            self._recipient = pyrage.x25519.Recipient.from_str(recipient)
        except pyrage.RecipientError as flaw:
            raise ValueError(f"{recipient[:20]!r} is no age recipient") from flaw
        self._directory = directory

    def keep(self, log: str, segment: Path) -> Path:
        """Encrypt a segment, durably; a second time under another name. Raises OSError."""
        place = self._directory / log
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        number = sum(1 for _ in place.glob(f"{segment.name}*.age"))
        target = place / f"{segment.name}{f'.{number}' if number else ''}.age"
        try:
            pyrage.encrypt_file(str(segment), str(target), [self._recipient])
        except pyrage.EncryptError as flaw:
            raise OSError(f"{target}: {flaw}") from flaw
        target.chmod(0o600)
        descriptor = os.open(target, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        sync_directory(place)
        return target
