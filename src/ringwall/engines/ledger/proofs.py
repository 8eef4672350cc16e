"""Checking Merkle proofs without the log: RFC 9162 section 2.1.3.2 (inclusion) and 2.1.4.2 (consistency).

Nothing here trusts its input: a proof of the wrong length, size or content is False, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence

from ringwall.engines.ledger.merkle import EMPTY_ROOT, HASH_BYTES, node_hash


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf hash is at `index` of the tree of `size` leaves with this root."""
    if not 0 <= index < size or not _hashes(proof):
        return False
    at, last, node = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `new` leaves begins with the tree of `old` leaves."""
    if not 0 <= old <= new or not _hashes(proof):
        return False
    if old in (0, new):
        same = old_root == new_root if old == new else old_root == EMPTY_ROOT
        return same and not proof
    return _walk(old, old_root, new, new_root, proof)


def _walk(old: int, old_root: bytes, new: int, new_root: bytes, proof: Sequence[bytes]) -> bool:
    hashes = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    if not hashes:
        return False
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    was = now = hashes[0]
    for node in hashes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            was, now = node_hash(node, was), node_hash(node, now)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            now = node_hash(now, node)
        at, last = at >> 1, last >> 1
    return last == 0 and was == old_root and now == new_root


def _hashes(proof: Sequence[bytes]) -> bool:
    return all(len(node) == HASH_BYTES for node in proof)
