"""The pipelines of OpenTelemetry's SDK: what each signal makes of a record. Imported only where the extra is there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, Final, Protocol

from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExportResult
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from ringwall.contract.model_monitoring import Otel
from ringwall.monitoring.telemetry_records import QUEUE, attributes, nanoseconds

Record = Mapping[str, Any]
Pipe = Callable[[Otel, "Counted"], tuple[Callable[[Record], None], Callable[[], object]]]

_DELAY_MS, _TIMEOUT_S, _METRICS_MS = 500, 5.0, 2_000
_SEVERITY: Final = {
    "low": SeverityNumber.INFO, "medium": SeverityNumber.WARN, "high": SeverityNumber.ERROR,
    "critical": SeverityNumber.FATAL,
}  # fmt: skip


class Counted(Protocol):
    """Where what happened to items is counted."""

    handed: int

    def done(self, count: int, *, taken: bool) -> None: ...


def _resource() -> Resource:
    return Resource.create({"service.name": "ringwall", "service.version": version("ringwall")})


def _url(given: Otel, signal: str) -> str:
    return f"{given.endpoint.rstrip('/')}/v1/{signal}"


class _Spans(OTLPSpanExporter):
    count: Counted

    def export(self, spans: Any) -> SpanExportResult:
        said = super().export(spans)
        self.count.done(len(spans), taken=said is SpanExportResult.SUCCESS)
        return said


class _Logs(OTLPLogExporter):
    count: Counted

    def export(self, batch: Any) -> LogRecordExportResult:
        said = super().export(batch)
        self.count.done(len(batch), taken=said is LogRecordExportResult.SUCCESS)
        return said


def _traces(given: Otel, count: Counted) -> tuple[Callable[[Record], None], Callable[[], object]]:
    exporter = _Spans(_url(given, "traces"), certificate_file=given.ca, timeout=_TIMEOUT_S)
    exporter.count = count
    provider = TracerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=QUEUE, schedule_delay_millis=_DELAY_MS))
    tracer, context = provider.get_tracer("ringwall"), TraceContextTextMapPropagator()

    def see(record: Record) -> None:
        if record.get("kind") != "exchange":
            return
        parent = context.extract({"traceparent": str(record.get("trace") or "")})
        start = nanoseconds(record)
        name = str(record.get("operation") or "refused")
        span = tracer.start_span(name, parent, SpanKind.SERVER, attributes(record), start_time=start)
        if span.is_recording():
            count.handed += 1
        if record.get("decision") == "refuse":
            span.set_status(Status(StatusCode.ERROR, str(record.get("reason") or "")))
        took = float(record.get("us") or 0.0) + float(record.get("app_us") or 0.0)
        span.end(start + int(took * 1000))

    return see, provider.shutdown


def _logs(given: Otel, count: Counted) -> tuple[Callable[[Record], None], Callable[[], object]]:
    exporter = _Logs(_url(given, "logs"), certificate_file=given.ca, timeout=_TIMEOUT_S)
    exporter.count = count
    provider = LoggerProvider(resource=_resource(), shutdown_on_exit=False)
    provider.add_log_record_processor(
        BatchLogRecordProcessor(exporter, max_queue_size=QUEUE, schedule_delay_millis=_DELAY_MS)
    )
    logger = provider.get_logger("ringwall")

    def see(record: Record) -> None:
        kind = str(record.get("kind"))
        if kind == "exchange" and record.get("decision") == "allow":
            return
        count.handed += 1
        level = str(record.get("level") or ("medium" if record.get("decision") == "refuse" else "low"))
        told = record.get("explanation") or record.get("reason") or record.get("operation") or kind
        logger.emit(
            LogRecord(
                timestamp=nanoseconds(record),
                severity_number=_SEVERITY.get(level, SeverityNumber.INFO),
                severity_text=level,
                body=str(told),
                attributes={"event.name": f"ringwall.{kind}", **attributes(record)},
            )
        )

    return see, provider.shutdown


def _metrics(given: Otel, count: Counted) -> tuple[Callable[[Record], None], Callable[[], object]]:
    exporter = OTLPMetricExporter(_url(given, "metrics"), certificate_file=given.ca, timeout=_TIMEOUT_S)
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=_METRICS_MS)
    provider = MeterProvider([reader], resource=_resource(), shutdown_on_exit=False)
    meter = provider.get_meter("ringwall")
    exchanges = meter.create_counter("ringwall.exchanges", "{exchange}", "Exchanges by operation and decision.")
    refusals = meter.create_counter("ringwall.refusals", "{exchange}", "Refusals by reason.")
    alerts = meter.create_counter("ringwall.alerts", "{alert}", "Alerts by rule and level.")
    took = meter.create_histogram("ringwall.overhead", "us", "Time inside ringwall.")

    def see(record: Record) -> None:
        kind = record.get("kind")
        if kind == "exchange":
            operation = str(record.get("operation") or "none")
            exchanges.add(1, {"operation": operation, "decision": str(record.get("decision"))})
            took.record(float(record.get("us") or 0.0))
            if record.get("reason"):
                refusals.add(1, {"layer": str(record.get("layer")), "reason": str(record["reason"])})
        elif kind == "alert":
            alerts.add(1, {"rule": str(record.get("operation")), "level": str(record.get("level"))})

    return see, provider.shutdown


PIPES: Final[Mapping[str, Pipe]] = {"traces": _traces, "logs": _logs, "metrics": _metrics}
