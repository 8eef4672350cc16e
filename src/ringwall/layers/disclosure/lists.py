"""Lists without their foreign items, and counts that still agree with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable

from ringwall.contract.model import Operation, Resource
from ringwall.core.message import JSON, Headers
from ringwall.core.plan import Aside, Listed
from ringwall.engines.policy import Sighting, escape, name_of

_COUNTS = frozenset({"total", "totalSize", "filtered", "count", "total_count", "totalCount", "total_items",
                     "totalItems", "size", "length", "total_results", "totalResults", "totalElements",
                     "numberOfElements", "total_size"})  # fmt: skip
_PAGES = frozenset({"pages", "page_count", "pageCount", "total_pages", "totalPages", "last_page", "lastPage",
                    "last_page_url", "lastPageUrl"})  # fmt: skip
"""What tells how many pages there are of everyone's: how many are the caller's, nobody here knows."""


def items_of(data: JSON, pointers: Iterable[str], entries: Callable[[], frozenset[str]]) -> set[str] | None:
    """The list items that have to go so that nothing at these JSON pointers stays: the object itself where it is an
    item, else the innermost item that it stands in. What is in no list goes with the innermost of the `entries` of
    objects that are lists by another form (`{"17": {...}}`). None where one of them is in neither."""
    found: set[str] = set()
    for pointer in pointers:
        item = _innermost(data, pointer) or _entry(pointer, entries())
        if item is None:
            return None
        found.add(item)
    return found


def _innermost(value: JSON, pointer: str) -> str | None:
    """The innermost list item that this place is, or stands in."""
    item, here = None, ""
    for token in pointer.split("/")[1:]:
        here = f"{here}/{token}"
        if isinstance(value, list):
            item, value = here, value[int(token)]
        elif isinstance(value, dict):
            value = value[token.replace("~1", "/").replace("~0", "~")]
    return item


def _entry(pointer: str, entries: frozenset[str]) -> str | None:
    while pointer and pointer not in entries:
        pointer = pointer.rpartition("/")[0]
    return pointer or None


def entries_of(found: Iterable[Sighting], resource: Resource) -> frozenset[str]:
    """The objects of a resource that stand in an object by their id, or beside others of theirs: entries of a list in
    another form than a list's."""
    at = {seen.pointer: seen for seen in found if seen.resource == resource.name and seen.pointer}
    beside = Counter(pointer.rpartition("/")[0] for pointer in at)
    return frozenset(
        pointer
        for pointer, seen in at.items()
        if pointer.rpartition("/")[2] == escape(name_of(seen.value.get(resource.id)) or "")
        or beside[pointer.rpartition("/")[0]] > 1
    )


def without(data: JSON, items: set[str]) -> tuple[JSON, int]:
    """The document without the items at these JSON pointers, and how many went.

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
        here = f"{pointer}/{escape(key)}"
        if here in items:
            dropped += 1
            continue
        out[key], below = _prune(item, here, items, above)
        dropped += below
        pruned = out[key]
        if isinstance(item, (list, dict)) and isinstance(pruned, (list, dict)) and len(pruned) < len(item):
            shortened.append(len(pruned))
    if len(shortened) == 1:
        _count(out, shortened[0])
        for beside in out.values():
            if isinstance(beside, dict):
                _count(beside, shortened[0])
    return out, dropped


def _count(value: dict[str, JSON], length: int) -> None:
    for name, count in _told(value):
        if count:
            value[name] = length
        else:
            del value[name]


def _told(value: dict[str, JSON]) -> list[tuple[str, bool]]:
    """What an object says of a list's length, and whether that is a number of items."""
    found = [(n, True) for n in _COUNTS & value.keys() if isinstance(value[n], int) and not isinstance(value[n], bool)]
    found += [(n, False) for n in _PAGES & value.keys() if isinstance(value[n], (int, str))]
    last = value.get("last")
    if isinstance(last, (int, dict)) or (isinstance(last, str) and last.startswith(("/", "?", "http"))):
        found.append(("last", False))
    return found


def uncounted(data: JSON, path: tuple[str, ...]) -> list[Aside]:
    """Take out of a page, in place, what the objects above the list at a path, and beside it, say of its length."""
    found: list[Aside] = []
    here: tuple[str, ...] = ()
    for name in (*path, None):
        if not isinstance(data, dict):
            break
        _take(data, here, found)
        for beside, value in data.items():
            if beside != name and isinstance(value, dict):
                _take(value, (*here, beside), found)
        if name is not None:
            data, here = data.get(name), (*here, name)
    return found


def _take(value: dict[str, JSON], here: tuple[str, ...], found: list[Aside]) -> None:
    for name, count in _told(value):
        found.append((here, name, value.pop(name), count))


def pages_of(operation: Operation) -> Listed | None:
    """How a long list of this operation is judged; None where it answers with none."""
    rule, replies = operation.rule, operation.api.replies
    filtered = rule is not None and rule.filter is not None
    if operation.resource is None or not (operation.lists or filtered):
        return None
    media = [m for status, reply in replies.items() if status.startswith(("2", "default")) for m in reply.content]
    table = any(m.startswith("text/csv") for m in media)
    return Listed(uncounted, without_totals, table) if filtered else Listed(lambda data, path: [], lambda h: h, table)


_LINK = re.compile(rb"\s*,\s*(?=<)")
_LAST = re.compile(rb";\s*rel\s*=\s*\"?[^\";]*\blast\b", re.IGNORECASE)
_TOTALS = frozenset({b"x-total-count", b"x-total", b"x-count", b"x-total-pages", b"x-page-count", b"content-range"})


def without_totals(headers: Headers) -> Headers:
    """Headers that do not tell how many objects there are of everyone's."""
    return tuple(_turning(h) for h in headers if h[0].lower() not in _TOTALS)


def _turning(header: tuple[bytes, bytes]) -> tuple[bytes, bytes]:
    """A header; of links (RFC 8288) without the one to the last page."""
    if header[0].lower() != b"link":
        return header
    links = _LINK.split(header[1])
    return header[0], b", ".join(link for link in links if not _LAST.search(link))
