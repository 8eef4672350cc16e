"""Publishing a log as the static files of C2SP tlog-tiles, for monitors that know nothing of ringwall.

What is published is what the given checkpoint signed: anything else is refused before a file is written.
"""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from ringwall.engines.ledger.checkpoints import Checkpoint
from ringwall.engines.ledger.merkle import Tree, leaf_hash
from ringwall.engines.ledger.tiles import WIDTH, bundle, entries_path, tiles
from ringwall.state.journal_files import CHECKPOINT, JournalDamaged, read


def publish(log: Path, note: bytes, checkpoint: Checkpoint, target: Path) -> None:
    """Writes tiles, entry bundles and, last, the checkpoint under `target`. Full tiles already there are kept.

    Raises JournalDamaged where the records are not those that were signed, OSError."""
    tree = Tree(leaf_hash(record) for _, record in read(log, 0, checkpoint.size))
    if tree.size != checkpoint.size or tree.root(tree.size) != checkpoint.root:
        raise JournalDamaged(f"{log}: its records are not those that its checkpoint signed; run audit verify")
    for path, tile in tiles(tree):
        _put(target / path, tile)
    records = (record for _, record in read(log, 0, checkpoint.size))
    for index in range(-(-tree.size // WIDTH)):
        entries = list(islice(records, WIDTH))
        _put(target / entries_path(index, len(entries)), bundle(entries))
    target.mkdir(parents=True, exist_ok=True)
    (target / CHECKPOINT).write_bytes(note)


def _put(path: Path, data: bytes) -> None:
    """Writes a file that, once written, never changes."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
