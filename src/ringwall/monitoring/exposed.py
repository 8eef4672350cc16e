"""What the monitor and the workers say of themselves, in Prometheus's text format, for any worker to answer with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest

Said = Mapping[str, tuple[object, float]]

FRESH_S = 15.0


def exposition(
    said: Said, open_alerts: Mapping[tuple[str, str], int], in_force: Mapping[str, int], now: float
) -> bytes:
    """Gauges: whether a monitor watches and how far it is, open alerts by rule, responses in force, queues."""
    registry = CollectorRegistry()
    value, at = said.get("monitor", (None, 0.0))
    status = value if isinstance(value, Mapping) else {}
    _set(registry, "ringwall_monitor_up", "1 where a monitor watches the journal.", {(): float(now - at < FRESH_S)})
    _set(registry, "ringwall_monitor_records", "Records judged since its start.", {(): _number(status.get("seen"))})
    behind = {(): _number(status.get("behind_bytes"))}
    _set(registry, "ringwall_monitor_behind_bytes", "Bytes of the journal not yet judged.", behind)
    controls = {(str(name),): 1.0 for name in _list(status.get("failing"))}
    _set(registry, "ringwall_control_failing", "Controls that fail now.", controls, "control")
    waiting = {(str(k),): _number(v) for k, v in _mapping(status.get("waiting")).items()}
    _set(registry, "ringwall_outlet_waiting", "Alerts still to deliver.", waiting, "outlet")
    lost = {(str(k),): _number(v) for k, v in _mapping(status.get("lost")).items()}
    _set(registry, "ringwall_outlet_lost", "Alerts and telemetry never delivered.", lost, "outlet")
    alerts = {key: float(count) for key, count in open_alerts.items()}
    _set(registry, "ringwall_alerts_open", "Alerts that nobody closed.", alerts, "rule", "level")
    responses = {(key,): float(count) for key, count in in_force.items()}
    _set(registry, "ringwall_responses_in_force", "Actions in force now.", responses, "action")
    return generate_latest(registry)


def _set(registry: CollectorRegistry, name: str, about: str, values: Mapping[Any, float], *labels: str) -> None:
    gauge = Gauge(name, about, labels, registry=registry)
    for key, value in values.items():
        (gauge.labels(*key) if labels else gauge).set(value)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _mapping(value: object) -> Mapping[object, object]:
    return value if isinstance(value, Mapping) else {}
