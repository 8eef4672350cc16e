"""The log as static files, C2SP tlog-tiles: where each tile and entry bundle lives, and its bytes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ringwall.engines.ledger.merkle import HASH_BYTES, Tree

HEIGHT = 8
WIDTH = 1 << HEIGHT


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`."""
    return f"tile/{level}/{_number(index)}{_partial(width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """`tile/entries/<N>[.p/<W>]`."""
    return f"tile/entries/{_number(index)}{_partial(width)}"


def _number(index: int) -> str:
    digits = str(index)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])


def _partial(width: int) -> str:
    return "" if width == WIDTH else f".p/{width}"


def tiles(tree: Tree) -> Iterator[tuple[str, bytes]]:
    """Every tile of the whole tree, as (path, the concatenated hashes); the partial ones included."""
    level = 0
    while nodes := tree.size >> (HEIGHT * level):
        for index in range(-(-nodes // WIDTH)):
            width = min(WIDTH, nodes - index * WIDTH)
            yield tile_path(level, index, width), _tile(tree, level, index * WIDTH, width)
        level += 1


def _tile(tree: Tree, level: int, first: int, width: int) -> bytes:
    span = 1 << (HEIGHT * level)
    return b"".join(tree.subtree(at * span, (at + 1) * span) for at in range(first, first + width))


def tile_hashes(tile: bytes) -> list[bytes]:
    """The hashes of a tile. Raises ValueError where its length is no multiple of 32 up to 8192."""
    if not tile or len(tile) % HASH_BYTES or len(tile) > WIDTH * HASH_BYTES:
        raise ValueError("a tile is 1 to 256 hashes of 32 bytes")
    return [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]


def bundle(entries: Sequence[bytes]) -> bytes:
    """Entries, each after its length in 2 big-endian bytes. Raises OverflowError for an entry over 65535 bytes."""
    return b"".join(len(entry).to_bytes(2, "big") + entry for entry in entries)


def bundle_entries(data: bytes) -> list[bytes]:
    """The entries of a bundle. Raises ValueError where it is cut short."""
    entries, at = [], 0
    while at < len(data):
        end = at + 2 + int.from_bytes(data[at : at + 2], "big")
        if at + 2 > len(data) or end > len(data):
            raise ValueError("the entry bundle is cut short")
        entries.append(data[at + 2 : end])
        at = end
    return entries
