"""The first page: traffic and refusals of the last hour, how each layer and control is, what is open and in force."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringwall.console.charts import Chart, shares, stacked
from ringwall.console.desk import Console, Seat
from ringwall.console.render import page
from ringwall.core.message import Response
from ringwall.core.reasons import Layer
from ringwall.state.journal_index import tally

_MINUTE_MS: Final = 60_000
_MINUTES: Final = 60
_FRESH_S: Final = 60.0
_ALERTS: Final = 8
_LAYERS: Final = {"authn": "authentication", "authz": "authorization", "upstream": "authentication"}


@dataclass(frozen=True, slots=True)
class LayerState:
    """A layer in the last hour: whether it enforces, how often it refused, and how often a check of its own failed."""

    name: str
    enforces: bool
    refused: int
    failed: int
    share: float


@dataclass(frozen=True, slots=True)
class Traffic:
    """The last hour: a chart of its minutes, how many were served and refused, and the commonest reasons."""

    chart: Chart
    allowed: int
    refused: int
    by_reason: tuple[tuple[str, int], ...]


def show(console: Console, seat: Seat) -> Response:
    """`GET /.ringwall/console/`."""
    return page(console, seat, "overview.html", **shown(console))


def shown(console: Console) -> dict[str, Any]:
    """What the page shows, by the names of its template."""
    alerts, now = console.runtime.alerts, console.now()
    traffic = hour(console, now)
    said = alerts.said()
    return {
        "traffic": traffic, "layers": _layers(console, traffic), "controls": _controls(console, said, now),
        "alerts": alerts.alerts(limit=_ALERTS, open_only=True), "open": sum(alerts.open_counts().values()),
        "responses": alerts.in_force(now), "now": now, "mode": console.contract.mode,
        "drill": _tested(said, "drill"), "scan": _tested(said, "scan"),
    }  # fmt: skip


def hour(console: Console, now: float) -> Traffic:
    """The traffic of the last hour, from the journal's index. Raises sqlite3.OperationalError."""
    end = (int(now * 1000) // _MINUTE_MS + 1) * _MINUTE_MS
    begin = end - _MINUTES * _MINUTE_MS
    counts, why = [[0, 0] for _ in range(_MINUTES)], Counter[str]()
    for at, reason, count in tally(console.runtime.directory / "journal", begin, end, _MINUTE_MS):
        counts[(at - begin) // _MINUTE_MS][reason is not None] += count
        if reason is not None:
            why[reason] += count
    chart = stacked([(allowed, refused) for allowed, refused in counts])
    return Traffic(chart, sum(a for a, _ in counts), sum(r for _, r in counts), tuple(why.most_common()))


def layer_of(reason: str) -> str:
    """The layer whose reason it is; of what belongs to none, such as a store that is gone, monitoring."""
    head, _, tail = reason.partition(".")
    name = tail if head == "internal" else _LAYERS.get(head, head)
    return name if name in set(Layer) else Layer.MONITORING.value


def _layers(console: Console, traffic: Traffic) -> list[LayerState]:
    refused, failed = Counter[str](), Counter[str]()
    for code, count in traffic.by_reason:
        (failed if code.startswith("internal.") else refused)[layer_of(code)] += count
    long, contract = shares({layer.value: refused[layer.value] for layer in Layer}), console.contract
    watching = contract.observe if contract.mode == "enforce" else {layer.value for layer in Layer}
    return [
        LayerState(layer.value, layer.value not in watching, refused[layer.value], failed[layer.value],
                   long[layer.value])
        for layer in Layer
    ]  # fmt: skip


def _controls(console: Console, said: Mapping[str, tuple[object, float]], now: float) -> list[tuple[str, bool, str]]:
    """What ringwall says of itself: a name, whether it is well, and a word."""
    runtime = console.runtime
    trouble = runtime.journal.trouble or ("not written" if runtime.health.failing else None)
    value, at = said.get("monitor", (None, 0.0))
    status: Mapping[str, object] = value if isinstance(value, dict) else {}
    fresh = now - at < _FRESH_S
    failing = status.get("failing")
    found = [
        ("journal", trouble is None, trouble or "written"),
        ("monitor", fresh, f"{status.get('seen', 0)} records judged, {status.get('rules', 0)} rules" if fresh else
         "nothing heard from it for a minute"),
    ]  # fmt: skip
    found += [(str(name), False, "fails") for name in (failing if isinstance(failing, list) else ())]
    outlets = status.get("outlets")
    told = outlets.items() if isinstance(outlets, dict) else ()
    return found + [(f"outlet {name}", not why, str(why or "delivers")) for name, why in told]


def _tested(said: Mapping[str, tuple[object, float]], what: str) -> dict[str, object] | None:
    value, at = said.get(what, (None, 0.0))
    return {"at": at, "facts": value if isinstance(value, dict) else {}} if at else None
