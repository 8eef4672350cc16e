"""Moving a table's values under their current keys: plaintext, records under older keys, and records that were bound to
less than is known now. What is right already is left alone, so that a pass broken off anywhere is simply run again.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from ringwall.engines.crypto.fields import (
    FieldContext,
    Json,
    bound_whole,
    decrypt_value,
    encrypt_value,
    equal_holder,
    equal_under,
    holder_of,
    is_record,
    read,
)
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import DataKey, KeyRing
from ringwall.state.columns import Change, Changing, Columns, Row
from ringwall.state.keyuse import KeyUse

BATCH: Final = 2000

Said = Literal["plain", "older", "current"]
Progress = Callable[[int, int], None]
"""Told the rows done and the rows there are."""


@dataclass(slots=True)
class Tally:
    """What a pass found: values in clear, under an older key or binding, right already, and not to be opened (by
    reason), or of erased persons; how many it changed, and how often a key was seen."""

    plain: int = 0
    older: int = 0
    current: int = 0
    changed: int = 0
    overtaken: int = 0
    erased: int = 0
    unreadable: Counter[str] = field(default_factory=Counter)
    uses: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Pass:
    """One way over a table. `searchable` are the fields found by equality, `erased` says whose values stay as they
    are, under keys that are gone or will be; `owner` and
    `equal_only` are for one owner's and for searchable ones alone; `adopt` takes over what opens for another owner."""

    columns: Columns
    ring: KeyRing
    searchable: frozenset[str]
    erased: Callable[[object, str | None], bool] = lambda value, owner: False
    owner: str | None = None
    equal_only: bool = False
    adopt: bool = False


def migrate(way: Pass, use: KeyUse, progress: Progress, *, dry_run: bool = False) -> Tally:
    """Go over the table until nothing is left to do, and keep what each key is used for then. A dry run goes over it
    once and changes nothing. Raises Unavailable, with all that was committed until then done."""
    whole = way.owner is None and not way.equal_only
    after = use.reached(way.columns.place) if whole and not dry_run else None
    total = Tally()
    while True:
        resumed = after is not None
        tally = _once(way, use if whole and not dry_run else None, after, progress, dry_run=dry_run)
        _add(total, tally)
        if dry_run or not (resumed or tally.changed or tally.overtaken):
            break
        after = None
    if whole and not dry_run:
        use.count(way.columns.place, total.uses, time.time())
    return total


def _add(total: Tally, last: Tally) -> None:
    """The last pass says how things are; what was changed adds up."""
    total.changed += last.changed
    total.plain, total.older = max(total.plain, last.plain), max(total.older, last.older)
    total.erased = last.erased
    total.current, total.overtaken = last.current, last.overtaken
    total.unreadable, total.uses = last.unreadable, last.uses


def _once(way: Pass, use: KeyUse | None, after: object, progress: Progress, *, dry_run: bool) -> Tally:
    tally, done, there = Tally(), 0, way.columns.count()
    while rows := way.columns.rows(after, BATCH, way.owner):
        changes = _changes(way, rows, tally)
        if changes and not dry_run:
            with way.columns.changing() as changing:
                _replace(changing, changes, tally)
        after, done = rows[-1].id, done + len(rows)
        if use is not None:
            use.reach(way.columns.place, after)
        progress(done, there)
    return tally


def at_once(way: Pass) -> Tally:
    """One pass in a single transaction: what is found by equality is found under its old key until it ends, and under
    its new one from then on."""
    tally, after = Tally(), None
    with way.columns.changing() as changing:
        while rows := way.columns.rows(after, BATCH, way.owner):
            changes = _changes(way, rows, tally)
            _replace(changing, changes, tally)
            after = rows[-1].id
    return tally


def _replace(changing: Changing, changes: list[Change], tally: Tally) -> None:
    done = changing.replace(changes)
    tally.changed += done
    tally.overtaken += len(changes) - done


def _changes(way: Pass, rows: list[Row], tally: Tally) -> list[Change]:
    found = []
    for row in rows:
        for name, value in row.values.items():
            if value is None or (way.equal_only and name not in way.searchable):
                continue
            if way.erased(value, row.owner):
                tally.erased += 1
                continue
            new = _renewed(way, row, name, value, tally)
            if new is not None:
                found.append(Change(row.id, name, value, new))
    return found


def _renewed(way: Pass, row: Row, name: str, value: object, tally: Tally) -> str | None:
    """The value under its current key and binding, or None where it is that, or cannot be opened."""
    context = FieldContext(way.columns.mapped.resource, name, row.tenant, row.owner, str(row.id))
    key = _key(way, context)
    if isinstance(key, CryptoRefused):
        tally.unreadable[key.reason.value] += 1
        return None
    plain = isinstance(value, str) and not is_record(value)
    if plain or isinstance(value, (bool, int, float)):
        tally.plain += 1
        tally.uses[key.kid] += 1
        return _under(way, value, context, key, tally)  # type: ignore[arg-type] # one of JSON's
    if not isinstance(value, str):
        tally.unreadable[f"type {type(value).__name__}"] += 1
        return None
    envelope = read(value)
    if not isinstance(envelope, CryptoRefused):
        right = name in way.searchable or bound_whole(envelope, context)
        if envelope.kid == key.kid and right:
            tally.current += 1
            tally.uses[key.kid] += 1
            return None
    opened = decrypt_value(value, context, way.ring)
    if way.adopt and isinstance(opened, CryptoRefused) and opened.reason is CryptoFlaw.MOVED:
        opened = decrypt_value(value, _as_it_was(way, value, context), way.ring)
    if isinstance(opened, CryptoRefused):
        tally.unreadable[opened.reason.value] += 1
        if not isinstance(envelope, CryptoRefused):
            tally.uses[envelope.kid] += 1
        return None
    tally.older += 1
    tally.uses[key.kid] += 1
    return _under(way, opened.json, context, key, tally)


def _as_it_was(way: Pass, text: str, context: FieldContext) -> FieldContext:
    """The same place while it was another owner's, as the record's key says."""
    envelope = read(text)
    key = CryptoRefused(CryptoFlaw.MALFORMED) if isinstance(envelope, CryptoRefused) else way.ring.find(envelope.kid)
    kind, _, owner = ("", "", "") if isinstance(key, CryptoRefused) else key.holder.partition(":")
    return context._replace(owner=owner) if kind == "subject" else context


def _key(way: Pass, context: FieldContext) -> DataKey | CryptoRefused:
    """The key that a value is to be under: the prepared one, where there is one, of a searchable field."""
    if context.field not in way.searchable:
        return way.ring.current(holder_of(context))
    holder = equal_holder(context)
    return way.ring.prepared(holder) or way.ring.fixed(holder)


def _under(way: Pass, value: Json, context: FieldContext, key: DataKey, tally: Tally) -> str | None:
    if context.field in way.searchable:
        return equal_under(value, context, key)
    text = encrypt_value(value, context, way.ring)
    if isinstance(text, CryptoRefused):
        tally.unreadable[text.reason.value] += 1
        return None
    return text
