"""Lists without their foreign items, and counts that still agree with them."""

from __future__ import annotations

from ringwall.core.message import JSON

_COUNTS = frozenset({"total", "count", "total_count", "totalCount", "total_items", "totalItems", "size", "length"})


def without(data: JSON, pointers: set[str]) -> tuple[JSON, int]:
    """The document without the list items at these JSON pointers, and how many went.

    A count that stands beside a shortened list becomes its new length: what is said of the total of a list is said
    of what the caller may see. An object that is not an item of a list cannot be dropped.
    """
    return _prune(data, "", pointers)


def _prune(value: JSON, pointer: str, pointers: set[str]) -> tuple[JSON, int]:
    if isinstance(value, list):
        kept: list[JSON] = []
        dropped = 0
        for index, item in enumerate(value):
            here = f"{pointer}/{index}"
            if here in pointers:
                dropped += 1
                continue
            pruned, below = _prune(item, here, pointers)
            kept.append(pruned)
            dropped += below
        return kept, dropped
    if isinstance(value, dict):
        return _prune_members(value, pointer, pointers)
    return value, 0


def _prune_members(value: dict[str, JSON], pointer: str, pointers: set[str]) -> tuple[JSON, int]:
    dropped = 0
    out: dict[str, JSON] = {}
    shortened: list[int] = []
    for key, item in value.items():
        out[key], below = _prune(item, f"{pointer}/{key}", pointers)
        dropped += below
        pruned = out[key]
        if below and isinstance(pruned, list):
            shortened.append(len(pruned))
    if len(shortened) == 1:
        for key in _COUNTS & out.keys():
            if isinstance(out[key], int):
                out[key] = shortened[0]
    return out, dropped
