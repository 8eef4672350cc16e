"""What takes an event: the journal first, then the metrics. Called once an exchange, before its reply leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import orjson

from ringwall.core.event import Event
from ringwall.core.ports import Recorder, Unavailable
from ringwall.monitoring.metrics import Metrics

Watch = Callable[[Event], None]
Document = dict[str, object]


class Log(Protocol):
    """The journal's writing side."""

    def append(self, record: bytes) -> int: ...


class Persons(Protocol):
    """What seals the parts of an event that tell of a person, each under that person's key, and is told of whom an
    exchange is."""

    def sealed(self, event: Event) -> Document: ...
    def whose(self, exchange: str, subject: str) -> None: ...


class Health:
    """Whether the journal took the last event. A request is refused up front while it does not, and one at a time
    is let try again."""

    __slots__ = ("failing",)

    def __init__(self) -> None:
        self.failing = False


def recorder(
    log: Log, metrics: Metrics, health: Health, watch: Watch | None = None, persons: Persons | None = None
) -> Recorder:
    """The recorder of a wall. `watch` sees each event too (the drill's eyes); `persons` seals what tells of one."""

    def record(event: Event) -> None:
        metrics.observe(event)
        if watch is not None:
            watch(event)
        try:
            document = event.document() if persons is None else persons.sealed(event)
            log.append(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))
        except (Unavailable, OSError):
            health.failing = True
            metrics.journal_failed()
            raise
        health.failing = False

    return record
