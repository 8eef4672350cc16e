"""Erasing a person: the keys go, the rows that name them go, and what is left says nothing any more.

Every step may be repeated, so that an erasure that was broken off is finished by running it again.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ringwall.engines.crypto.fields import EQUAL
from ringwall.engines.crypto.keyring import KeyRing
from ringwall.engines.crypto.pseudonyms import is_pseudonym
from ringwall.state.columns import Columns
from ringwall.state.database import Database
from ringwall.state.erasures import Erasure, Erasures, ended
from ringwall.state.journal_persons import HOLDER
from ringwall.state.keytable import KeyTable
from ringwall.state.keyuse import KeyUse
from ringwall.state.migrating import Pass, Tally, at_once, migrate

NAMING: Final = ("subject", "owner", "principal")
"""Columns of `state.db` that hold a subject, in whichever table: their rows go with the person."""


@dataclass(slots=True)
class Place:
    """A table of the application's, its fields that are found by equality, and what was found in it."""

    columns: Columns
    searchable: frozenset[str]
    moved: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did. `rows` are the rows of `state.db` that went, by table; `lived` are keys of searchable fields
    that still open what they sealed for the person, `ended` those that do not any more."""

    erasure: Erasure
    rows: dict[str, int]
    lived: tuple[str, ...]
    ended: tuple[str, ...]


def known(database: Database, table: KeyTable, subject: str) -> bool:
    """Whether there is anything of a subject here."""
    return bool(_keys(table, subject)) or bool(_naming(database, subject, count=True))


def subjects(database: Database, table: KeyTable) -> list[str]:
    """Everyone of whom something is here."""
    holders = (table.beginning("subject:"), table.beginning(HOLDER))
    found = {key.holder.partition(":")[2] for keys in holders for key in keys}
    for name, column in _columns(database):
        rows = database.rows(f'SELECT DISTINCT "{column}" FROM "{name}" WHERE "{column}" IS NOT NULL')  # noqa: S608
        found.update(text for row in rows if not is_pseudonym(text := str(row[0])))
    return sorted(found)


def begun(erasures: Erasures, table: KeyTable, subject: str, certified: Callable[[str], bool], at: float) -> Erasure:
    """The erasure of a subject, kept before anything is destroyed: one that was broken off goes on as it was."""
    salt, destroyed = os.urandom(16), tuple(_keys(table, subject))
    erasure = Erasure(secrets.token_hex(8), subject, salt, at, destroyed, _equal(table))
    for earlier in erasures.of(subject):
        if not certified(earlier.id):
            erasure = Erasure(
                earlier.id, subject, earlier.salt, earlier.at,
                tuple(dict.fromkeys((*earlier.destroyed, *destroyed))), earlier.equal,
            )  # fmt: skip
    erasures.add(erasure)
    return erasure


def erase(database: Database, table: KeyTable, erasure: Erasure, until: float) -> dict[str, int]:
    """End the subject's tokens until `until` (epoch seconds), destroy the keys, and take the rows out. Returns how many
    rows went, by table."""
    subject = erasure.subject
    _forget_devices(database, subject)
    for kid in _keys(table, subject):
        table.remove(kid)
    rows = _naming(database, subject, count=False)
    database.rows("DELETE FROM revocation WHERE kind = 'subject' AND value = ?", (subject,))
    database.rows(
        "INSERT INTO revocation VALUES ('erased', ?, ?, ?) ON CONFLICT DO UPDATE SET at = excluded.at",
        (ended(subject, erasure.salt), time.time(), until),
    )
    database.scrub()
    return rows


def rekey(
    places: Sequence[Place], ring: KeyRing, table: KeyTable, erasures: Erasures, wait: Callable[[], None]
) -> None:
    """Move what is found by equality under new keys, but for what is of the erased. Each table is moved in one
    transaction; until every server has noticed, which `wait` waits for, a search may miss."""
    holders = {key.holder for key in table.beginning(EQUAL) if key.generation > 0}
    for holder in holders:
        ring.prepare(holder)
    ways = [_way(place, ring, erasures) for place in places if place.searchable]
    for way in ways:
        at_once(way)
    for holder in holders:
        made = ring.prepare(holder)
        ring.put_to_use(getattr(made, "kid", ""))
    wait()
    for way in ways:
        at_once(way)


def _way(place: Place, ring: KeyRing, erasures: Erasures) -> Pass:
    return Pass(place.columns, ring, place.searchable, erasures.is_of_erased, equal_only=True)


def count(places: Sequence[Place], ring: KeyRing, use: KeyUse, erasures: Erasures) -> dict[str, Tally]:
    """Go over every table, move what is left to move, and keep what uses each key."""
    return {
        place.columns.place: migrate(
            Pass(place.columns, ring, place.searchable, erasures.is_of_erased), use, lambda done, there: None
        )
        for place in places
    }


def end_unused(erasure: Erasure, table: KeyTable, use: KeyUse, erasures: Erasures) -> tuple[str, ...]:
    """Destroy the keys of searchable fields that lived when the person was erased and that nothing uses any more."""
    uses = use.counted().uses
    latest = {key.holder: key.kid for key in sorted(table.beginning(EQUAL), key=lambda key: key.generation)}
    ended = tuple(kid for kid in erasure.equal if not uses.get(kid) and kid not in latest.values())
    erasures.end(ended)
    for kid in ended:
        table.remove(kid)
    return ended


def _forget_devices(database: Database, subject: str) -> None:
    """What is remembered of the browsers of an account, which is kept by the account's name."""
    if database.rows("SELECT 1 FROM sqlite_master WHERE name = 'device'"):
        database.rows("DELETE FROM device WHERE name IN (SELECT name FROM account WHERE subject = ?)", (subject,))


def _keys(table: KeyTable, subject: str) -> list[str]:
    return [key.kid for holder in (f"subject:{subject}", f"{HOLDER}{subject}") for key in table.of(holder)]


def _equal(table: KeyTable) -> tuple[str, ...]:
    return tuple(key.kid for key in table.beginning(EQUAL))


def _naming(database: Database, subject: str, *, count: bool) -> dict[str, int]:
    """The rows that name a subject, by table: counted, or taken out."""
    found: dict[str, int] = {}
    for name, column in _columns(database):
        word, end = ("SELECT 1", "") if count else ("DELETE", " RETURNING 1")
        sql = f'{word} FROM "{name}" WHERE "{column}" = ?{end}'
        number = len(database.rows(sql, (subject,)))
        if number:
            found[name] = found.get(name, 0) + number
    return found


def _columns(database: Database) -> list[tuple[str, str]]:
    """The columns that hold subjects, with their tables."""
    tables = database.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    return [
        (str(name), str(column))
        for (name,) in tables
        for (column,) in database.rows("SELECT name FROM pragma_table_info(?)", (name,))
        if column in NAMING
    ]
