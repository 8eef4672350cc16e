"""Finding records by who, what, whose, why and when: a SQLite file derived from the segments.

It is no evidence and may be deleted at any time. It is brought up to date when searched, never on the request
path, and what is found is read from the segments and checked against its own leaf hash.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from ringwall.engines.ledger.frames import Frame
from ringwall.state.journal_files import INDEX, JournalDamaged, Segment, chunks, logs, segment_name, segments

_VERSION = 2
_TAIL = 64
_TEXTS = ("principal", "operation", "reason", "id", "client", "kind")

_TABLES = """
CREATE TABLE events (id INTEGER PRIMARY KEY, at INTEGER, principal TEXT, operation TEXT, reason TEXT,
    request_id TEXT, client TEXT, kind TEXT, log TEXT NOT NULL, n INTEGER NOT NULL, segment INTEGER NOT NULL,
    offset INTEGER NOT NULL);
CREATE TABLE objects (object TEXT NOT NULL, at INTEGER, event INTEGER NOT NULL);
CREATE TABLE progress (log TEXT PRIMARY KEY, segment INTEGER NOT NULL, offset INTEGER NOT NULL,
    tail BLOB NOT NULL);
"""
_INDEXES = """
CREATE INDEX IF NOT EXISTS by_time ON events (at);
CREATE INDEX IF NOT EXISTS by_principal ON events (principal, at) WHERE principal IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_operation ON events (operation, at) WHERE operation IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_reason ON events (reason, at) WHERE reason IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_request ON events (request_id) WHERE request_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_client ON events (client, at) WHERE client IS NOT NULL;
CREATE INDEX IF NOT EXISTS by_kind ON events (kind, at) WHERE kind <> 'exchange';
CREATE INDEX IF NOT EXISTS by_object ON objects (object, at, event);
"""


@dataclass(frozen=True, slots=True)
class Query:
    """What to find; None matches all. Times are epoch milliseconds, `since` included and `until` not. A principal,
    an address and an object may be spelled in several ways, since records name them under the keys of persons."""

    principal: str | tuple[str, ...] | None = None
    operation: str | None = None
    reason: str | None = None
    request_id: str | None = None
    object: str | tuple[str, ...] | None = None
    since: int | None = None
    until: int | None = None
    limit: int = 100
    client: str | tuple[str, ...] | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A record as it stands in the journal: its log, number and bytes."""

    log: str
    index: int
    record: bytes


