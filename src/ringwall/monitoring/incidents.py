"""Finding an incident's records: of an alert, a request or a principal, by the journal's search."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from ringwall.contract.model import Contract
from ringwall.monitoring.incident import MOST, Incident, Record, assemble
from ringwall.monitoring.monitor import parsed
from ringwall.state.alerts import Alert, Alerts
from ringwall.state.journal_index import Query, search
from ringwall.state.sqlite import Store


class Persons(Protocol):
    """What opens the personal parts of records, and knows how they are written."""

    def opened(self, record: dict[str, object]) -> dict[str, object]: ...
    def spellings(self, member: str, text: str | None) -> tuple[str, ...] | None: ...


def incident_of(
    asked: str, around: float, data: Path, store: Store, alerts: Alerts, contract: Contract | None, persons: Persons
) -> Incident:
    """The incident of an alert, a request or a principal, by whichever of them there is; `around` is in seconds.

    Raises JournalDamaged, sqlite3.OperationalError, Unavailable."""
    journal = data / "journal"
    alert = alerts.alert(asked)
    if alert is not None:
        return assemble(asked, "alert", _of_alert(journal, alert, around, persons), store.owner_of, contract)
    request = list(_found(journal, Query(request_id=asked, limit=MOST), persons))
    if request:
        return assemble(asked, "request", request, store.owner_of, contract)
    records = _found(journal, Query(persons.spellings("principal", asked), limit=MOST + 1), persons)
    return assemble(asked, "principal", records, store.owner_of, contract)


def _of_alert(journal: Path, alert: Alert, around: float, persons: Persons) -> Iterator[Record]:
    """The requests that raised it, what its principal or address did around then, and what was done about it."""
    since, until = int((alert.first - around) * 1000), int((alert.last + around) * 1000) + 1
    queries = [Query(request_id=each) for each in (*alert.requests, alert.id)]
    if alert.principal:
        who = persons.spellings("principal", alert.principal)
        queries.append(Query(who, since=since, until=until, limit=MOST))
    else:
        queries.append(Query(client=persons.spellings("client", alert.client), since=since, until=until, limit=MOST))
    queries.append(Query(kind="response", since=since, until=until, limit=MOST))
    seen: set[tuple[str, int]] = set()
    for query in queries:
        for found in search(journal, query):
            record = parsed(found.record)
            about = query.kind != "response" or (record or {}).get("alert") == alert.id
            if record is not None and about and (found.log, found.index) not in seen:
                seen.add((found.log, found.index))
                yield persons.opened({**record})


def _found(journal: Path, query: Query, persons: Persons) -> Iterator[Record]:
    for found in search(journal, query):
        record = parsed(found.record)
        if record is not None:
            yield persons.opened({**record})
