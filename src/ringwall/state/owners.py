"""Who owns what, as remembered: answered from the process's own memory for as long as any answer may be old."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from ringwall.core.ports import OwnerOf, Ownership
from ringwall.state.sqlite import Store

_MANY: Final = 50_000
_BATCH: Final = 500


class Owners:
    """The owners of one store. What is known is kept for `seconds`, bounded in number, oldest out first; what is not
    known is asked for every time, since another worker may learn it at any moment."""

    def __init__(self, store: Store, seconds: float, ticks: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._seconds = seconds
        self._ticks = ticks
        self._known: dict[tuple[str, str], tuple[float, Ownership]] = {}

    def answer(self, asked: OwnerOf) -> Ownership | None:
        """Who owns an object. Raises Unavailable."""
        key = (asked.resource, asked.id)
        known = self._known.get(key)
        if known is not None and known[0] > self._ticks():
            return known[1]
        found = self._store.owner_of(*key)
        if found is None:
            self._known.pop(key, None)
        else:
            self._keep(key, found)
        return found

    def many(self, resource: str, ids: Iterable[str]) -> dict[str, Ownership]:
        """Who owns each of these objects, as far as it is remembered. Raises Unavailable."""
        found: dict[str, Ownership] = {}
        wanted = list(ids)
        for start in range(0, len(wanted), _BATCH):
            some = wanted[start : start + _BATCH]
            marks = ",".join("?" * len(some))
            sql = f"SELECT id, owner, tenant FROM owner WHERE resource = ? AND id IN ({marks})"  # noqa: S608 - marks
            for object_id, owner, tenant in self._store.rows(sql, (resource, *some)):
                found[str(object_id)] = Ownership(_text(owner), _text(tenant))
        return found

    def remember(self, resource: str, object_id: str, owner: str | None, tenant: str | None) -> None:
        """Keep who owns an object, for every worker. Raises Unavailable."""
        self._store.remember(resource, object_id, owner, tenant)
        self._known.pop((resource, object_id), None)

    def forget(self, resource: str, object_id: str) -> None:
        """Keep no more who owns an object, for every worker. Raises Unavailable."""
        self._store.forget(resource, object_id)
        self._known.pop((resource, object_id), None)

    def _keep(self, key: tuple[str, str], found: Ownership) -> None:
        if len(self._known) >= _MANY:
            self._known.pop(next(iter(self._known)), None)
        self._known[key] = self._ticks() + self._seconds, found


def _text(value: object) -> str | None:
    return None if value is None else str(value)
