"""Proofs about a log, for whoever holds only a checkpoint: that a record is in it, and that it only ever grew."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

from ringwall.engines.ledger.checkpoints import Checkpoint
from ringwall.engines.ledger.frames import stated
from ringwall.engines.ledger.merkle import Tree
from ringwall.state.journal_files import JournalDamaged, chunks, segments


@dataclass(frozen=True, slots=True)
class Proof:
    """Hashes in base64, in the order of RFC 9162 sections 2.1.3 and 2.1.4: `size` and `root` are what they lead to."""

    size: int
    root: str
    hashes: tuple[str, ...]
    index: int | None = None
    leaf: str | None = None
    old_size: int | None = None
    old_root: str | None = None

    def document(self) -> dict[str, object]:
        """As `ringwall audit prove` prints it."""
        whole = {
            "index": self.index, "leaf": self.leaf, "old_size": self.old_size, "old_root": self.old_root,
            "size": self.size, "root": self.root, "hashes": list(self.hashes),
        }  # fmt: skip
        return {key: value for key, value in whole.items() if value is not None}


def inclusion(log: Path, index: int, checkpoint: Checkpoint) -> Proof:
    """That record `index` is in the log that a checkpoint signed. Raises ValueError, JournalDamaged."""
    tree = _tree(log, checkpoint)
    hashes = tree.inclusion(index, checkpoint.size)
    leaf = tree.subtree(index, index + 1)
    return Proof(checkpoint.size, _b64(checkpoint.root), tuple(map(_b64, hashes)), index=index, leaf=_b64(leaf))


def consistency(log: Path, old: Checkpoint, checkpoint: Checkpoint) -> Proof:
    """That the log of a newer checkpoint begins with that of an older one. Raises ValueError, JournalDamaged."""
    hashes = _tree(log, checkpoint).consistency(old.size, checkpoint.size)
    return Proof(
        checkpoint.size, _b64(checkpoint.root), tuple(map(_b64, hashes)), old_size=old.size, old_root=_b64(old.root)
    )


def _tree(log: Path, checkpoint: Checkpoint) -> Tree:
    """The tree over what the lines state, which has to be the one that was signed."""
    leaves: list[bytes] = []
    for segment in segments(log):
        for lines, _ in chunks(segment.path):
            try:
                leaves += stated(lines)
            except ValueError:
                raise JournalDamaged(f"{segment.path}: a line is no record; run audit verify") from None
    tree = Tree(leaves[: checkpoint.size])
    if tree.size != checkpoint.size or tree.root(tree.size) != checkpoint.root:
        raise JournalDamaged(f"{log}: its records are not those that its checkpoint signed; run audit verify")
    return tree


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
