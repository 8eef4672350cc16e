"""The personal parts of the journal in clear, for an operator who has the keys; as written for anybody else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from ringwall.core.ports import Unavailable
from ringwall.state.alerts import Alerts
from ringwall.state.database import Database
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal_export import document
from ringwall.state.journal_index import Found
from ringwall.state.journal_persons import Document, JournalPersons
from ringwall.state.rootkeys import FIRST, LIST, root_keys
from ringwall.state.sqlite import Store


class Reader:
    """Opens what it can."""

    def __init__(self, persons: JournalPersons | None) -> None:
        self._persons = persons

    def opened(self, record: Document) -> Document:
        """A record with its personal parts in clear, as far as their keys live and are here."""
        return record if self._persons is None else self._persons.opened(record)

    def found(self, found: Found) -> Found:
        """The same of a record that was found; not its bytes any more."""
        members = self.opened(document(found))
        return Found(found.log, found.index, orjson.dumps(members, option=orjson.OPT_SORT_KEYS)) if members else found

    def beside(self, found: Found) -> Document:
        """The personal parts that could be opened, for a form that keeps the record's own bytes."""
        written = document(found)
        return {name: value for name, value in self.opened(written).items() if value != written[name]}

    def spellings(self, member: str, text: str | None) -> tuple[str, ...] | None:
        """Every way in which records may name a `principal` or an `object`."""
        if text is None:
            return None
        return (text,) if self._persons is None else tuple(self._persons.spellings(member, text))


def alerts_of(data: Path, store: Store) -> Alerts:
    """The alerts and responses of a data directory, in clear while the persons' keys live. What is added is sealed, so
    that it takes the keys. Raises Unavailable."""
    return Alerts(store, JournalPersons(FieldKeys(store, root_keys(data / "keys"))))


def alerts_as_they_are(data: Path, store: Store) -> Alerts:
    """The same to be read: in clear where the keys are here, else as they are kept."""
    keys = data / "keys"
    there = any((keys / name).is_file() for name in (FIRST, LIST))
    return Alerts(store, _persons(store, keys) if there else None)


@contextmanager
def reader(data: Path) -> Iterator[Reader]:
    """What reads the journal of a data directory. It makes nothing there, and fails for no want of keys."""
    keys = data / "keys"
    if not (data / "state.db").is_file() or not any((keys / name).is_file() for name in (FIRST, LIST)):
        yield Reader(None)
        return
    try:
        database = Database(data / "state.db")
    except Unavailable:
        yield Reader(None)
        return
    try:
        yield Reader(_persons(database, keys))
    finally:
        database.close()


def _persons(database: Database, keys: Path) -> JournalPersons | None:
    try:
        return JournalPersons(FieldKeys(database, root_keys(keys)))
    except Unavailable:
        return None
