"""Lists without their foreign items, and counts that still agree with them."""

from __future__ import annotations

from collections.abc import Iterable

from ringwall.core.message import JSON
from ringwall.engines.policy import escape

_COUNTS = frozenset({"total", "totalSize", "filtered", "count", "total_count", "totalCount", "total_items",
                     "totalItems", "size", "length", "total_results", "totalResults", "totalElements",
                     "numberOfElements", "total_size"})  # fmt: skip
_PAGES = frozenset({"pages", "page_count", "pageCount", "total_pages", "totalPages", "last_page", "lastPage",
                    "last_page_url", "lastPageUrl"})  # fmt: skip
"""What tells how many pages there are of everyone's: how many are the caller's, nobody here knows."""


def items_of(data: JSON, pointers: Iterable[str]) -> set[str] | None:
    """The list items that have to go so that nothing at these JSON pointers stays: the object itself where it is an
    item, else the innermost item that it stands in. None where one of them is in no list."""
    found: set[str] = set()
    for pointer in pointers:
        item, here, value = None, "", data
        for token in pointer.split("/")[1:]:
            here = f"{here}/{token}"
            if isinstance(value, list):
                item, value = here, value[int(token)]
            elif isinstance(value, dict):
                value = value[token.replace("~1", "/").replace("~0", "~")]
        if item is None:
            return None
        found.add(item)
    return found


def without(data: JSON, items: set[str]) -> tuple[JSON, int]:
    """The document without the list items at these JSON pointers, and how many went.

    A count that stands beside a shortened list, or in an object beside it (`meta`), becomes its new length: what is
    said of the total of a list is said of what the caller may see. A number of pages, or a link to the last, goes.
    """
    above = {"/".join(parts[:length]) for parts in (i.split("/") for i in items) for length in range(1, len(parts))}
    return _prune(data, "", items, above)


def _prune(value: JSON, pointer: str, items: set[str], above: set[str]) -> tuple[JSON, int]:
    """`above` are the places that an item stands below: all others stay as they are."""
    if pointer not in above:
        return value, 0
    if isinstance(value, list):
        kept: list[JSON] = []
        dropped = 0
        for index, item in enumerate(value):
            here = f"{pointer}/{index}"
            if here in items:
                dropped += 1
                continue
            pruned, below = _prune(item, here, items, above)
            kept.append(pruned)
            dropped += below
        return kept, dropped
    return _prune_members(value, pointer, items, above) if isinstance(value, dict) else (value, 0)


def _prune_members(value: dict[str, JSON], pointer: str, items: set[str], above: set[str]) -> tuple[JSON, int]:
    dropped = 0
    out: dict[str, JSON] = {}
    shortened: list[int] = []
    for key, item in value.items():
        out[key], below = _prune(item, f"{pointer}/{escape(key)}", items, above)
        dropped += below
        pruned = out[key]
        if isinstance(item, list) and isinstance(pruned, list) and len(pruned) < len(item):
            shortened.append(len(pruned))
    if len(shortened) == 1:
        _count(out, shortened[0])
        for beside in out.values():
            if isinstance(beside, dict):
                _count(beside, shortened[0])
    return out, dropped


def _count(value: dict[str, JSON], length: int) -> None:
    for key in _COUNTS & value.keys():
        if isinstance(value[key], int) and not isinstance(value[key], bool):
            value[key] = length
    for key in _PAGES & value.keys():
        if isinstance(value[key], (int, str)):
            del value[key]
    last = value.get("last")
    if isinstance(last, (int, dict)) or (isinstance(last, str) and last.startswith(("/", "?", "http"))):
        del value["last"]
