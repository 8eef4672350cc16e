"""The Merkle tree of RFC 6962 section 2.1 (RFC 9162 section 2.1): its hashes, and two shapes of it.

`Frontier` is the O(log n) state from which a log goes on; `Tree` keeps every complete subtree and gives the
root and the proofs at any size. Neither stores an entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from hashlib import sha256

HASH_BYTES = 32
EMPTY_ROOT = sha256(b"").digest()

_CHUNK_LEVEL = 8
_CHUNK = 1 << _CHUNK_LEVEL


def leaf_hash(entry: bytes) -> bytes:
    """SHA-256(0x00 || entry), 32 bytes."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right), 32 bytes."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The roots of the complete subtrees that cover the first `size` leaves, largest first ("compact range")."""

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Raises ValueError unless there is one hash of 32 bytes for every bit set in `size`."""
        self.size = size
        self.nodes = list(nodes)
        if size < 0 or len(self.nodes) != size.bit_count():
            raise ValueError(f"a frontier of size {size} has {size.bit_count()} nodes")
        if any(len(node) != HASH_BYTES for node in self.nodes):
            raise ValueError("a frontier's node is a SHA-256 hash")

    def copy(self) -> Frontier:
        """A frontier that goes on independently."""
        return Frontier(self.size, self.nodes)

    def append(self, leaf: bytes) -> None:
        """Adds one leaf hash."""
        self._carry(leaf, 0)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Adds leaf hashes in order; whole aligned chunks are folded at once, which is much faster."""
        at, end = 0, len(leaves)
        while at < end:
            if self.size % _CHUNK == 0 and end - at >= _CHUNK:
                self._carry(_fold(leaves[at : at + _CHUNK]), _CHUNK_LEVEL)
                at += _CHUNK
            else:
                self._carry(leaves[at], 0)
                at += 1

    def _carry(self, node: bytes, level: int) -> None:
        """Adds a complete subtree of 2**level leaves, merging equals as binary addition carries."""
        nodes, bits = self.nodes, self.size >> level
        while bits & 1:
            node = node_hash(nodes.pop(), node)
            bits >>= 1
        nodes.append(node)
        self.size += 1 << level

    def root(self) -> bytes:
        """MTH of the leaves so far; SHA-256 of nothing for none."""
        if not self.nodes:
            return EMPTY_ROOT
        return reduce(lambda right, left: node_hash(left, right), reversed(self.nodes))


def _fold(leaves: Sequence[bytes]) -> bytes:
    """The root of a power of two of leaf hashes."""
    level = leaves
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def _parents(level: Sequence[bytes]) -> list[bytes]:
    pairs = iter(level)
    return [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]


class Tree:
    """Every complete subtree over a sequence of leaf hashes: roots and proofs in O(log n), 64 bytes a leaf."""

    __slots__ = ("_levels",)

    def __init__(self, leaves: Iterable[bytes]) -> None:
        self._levels: list[list[bytes]] = [list(leaves)]
        while len(self._levels[-1]) > 1:
            self._levels.append(_parents(self._levels[-1]))

    @property
    def size(self) -> int:
        """How many leaves."""
        return len(self._levels[0])

    def root(self, size: int) -> bytes:
        """MTH(D[0:size]). Raises ValueError beyond the tree."""
        self._within(size)
        return self.subtree(0, size) if size else EMPTY_ROOT

    def subtree(self, start: int, stop: int) -> bytes:
        """MTH(D[start:stop]), where the range is one that RFC 6962's recursion meets."""
        count = stop - start
        if count & (count - 1) == 0 and start % count == 0:
            level = count.bit_length() - 1
            return self._levels[level][start >> level]
        middle = start + split(count)
        return node_hash(self.subtree(start, middle), self.subtree(middle, stop))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D[0:size]) of RFC 6962 section 2.1.1, from the leaf's sibling to the root's child."""
        self._within(size)
        if not 0 <= index < size:
            raise ValueError(f"leaf {index} is not in a tree of {size}")
        return self._path(index, 0, size)

    def _path(self, index: int, start: int, stop: int) -> list[bytes]:
        if stop - start == 1:
            return []
        middle = start + split(stop - start)
        if index < middle:
            return [*self._path(index, start, middle), self.subtree(middle, stop)]
        return [*self._path(index, middle, stop), self.subtree(start, middle)]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """PROOF(old, D[0:new]) of RFC 6962 section 2.1.2; empty from size 0 and between equal sizes."""
        self._within(new)
        if not 0 <= old <= new:
            raise ValueError(f"size {old} does not come before {new}")
        return self._subproof(old, 0, new, True) if old else []

    def _subproof(self, old: int, start: int, stop: int, known: bool) -> list[bytes]:
        if old == stop:
            return [] if known else [self.subtree(start, stop)]
        middle = start + split(stop - start)
        if old <= middle:
            return [*self._subproof(old, start, middle, known), self.subtree(middle, stop)]
        return [*self._subproof(old, middle, stop, False), self.subtree(start, middle)]

    def _within(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError(f"the tree has {self.size} leaves, not {size}")


def split(count: int) -> int:
    """The largest power of two below `count` (at least 2): where RFC 6962 divides a range."""
    return 1 << (count - 1).bit_length() - 1