def milliseconds(text: str) -> int:
    """An RFC 3339 time, or a date, as epoch milliseconds; UTC where it names no zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        at = datetime.fromisoformat(f"{at.isoformat()}+00:00")
    return round(at.timestamp() * 1000)


def search(directory: Path, query: Query) -> list[Found]:
    """The latest matching records, at most `limit`, oldest first, after bringing the index up to date.

    Raises JournalDamaged where a record found is not what was written, sqlite3.OperationalError where the
    directory takes no index."""
    statement, values = _select(query)
    return [_read(directory, *row) for row in reversed(_asked(directory, statement, values))]


def request_ids(directory: Path, prefix: str, limit: int) -> list[str]:
    """The request ids that begin with `prefix`, at most `limit`, in order. Raises sqlite3.OperationalError."""
    statement = "SELECT DISTINCT request_id FROM events WHERE request_id >= ? AND request_id < ? ORDER BY 1 LIMIT ?"
    return [row[0] for row in _asked(directory, statement, (prefix, prefix + "\U0010ffff", limit))]


def tally(directory: Path, since: int, until: int, step: int) -> list[tuple[int, str | None, int]]:
    """How many exchanges there were in each step of time, by reason (None: allowed): the step's beginning, the reason,
    the count; those of the console, which would count that somebody looks, are left out. Times and steps are
    milliseconds. Raises sqlite3.OperationalError."""
    statement = (
        "SELECT at / ? * ?, reason, count(*) FROM events WHERE at >= ? AND at < ? AND kind = 'exchange'"
        " AND (operation IS NULL OR operation NOT GLOB 'ringwall console.*')"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )
    return _asked(directory, statement, (step, step, since, until))


def _asked(directory: Path, statement: str, values: Sequence[str | int]) -> list[Any]:
    """The rows of a statement over the current index, which is made anew where it is none."""
    try:
        return _rows(directory, statement, values)
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:  # locked, read-only: not the file's fault
            raise
        (directory / INDEX).unlink(missing_ok=True)  # not a database, or malformed
        return _rows(directory, statement, values)


def _rows(directory: Path, statement: str, values: Sequence[str | int]) -> list[Any]:
    with closing(_current(directory)) as database:
        return database.execute(statement, values).fetchall()


def _select(query: Query) -> tuple[str, list[str | int]]:
    wanted: dict[str, str | int | None] = {
        "principal IN (SELECT value FROM json_each(?))": _any(query.principal),
        "operation = ?": query.operation,
        "reason = ?": query.reason,
        "request_id = ?": query.request_id,
        "id IN (SELECT event FROM objects WHERE object IN (SELECT value FROM json_each(?)))": _any(query.object),
        "client IN (SELECT value FROM json_each(?))": _any(query.client),
        "kind = ?": query.kind,
        "at >= ?": query.since,
        "at < ?": query.until,
    }
    terms = {term: value for term, value in wanted.items() if value is not None}
    where = " AND ".join(terms) or "1"
    statement = f"SELECT log, segment, offset, n FROM events WHERE {where} ORDER BY at DESC, id DESC LIMIT ?"  # noqa: S608
    return statement, [*terms.values(), query.limit]


def _any(spellings: str | tuple[str, ...] | None) -> str | None:
    """What matches any of these, as SQLite takes a list."""
    if spellings is None:
        return None
    return json.dumps([spellings] if isinstance(spellings, str) else spellings)


def _read(directory: Path, log: str, segment: int, offset: int, index: int) -> Found:
    path = directory / log / segment_name(segment)
    with path.open("rb") as file:
        file.seek(offset)
        frame = Frame.parse(file.readline().removesuffix(b"\n"))
    if frame is None or frame.index != index or not frame.holds:
        raise JournalDamaged(f"{path}: record {index} is not what was written; run audit verify")
    return Found(log, index, frame.record)


def _current(directory: Path) -> sqlite3.Connection:
    """The index, covering every whole line that is in the segments now."""
    database = _opened(directory / INDEX)
    try:
        if _behind(directory, database):
            database.execute("BEGIN IMMEDIATE")
            _catch_up(directory, database)
            database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    return database


def _opened(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    database = sqlite3.connect(path, timeout=60, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")  # lost in a power cut, it is made anew
    return database


def _behind(directory: Path, database: sqlite3.Connection) -> bool:
    if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
        return True
    known = {log: (segment, offset) for log, segment, offset, _ in database.execute("SELECT * FROM progress")}
    return {log: _end(directory / log) for log in logs(directory)} != known


def _end(place: Path) -> tuple[int, int]:
    found = segments(place)
    return (found[-1].first, found[-1].path.stat().st_size) if found else (0, 0)


def _catch_up(directory: Path, database: sqlite3.Connection) -> None:
    if database.execute("PRAGMA user_version").fetchone()[0] != _VERSION or not _goes_on(directory, database):
        _start_over(database)
    known = {log: (segment, offset) for log, segment, offset, _ in database.execute("SELECT * FROM progress")}
    for log in logs(directory):
        _index(database, directory / log, log, *known.get(log, (0, 0)))
    for statement in filter(None, map(str.strip, _INDEXES.split(";"))):
        database.execute(statement)
    database.execute("PRAGMA optimize")


def _goes_on(directory: Path, database: sqlite3.Connection) -> bool:
    """Whether what was indexed is still what stands before the place where indexing stopped."""
    rows = database.execute("SELECT * FROM progress").fetchall()
    return all(_tail(directory / log / segment_name(first), offset) == tail for log, first, offset, tail in rows)


def _tail(path: Path, offset: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(max(0, offset - _TAIL))
            return file.read(min(offset, _TAIL))
    except FileNotFoundError:
        return b""


def _start_over(database: sqlite3.Connection) -> None:
    for table in ("events", "objects", "progress"):
        database.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in filter(None, map(str.strip, _TABLES.split(";"))):
        database.execute(statement)
    database.execute(f"PRAGMA user_version = {_VERSION}")


_Texts = tuple[str | None, str | None, str | None, str | None, str | None, str | None]
_Event = tuple[int, int | None, *_Texts, str, int, int, int]


def _index(database: sqlite3.Connection, place: Path, log: str, first: int, offset: int) -> None:
    """Adds one log's lines from a place on."""
    following = database.execute("SELECT coalesce(max(id), 0) + 1 FROM events").fetchone()[0]
    for segment in (s for s in segments(place) if s.first >= first):
        start = offset if segment.first == first else 0
        first, offset = segment.first, start
        for lines, _ in chunks(segment.path, start):
            following = _add(database, lines, log, segment, offset, following)
            offset += sum(map(len, lines)) + len(lines)
    row = (log, first, offset, _tail(place / segment_name(first), offset))
    database.execute("INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?)", row)


def _add(
    database: sqlite3.Connection, lines: list[bytes], log: str, segment: Segment, offset: int, following: int
) -> int:
    events: list[_Event] = []
    objects: list[tuple[str, int | None, int]] = []
    for line in lines:
        frame = Frame.parse(line)
        document = _document(frame.record) if frame else None
        if frame and document is not None:
            at = moment(document.get("at"))
            who, what, why, request, client, kind = (_text(document.get(key)) for key in _TEXTS)
            texts: _Texts = (who, what, why, request, client, kind)
            events.append((following, at, *texts, log, frame.index, segment.first, offset))
            objects.extend((o, at, following) for o in _objects(document.get("objects")))
            following += 1
        offset += len(line) + 1
    database.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", events)
    database.executemany("INSERT INTO objects VALUES (?, ?, ?)", objects)
    return following


def _document(record: bytes) -> dict[str, object] | None:
    try:
        document = orjson.loads(record)
    except orjson.JSONDecodeError:
        return None
    return document if isinstance(document, dict) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _objects(value: object) -> Iterator[str]:
    return (item for item in value if isinstance(item, str)) if isinstance(value, list) else iter(())


def moment(value: object) -> int | None:
    """A record's `at` as epoch milliseconds; None where it is no time."""
    try:
        return milliseconds(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None
