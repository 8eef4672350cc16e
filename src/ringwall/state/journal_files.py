"""Where a journal's bytes are (docs/journal-format.md): segments, checkpoints, frontier; reading them plainly.

It trusts nothing and decides nothing: what a file says is checked by recovery and by verification.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ringwall.core.ports import Unavailable
from ringwall.engines.ledger.frames import Frame, is_gone

CHECKPOINT = "checkpoint"
CHECKPOINTS = "checkpoints"
FRONTIER = "frontier"
LOCK = "lock"
INDEX = "index.db"

LOG_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

_SEGMENT = re.compile(r"([0-9]{20})\.jsonl")
_CHUNK = 4 << 20


class JournalUnavailable(Unavailable):
    """The journal cannot take or give a record now: the disk, another writer, or closed. Callers refuse."""


class JournalDamaged(JournalUnavailable):
    """What is on disk is not what was written; the message says where. Nothing is repaired over it."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A file of record lines, named by the number of its first record."""

    first: int
    path: Path


def segment_name(first: int) -> str:
    """`<first record, 20 digits>.jsonl`."""
    return f"{first:020d}.jsonl"


def segments(directory: Path) -> list[Segment]:
    """The segments of one log, in order."""
    found = ((_SEGMENT.fullmatch(path.name), path) for path in directory.iterdir())
    return sorted((Segment(int(m[1]), path) for m, path in found if m), key=lambda s: s.first)


def logs(directory: Path) -> list[str]:
    """The logs of a journal: "" for the directory itself, and the name of each subdirectory that is one."""
    if not directory.is_dir():
        return []
    inner = sorted(p.name for p in directory.iterdir() if p.is_dir() and LOG_NAME.fullmatch(p.name))
    return [name for name in ["", *inner] if is_log(directory / name)]


def is_log(directory: Path) -> bool:
    """Whether anything of a log is here, were it only a checkpoint. One that was killed as it was made, with a first
    segment that nothing was written to, is none yet."""
    if (directory / CHECKPOINT).exists() or (directory / CHECKPOINTS).exists():
        return True
    found = segments(directory)
    return any(segment.first or segment.path.stat().st_size for segment in found)


def chunks(path: Path, offset: int = 0) -> Iterator[tuple[list[bytes], bytes]]:
    """Lists of whole lines, without their newlines; the last comes with what follows the last newline."""
    rest = b""
    with path.open("rb", buffering=0) as file:
        file.seek(offset)
        while data := file.read(_CHUNK):
            lines = (rest + data).split(b"\n")
            rest = lines.pop()
            yield lines, b""
    yield [], rest


def read(directory: Path, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
    """The records of one log from `start` to before `stop`. A line still being written is left out.

    Raises JournalDamaged at a line that is no record, or not the one that its leaf hash was made of."""
    for segment in _from(segments(directory), start):
        for lines, _ in chunks(segment.path):
            for line in lines:
                frame = Frame.parse(line)
                if frame is None:
                    if is_gone(line):
                        continue
                    raise JournalDamaged(f"{segment.path.name}: a line is no record; run audit verify")
                if stop is not None and frame.index >= stop:
                    return
                if frame.index >= start:
                    if not frame.holds:
                        raise JournalDamaged(f"{segment.path.name}: record {frame.index} was altered; run audit verify")
                    yield frame.index, frame.record


def _from(found: list[Segment], start: int) -> list[Segment]:
    """The segments that can hold record `start` or a later one."""
    behind = sum(segment.first <= start for segment in found)
    return found[max(0, behind - 1) :]


def write_whole(path: Path, data: bytes) -> None:
    """Replaces a file by a durable new one in one step. Raises OSError."""
    draft = path.with_name(f".{path.name}.draft")
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        write_all(fd, data)
        os.fsync(fd)
    finally:
        os.close(fd)
    draft.replace(path)


def write_all(fd: int, data: bytes) -> None:
    """write(2) until nothing is left. Raises OSError, some of the data then being written."""
    written = os.write(fd, data)
    while written < len(data):
        written += os.write(fd, data[written:])


def sync_directory(directory: Path) -> None:
    """Makes the names in a directory durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def hold(path: Path) -> int:
    """Takes a lock file for as long as the returned descriptor is open, and writes into it who has it.

    Raises JournalUnavailable where another process or opener has it, OSError."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.read(fd, 20).decode("ascii", "replace").strip()
        os.close(fd)
        raise JournalUnavailable(f"{path.parent}: process {holder} writes this log; give each its own") from error
    os.ftruncate(fd, 0)
    os.write(fd, b"%d\n" % os.getpid())
    return fd


def add_whole(path: Path, data: bytes) -> None:
    """Appends to a file all of the data or nothing. Raises OSError."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
    try:
        size = os.fstat(fd).st_size
        try:
            write_all(fd, data)
        except OSError:
            os.ftruncate(fd, size)
            raise
    finally:
        os.close(fd)
