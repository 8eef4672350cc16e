"""Finding what the journal has of one request, by the search index, or without it where it cannot be had."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path

import orjson

from ringwall.cli._persons import reader
from ringwall.cli._problems import fail, shown
from ringwall.core.event import rfc3339
from ringwall.engines.ledger.frames import Frame
from ringwall.state.journal_files import JournalDamaged, chunks, logs, segments
from ringwall.state.journal_index import Query, request_ids, search

Record = Mapping[str, object]

_MANY = 8
_MOST = 64  # records of one request: an exchange, and what became of its reply


def operation_of(record: Record) -> str:
    """The operation of a record; for what no document declares, as much of it as the journal knows."""
    operation = shown(record.get("operation") or "")
    told = operation == "undeclared" and record.get("path")
    return f"undeclared {shown(record.get('method') or '')} {shown(record['path'])}" if told else operation


def records_of(journal: Path, asked: str) -> list[Record]:
    """The records of the one request whose id begins so, the exchange itself first."""
    if not logs(journal):
        fail(f"{journal}: there is no journal here; --data says where `ringwall up` keeps it")
    try:
        found = _indexed(journal, asked)
    except (sqlite3.OperationalError, JournalDamaged, PermissionError):  # no place for an index, or elsewhere damaged
        found = _scanned(journal, asked)
    ids = sorted({str(record.get("id")) for record in found})
    if not ids:
        fail(f"no request {shown(asked)!r} is in the journal of {journal.parent}", 1)
    if len(ids) > 1 and asked not in ids:
        fail(f"{shown(asked)!r} begins several ids: {', '.join(map(shown, ids[:_MANY]))} ...", 1)
    one = asked if asked in ids else ids[0]
    with reader(journal.parent) as persons:
        chosen = [persons.opened(dict(r)) for r in found if r.get("id") == one]
    return sorted(chosen, key=lambda r: "." in str(r.get("kind")))


def _indexed(journal: Path, asked: str) -> list[Record]:
    exact = search(journal, Query(request_id=asked, limit=_MOST))
    if not exact:
        for one in request_ids(journal, asked, _MANY):
            exact += search(journal, Query(request_id=one, limit=_MOST))
    return [record for found in exact if (record := _document(found.record)) is not None]


def _scanned(journal: Path, asked: str) -> list[Record]:
    """From the newest segment of each log, line by line."""
    begins = f'"id":{json.dumps(asked)[:-1]}'.encode()
    found: list[Record] = []
    for log in logs(journal):
        for segment in segments(journal / log)[-1:]:
            for lines, _ in chunks(segment.path):
                found.extend(r for line in lines if begins in line and (r := _framed(line, asked)) is not None)
    return found


def faulty(journal: Path) -> Iterator[Record]:
    """Every exchange of every log in whose input something was at fault, oldest first; damaged lines are left out."""
    return _holding(journal, b'"faults":')


def exchanges(journal: Path, since: float) -> Iterator[Record]:
    """Every exchange of every log since a time (epoch seconds) that was let in; damaged lines are left out."""
    begin = rfc3339(since)
    for record in _holding(journal, b'"decision":"allow"'):
        if record.get("kind") == "exchange" and str(record.get("at", "")) >= begin:
            yield record


def _holding(journal: Path, words: bytes) -> Iterator[Record]:
    if not logs(journal):
        fail(f"{journal}: there is no journal here; --data says where `ringwall up` keeps it")
    for log in logs(journal):
        for segment in segments(journal / log):
            for lines, _ in chunks(segment.path):
                for line in lines:
                    if words in line and (record := _framed(line, "")) is not None:
                        yield record


def _framed(line: bytes, asked: str) -> Record | None:
    frame = Frame.parse(line)
    record = _document(frame.record) if frame is not None and frame.holds else None
    return record if record is not None and str(record.get("id", "")).startswith(asked) else None


def _document(record: bytes) -> Record | None:
    try:
        found = orjson.loads(record)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None
