"""Finding an incident's records: of an alert, a request or a principal, by the journal's search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ringwall.contract.model import Contract
from ringwall.monitoring.incident import MOST, Incident, Record, assemble
from ringwall.monitoring.monitor import parsed
from ringwall.state.alerts import Alert, Alerts
from ringwall.state.journal_index import Query, search
from ringwall.state.sqlite import Store


def incident_of(asked: str, around: float, data: Path, store: Store, contract: Contract | None) -> Incident:
    """The incident of an alert, a request or a principal, by whichever of them there is; `around` is in seconds.

    Raises JournalDamaged, sqlite3.OperationalError, Unavailable."""
    journal = data / "journal"
    alert = Alerts(store).alert(asked)
    if alert is not None:
        return assemble(asked, "alert", _of_alert(journal, alert, around), store.owner_of, contract)
    request = list(_found(journal, Query(request_id=asked, limit=MOST)))
    if request:
        return assemble(asked, "request", request, store.owner_of, contract)
    records = _found(journal, Query(principal=asked, limit=MOST + 1))
    return assemble(asked, "principal", records, store.owner_of, contract)


def _of_alert(journal: Path, alert: Alert, around: float) -> Iterator[Record]:
    """The requests that raised it, what its principal or address did around then, and what was done about it."""
    since, until = int((alert.first - around) * 1000), int((alert.last + around) * 1000) + 1
    queries = [Query(request_id=each) for each in (*alert.requests, alert.id)]
    if alert.principal:
        queries.append(Query(principal=alert.principal, since=since, until=until, limit=MOST))
    else:
        queries.append(Query(client=alert.client, since=since, until=until, limit=MOST))
    queries.append(Query(kind="response", since=since, until=until, limit=MOST))
    seen: set[tuple[str, int]] = set()
    for query in queries:
        for found in search(journal, query):
            record = parsed(found.record)
            about = query.kind != "response" or (record or {}).get("alert") == alert.id
            if record is not None and about and (found.log, found.index) not in seen:
                seen.add((found.log, found.index))
                yield record


def _found(journal: Path, query: Query) -> Iterator[Record]:
    for found in search(journal, query):
        record = parsed(found.record)
        if record is not None:
            yield record
