"""The journal's writer: one append-only log of records, Merkle-hashed as it goes, signed by checkpoints.

`append` costs one write(2) on the caller's path; syncing and signing happen on a thread of its own. It knows
nothing of what a record says. The format is docs/journal-format.md; `journal_verify` checks it.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path

from ringwall.engines.ledger.checkpoints import Checkpoint
from ringwall.engines.ledger.frames import encode
from ringwall.state.journal_files import (
    CHECKPOINT,
    CHECKPOINTS,
    FRONTIER,
    LOCK,
    LOG_NAME,
    JournalUnavailable,
    add_whole,
    hold,
    read,
    segment_name,
    sync_directory,
    write_whole,
)
from ringwall.state.journal_keys import CheckpointSigner
from ringwall.state.journal_recovery import Position, Recovered, recover

SEGMENT_BYTES = 64 << 20
CHECKPOINT_SECONDS = 1.0
HISTORY_RECORDS = 1024

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC


class Journal:
    """One log, open for writing by this process alone. Thread-safe. `close` it, or it is recovered next time.

    `recovered` says what the last opening cut off; `trouble` what keeps the background thread from syncing or
    signing, else None.
    """

    def __init__(
        self, directory: Path, signer: CheckpointSigner, log: str, strict: bool, fsync_interval: float
    ) -> None:
        """Use `open`."""
        self._directory, self._strict, self._interval = directory, strict, fsync_interval
        self._key, self._tagger = signer.of(log), signer.tagger(log)
        self._segment_bytes = SEGMENT_BYTES
        self._lock_fd = hold(directory / LOCK)
        self._fd = -1
        try:
            position, signed, recovered = recover(directory, self._key.verifier, self._tagger)
            self._frontier, self._segment = position.frontier.copy(), position.segment
            self._offset = position.offset
            self._fd = os.open(directory / segment_name(self._segment), _APPEND, 0o600)
        except BaseException:
            os.close(self._lock_fd)
            raise
        self.recovered: Recovered | None = recovered
        self.trouble: str | None = None
        self._saved = [position]
        self._signed, self._historic, self._synced = signed, signed, -1
        self._note = b"" if signed < 0 else (directory / CHECKPOINT).read_bytes()
        self._retired: list[int] = []
        self._broken = ""
        self._torn = self._closed = self._lost = False
        self._thread = threading.Thread(target=self._run, name="ringwall-journal", daemon=True)
        self._locks()
        _OPEN.add(self)

    def _locks(self) -> None:
        self._lock, self._sync_lock = threading.Lock(), threading.Lock()
        self._wake, self._stop = threading.Event(), threading.Event()

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        signer: CheckpointSigner,
        strict: bool = False,
        fsync_interval: float = 0.1,
        log: str = "",
    ) -> Journal:
        """Opens or creates the log `log` of the journal at `directory`: one for the whole process, or one a
        worker. With `strict` a record is on the disk before `append` returns. `fsync_interval` is in seconds.

        Raises JournalUnavailable (another process writes it, the disk) and JournalDamaged."""
        if log and not LOG_NAME.fullmatch(log):
            raise ValueError(f"a log's name is {LOG_NAME.pattern}")
        place = directory / log if log else directory
        try:
            place.mkdir(mode=0o700, parents=True, exist_ok=True)
            journal = cls(place, signer, log, strict, fsync_interval)
            journal.checkpoint()
        except OSError as error:
            raise JournalUnavailable(f"{place}: {error.strerror or error}") from error
        journal._thread.start()
        return journal

    @property
    def size(self) -> int:
        """How many records were appended."""
        return self._frontier.size

    def append(self, record: bytes) -> int:
        """Writes one canonical JSON object (bytes, no newline, at most 65535) and returns its number.

        It is in the operating system when this returns: killing the process loses nothing. Raises ValueError
        for what is no record, JournalUnavailable where it was not written (strict: or not synced)."""
        with self._lock:
            if self._broken or self._torn:
                self._ready()
            frontier = self._frontier
            index = frontier.size
            line, leaf = encode(index, record, self._tagger)
            try:
                if self._offset + len(line) > self._segment_bytes and self._offset:
                    self._rotate()
                if os.write(self._fd, line) != len(line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                frontier.append(leaf)
                self._offset += len(line)
            except OSError as error:
                self._torn = True
                self._mend()
                raise JournalUnavailable(f"{self._directory}: {error.strerror}") from error
            except BaseException:  # a signal's handler raised between the write and the tree
                self._broken = self._broken or "interrupted while writing; restart to recover"
                raise
        if self._strict:
            self._settle_beyond(index)
        if not self._wake.is_set():
            self._wake.set()
        return index

    def _ready(self) -> None:
        """Raises JournalUnavailable unless appending can go on."""
        if not self._broken:
            self._mend()
        if self._broken or self._torn:
            raise JournalUnavailable(f"{self._directory}: {self._broken or 'a failed write is not yet undone'}")

    def _mend(self) -> None:
        """Takes back what a failed write left, so that the next line starts a line."""
        try:
            os.ftruncate(self._fd, self._offset)
        except OSError:
            return
        self._torn = False

    def _rotate(self) -> None:
        fd = os.open(self._directory / segment_name(self._frontier.size), _APPEND | os.O_EXCL, 0o600)
        self._retired.append(self._fd)
        self._fd, self._segment, self._offset = fd, self._frontier.size, 0

    def checkpoint(self) -> bytes:
        """The signed note (C2SP tlog-checkpoint) of every record so far, which are on the disk by then.

        Raises JournalUnavailable."""
        self._settle(sign=True)
        return self._note

    def records(self, start: int = 0, stop: int | None = None) -> Iterator[tuple[int, bytes]]:
        """(number, record) from `start` to before `stop`, read from the files. Raises JournalDamaged."""
        return read(self._directory, start, stop)

    def close(self) -> None:
        """Syncs, signs and lets another process write; nothing the second time. Raises JournalUnavailable."""
        with self._lock:
            if self._closed:
                return
            broken, self._closed, self._broken = self._broken, True, self._broken or "closed"
        self._stop.set()
        self._wake.set()
        self._thread.join()
        try:
            if not broken:
                self._settle(sign=True, historic=True)
        finally:
            self._release()

    def _release(self) -> None:
        for fd in (self._fd, *self._retired, self._lock_fd):
            os.close(fd)
        _OPEN.discard(self)

    def _settle_beyond(self, index: int) -> None:
        """Returns once the record is on the disk; one sync serves everyone who waited for it."""
        if self._synced <= index:
            self._settle(sign=False, beyond=index)

    def _settle(self, sign: bool, historic: bool = False, beyond: int | None = None) -> None:
        with self._sync_lock:
            if beyond is not None and self._synced > beyond:
                return
            with self._lock:
                position = Position(self._frontier.copy(), self._segment, self._offset)
                fd, retired = self._fd, list(self._retired)
            try:
                self._sync(position, fd, retired)
                if sign or retired:
                    self._publish(position, historic or bool(retired))
            except OSError as error:
                raise JournalUnavailable(f"{self._directory}: {error.strerror}") from error

    def _sync(self, position: Position, fd: int, retired: list[int]) -> None:
        """fsync(2) of all that was written. After a failure the kernel may have dropped it: nothing goes on."""
        if self._lost:
            raise OSError(errno.EIO, "an earlier sync failed")
        if position.frontier.size == self._synced:
            return
        try:
            for each in (*retired, fd):
                os.fsync(each)
            if retired or self._synced < 0:
                sync_directory(self._directory)
        except OSError:
            self._lost, self._broken = True, self._broken or "its records could not be synced; restart to recover"
            raise
        for each in retired:
            self._retired.remove(each)
            os.close(each)
        self._synced = position.frontier.size

    def _publish(self, position: Position, historic: bool) -> None:
        """Signs the tree and writes frontier, checkpoint and, now and then, the history, in that order."""
        size = position.frontier.size
        if size != self._signed:
            note = Checkpoint(self._key.name, size, position.frontier.root()).sign(self._key)
            self._saved = [self._saved[-1], position]
            write_whole(self._directory / FRONTIER, b"".join(p.encode() for p in self._saved))
            write_whole(self._directory / CHECKPOINT, note)
            self._signed, self._note = size, note
        if size != self._historic and (historic or size - self._historic >= HISTORY_RECORDS):
            add_whole(self._directory / CHECKPOINTS, self._note)
            self._historic = size

    def _run(self) -> None:
        """Syncs a batch at a time, and signs at most once a second, until the journal is closed."""
        due = time.monotonic() + CHECKPOINT_SECONDS
        while not self._stop.is_set():
            unsigned = self._signed != self._frontier.size
            self._wake.wait(max(0.0, due - time.monotonic()) if unsigned else None)
            self._stop.wait(self._interval)
            self._wake.clear()
            sign = time.monotonic() >= due
            try:
                self._settle(sign)
                self.trouble = None
            except JournalUnavailable as error:
                self.trouble = str(error)
            if sign:
                due = time.monotonic() + CHECKPOINT_SECONDS

    def _forked(self) -> None:
        """In a forked child: this copy never writes, and does not keep the parent's lock alive."""
        self._locks()
        self._closed, self._broken = True, "opened before a fork; open a log of its own in each process"
        self._release()


_OPEN: weakref.WeakSet[Journal] = weakref.WeakSet()


def _after_fork() -> None:
    for journal in list(_OPEN):
        journal._forked()
    _OPEN.clear()


os.register_at_fork(after_in_child=_after_fork)
