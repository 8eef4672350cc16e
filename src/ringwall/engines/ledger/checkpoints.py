"""A log's tree head as a signed note: the C2SP tlog-checkpoint body (origin, size, root), and nothing else."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from dataclasses import dataclass

from ringwall.engines.ledger.merkle import HASH_BYTES
from ringwall.engines.ledger.notes import NoteError, SignerKey, VerifierKey


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The Merkle root (32 bytes) of the first `size` entries of the log called `origin`."""

    origin: str
    size: int
    root: bytes

    @property
    def text(self) -> str:
        """The note's text: three lines, the root in standard base64."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    def sign(self, key: SignerKey) -> bytes:
        """The signed note."""
        return key.sign(self.text)

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Reads a note's text; extension lines are refused, for nobody could audit them. Raises NoteError."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise NoteError("a checkpoint is an origin, a size and a root")
        return cls(lines[0], _size(lines[1]), _root(lines[2]))

    @classmethod
    def open(cls, note: bytes, key: VerifierKey) -> Checkpoint:
        """The checkpoint of a note signed by `key`, whose name is also the origin. Raises NoteError."""
        checkpoint = cls.parse(key.open(note))
        if checkpoint.origin != key.name:
            raise NoteError(f"this checkpoint is of {checkpoint.origin}, not of {key.name}")
        return checkpoint


def each_note(notes: bytes) -> Iterator[bytes]:
    """Divides checkpoints written one after another: text, an empty line, signature lines, and the next."""
    note: list[bytes] = []
    signed = False
    for line in notes.splitlines(keepends=True):
        signature = line.startswith("\N{EM DASH} ".encode())
        if signed and not signature:
            yield b"".join(note)
            note = []
        note.append(line)
        signed = signature
    if note:
        yield b"".join(note)


def _size(line: str) -> int:
    if not (line.isascii() and line.isdigit()) or (line[0] == "0" and line != "0") or len(line) > 19:
        raise NoteError("a checkpoint's size is decimal without leading zeroes")
    return int(line)


def _root(line: str) -> bytes:
    try:
        root = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("a checkpoint's root is base64") from error
    if len(root) != HASH_BYTES or base64.b64encode(root).decode() != line:
        raise NoteError("a checkpoint's root is a SHA-256 hash in canonical base64")
    return root
