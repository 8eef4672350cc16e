"""Prometheus metrics of exchanges. Labels are operations, reasons and layers: never a value of a request."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from ringwall.core.event import Event

CONTENT_TYPE = CONTENT_TYPE_LATEST

_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.5)


class Metrics:
    """Counters of one process, kept in a registry of their own. Those of an operation are looked up once."""

    def __init__(self) -> None:
        self._known: dict[tuple[str | None, str, int], Counter] = {}
        self._registry = CollectorRegistry()
        self._exchanges = Counter(
            "ringwall_exchanges",
            "Exchanges by operation, decision and status class.",
            ("operation", "decision", "status"),
            registry=self._registry,
        )
        self._refusals = Counter(
            "ringwall_refusals", "Refusals by layer and reason.", ("layer", "reason"), registry=self._registry
        )
        self._overhead = Histogram(
            "ringwall_overhead_seconds",
            "Time inside ringwall, without the application's.",
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._unwritten = Counter(
            "ringwall_journal_failures", "Events that the journal did not take.", registry=self._registry
        )

        self._ends = Gauge(
            "ringwall_certificate_end_seconds",
            "When a certificate ends, in seconds since the epoch.",
            ("certificate",),
            registry=self._registry,
        )
        self._soon = Gauge(
            "ringwall_certificate_ends_soon",
            "Whether a certificate ends within 30 days, or is in the last quarter of a shorter life: 1 warns.",
            ("certificate",),
            registry=self._registry,
        )

        self._revocation = Gauge(
            "ringwall_certificate_revocation",
            "How a certificate stands with its authority (OCSP): 1 at the one that is so.",
            ("certificate", "status"),
            registry=self._registry,
        )
        self._unrenewed = Gauge(
            "ringwall_certificate_renewal_failing",
            "Whether the authority gave no certificate when it was last asked: 1 warns.",
            ("certificate",),
            registry=self._registry,
        )

    def observe(self, event: Event) -> None:
        """Count an exchange."""
        key = (event.operation, event.decision, event.status // 100)
        counter = self._known.get(key)
        if counter is None:
            counter = self._exchanges.labels(event.operation or "none", event.decision, f"{key[2]}xx")
            self._known[key] = counter
        counter.inc()
        self._overhead.observe(event.us / 1e6)
        if event.reason is not None:
            self._refusals.labels(event.layer or "none", event.reason).inc()

    def certificate(self, name: str, ends: float, *, soon: bool) -> None:
        """When a certificate ends (epoch seconds), and whether that is near."""
        self._ends.labels(name).set(ends)
        self._soon.labels(name).set(soon)

    def revocation(self, name: str, state: str | None, states: tuple[str, ...]) -> None:
        """Which of these states a certificate is in; None where nobody can be asked."""
        for each in states if state is not None else ():
            self._revocation.labels(name, each).set(each == state)

    def renewal(self, name: str, *, failing: bool) -> None:
        """Whether the last try to have a certificate renewed failed."""
        self._unrenewed.labels(name).set(failing)

    def journal_failed(self) -> None:
        """Count an event that could not be written."""
        self._unwritten.inc()

    def exposition(self) -> bytes:
        """All metrics in the text format."""
        return generate_latest(self._registry)
