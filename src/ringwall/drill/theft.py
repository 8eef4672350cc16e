"""What a thief opens who has the application's database and one data key: every record of that key, in the place where
it stands. The places are no secret: the thief reads them in the rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringwall.contract.model import Resource
from ringwall.engines.crypto.fields import FieldContext, decrypt, is_record
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import DataKey
from ringwall.state.fieldkeys import FieldKeys


@dataclass(frozen=True, slots=True)
class Lifted:
    """The keys of one holder, and no other."""

    keys: Mapping[str, DataKey]

    def find(self, kid: str) -> DataKey | CryptoRefused:
        """The key of that name, if it is one of these."""
        return self.keys.get(kid) or CryptoRefused(CryptoFlaw.KEY_UNKNOWN)

    current = fixed = find

    def random(self, count: int) -> bytes:
        """A thief seals nothing."""
        return bytes(count)


def opened_with(holder: str, database: Path, resources: Mapping[str, Resource], keys: FieldKeys) -> Iterator[bytes]:
    """Every value in an SQLite database that a holder's keys open."""
    found = (keys.ring.find(stored.kid) for stored in keys.table.of(holder))
    thief = Lifted({key.kid: key for key in found if isinstance(key, DataKey)})
    for row in _rows(database):
        for name, text in row.items():
            if isinstance(text, str) and is_record(text):
                plain = (decrypt(text, _place(resource, name, row), thief) for resource in resources.values())
                yield from (value for value in plain if isinstance(value, bytes))


def _rows(database: Path) -> Iterator[dict[str, Any]]:
    with closing(sqlite3.connect(database)) as db:
        db.row_factory = sqlite3.Row
        tables = [str(row[0]) for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            yield from (dict(row) for row in db.execute(f'SELECT * FROM "{table}"'))  # noqa: S608 - its own tables


def _place(resource: Resource, field: str, row: Mapping[str, Any]) -> FieldContext:
    def told(name: str | None) -> str | None:
        value = row.get(name) if name else None
        return None if value is None else str(value)

    return FieldContext(resource.name, field, told(resource.tenant), told(resource.owner), told(resource.id))
