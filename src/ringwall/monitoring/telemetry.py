"""What the journal says as OpenTelemetry: a span for each exchange, a log record for each refusal and alert, metrics.

Made from records, beside the workers, so that no request waits for a collector. A span goes on from the W3C trace
context that came with the request. Optional: it needs the extra `ringwall[otel]`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from ringwall.contract.model_monitoring import Otel
from ringwall.core.ports import Unavailable
from ringwall.monitoring.telemetry_records import QUEUE, Record


class _Count:
    """How many items were handed in, and how many a receiver took or never will."""

    def __init__(self) -> None:
        self.handed = self.taken = self.failed = 0
        self._lock = threading.Lock()

    def done(self, count: int, *, taken: bool) -> None:
        with self._lock:
            if taken:
                self.taken += count
            else:
                self.failed += count

    @property
    def lost(self) -> int:
        """What failed, and what no longer fits the queue."""
        return self.failed + max(0, self.handed - self.taken - self.failed - QUEUE)


@dataclass(slots=True)
class Telemetry:
    """An open pipeline to one collector."""

    name: str
    _counts: tuple[_Count, ...]
    _sees: tuple[Callable[[Record], None], ...]
    _stops: tuple[Callable[[], object], ...]

    @property
    def lost(self) -> int:
        """Spans and log records that never arrived."""
        return sum(count.lost for count in self._counts)

    def see(self, record: Record) -> None:
        """Take in a record. Never waits."""
        for each in self._sees:
            each(record)

    def stop(self) -> None:
        """Send what there is, for a moment, and end."""
        for each in self._stops:
            each()


def telemetry(given: Otel) -> Telemetry:
    """A pipeline for the signals that the contract names. Raises Unavailable without the extra."""
    try:
        from ringwall.monitoring import telemetry_pipes as pipes
    except ImportError as missing:
        raise Unavailable(f"monitoring.notify.otel needs ringwall[otel] ({missing.name} is missing)") from None
    counts: list[_Count] = []
    sees: list[Callable[[Record], None]] = []
    stops: list[Callable[[], object]] = []
    for signal, pipe in pipes.PIPES.items():
        if signal in given.signals:
            count = _Count()
            see, stop = pipe(given, count)
            counts.append(count)
            sees.append(see)
            stops.append(stop)
    return Telemetry("otel", tuple(counts), tuple(sees), tuple(stops))
