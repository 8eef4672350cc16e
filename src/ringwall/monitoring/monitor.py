"""The monitor: follows the journal of every worker, judges each record, keeps alerts, acts, and tells.

One of a data directory, in a process of its own beside the workers. No request waits for it.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol

import orjson

from ringwall.contract.model import Contract
from ringwall.core.event import Event
from ringwall.core.ports import Unavailable
from ringwall.monitoring.baseline import Baselines
from ringwall.monitoring.controls import Lately, Situation, failures
from ringwall.monitoring.events import alert_event, response_event, spared_event, told
from ringwall.monitoring.raised import Raised, made
from ringwall.monitoring.response.responder import Outcome, Responder
from ringwall.monitoring.rules.engine import LEVELS, Detector, Hit
from ringwall.state.alert_persons import sealed_alert, sealed_response
from ringwall.state.alerts import Alert, Alerts
from ringwall.state.journal_tail import Line, Tail

LOG: Final = "monitor"
BATCH: Final = 2000
CONTROLS_S, STATUS_S = 5.0, 2.0
DAY_S: Final = 86_400.0

Record = Mapping[str, Any]


class Outlet(Protocol):
    """Where alerts leave."""

    name: str
    failure: str

    def put(self, body: bytes) -> None: ...


class Watcher(Protocol):
    """What sees every record (telemetry); it never waits."""

    def see(self, record: Record) -> None: ...


@dataclass(frozen=True, slots=True)
class Told:
    """An outlet, and the least level that it is told of."""

    outlet: Outlet
    least: str


@dataclass(slots=True)
class Monitor:
    """Everything that watches one data directory. `record` writes to the journal, `opened` reads what is sealed in it;
    `waiting` and `lost` tell of the spool; `certificates` are files whose end is watched."""

    contract: Contract
    tail: Tail
    detector: Detector
    baselines: Baselines
    alerts: Alerts
    responder: Responder
    record: Callable[[Event], None]
    opened: Callable[[Record], Record] = dict
    outlets: tuple[Told, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    certificates: tuple[Any, ...] = ()
    waiting: Callable[[], Mapping[str, int]] = dict
    lost: Callable[[], Mapping[str, int]] = dict
    now: Callable[[], float] = time.time
    ticks: Callable[[], float] = time.monotonic
    seen: int = 0
    raised_count: int = 0
    _raised: Raised = field(init=False)
    _groups: Lately = field(default_factory=Lately)
    _lost: Lately = field(default_factory=Lately)
    _damaged: str = ""
    _latest: float = 0.0
    _behind_since: float | None = None
    _over: bool = False
    _failing: set[str] = field(default_factory=set)
    _clock: tuple[float, float] | None = None
    _due: float = 0.0
    _status_due: float = 0.0

    def __post_init__(self) -> None:
        self._raised = Raised(self.alerts)

    def step(self) -> int:
        """Judge what is new; how many records that were. Raises Unavailable where the store does not answer."""
        lines = self.tail.read(BATCH)
        for record, at in self._records(lines):
            self._judge(record, at)
        for hit, record, at in self._raised.settle():
            self.raise_alert(hit, record, at)
        self._look(len(lines))
        return len(lines)

    def warm(self, lines: Iterable[Line]) -> None:
        """Take in what was judged before: windows fill and habits form, and no alert is raised."""
        for record, at in self._records(list(lines)):
            self.detector.see(record, at)
            self.baselines.see(record, at)

    def _records(self, lines: list[Line]) -> list[tuple[Record, float]]:
        """Records with their times, in the order of these: each worker's log is in order, together they are not."""
        found = []
        for line in lines:
            read = parsed(line.record) if line.record is not None else None
            record = self.opened(read) if read is not None else None
            if record is None:
                self._damaged = f"log {line.log or 'main'}, record {line.index}: not what was written"
                continue
            at = moment(record)
            self._latest = max(self._latest, at)
            found.append((record, at))
        found.sort(key=_when)
        return found

    def _judge(self, record: Record, at: float) -> None:
        self.seen += 1
        for watcher in self.watchers:
            watcher.see(record)
        if record.get("kind") in ("alert", "response"):
            return
        for hit in (*self.detector.see(record, at), *self.baselines.see(record, at)):
            self.raise_alert(hit, record, at)

    def raise_alert(self, hit: Hit, record: Record, at: float) -> Alert:
        """Keep a hit; where it is new, journal it, act on it and tell it."""
        alert, new = self._raised.take(hit, record, at)
        if new:
            self.raised_count += 1
            self._write(alert_event(alert, self.now()))
            outcome = self.responder.act(alert, record, self.now())
            self._over = self._over or outcome.over
            self._tell_responses(outcome, alert)
            self._tell(alert, outcome)
        return alert

    def _write(self, event: Event) -> None:
        self.record(event)
        for watcher in self.watchers:
            watcher.see(event.document())

    def store_failed(self) -> None:
        """Tell, without the store, that it does not answer. Raises what the journal and the spool raise."""
        group = {"control": "store"}
        hit = Hit("control-store", "The store does not answer", "critical", group, "state.db cannot be read or written")
        alert = made(hit, group, {}, self.now())
        self.record(alert_event(alert, self.now()))
        self._tell(alert, Outcome())

    def _tell_responses(self, outcome: Outcome, alert: Alert) -> None:
        for response in outcome.done:
            self._write(response_event(response, "respond", self.now(), alert.principal))
        for why in outcome.spared:
            self._write(spared_event(alert, why, self.now()))

    def _tell(self, alert: Alert, outcome: Outcome) -> None:
        persons = self.alerts.persons
        done = [sealed_response(each, alert.principal, persons) for each in outcome.done]
        body = orjson.dumps(told(sealed_alert(alert, persons), done, self.now()))
        for each in self.outlets:
            if LEVELS.index(alert.level) >= LEVELS.index(each.least):
                each.outlet.put(body)

    def _look(self, read: int) -> None:
        """Now and then: the controls, and a word on how the monitor itself is."""
        ticks, now = self.ticks(), self.now()
        if read < BATCH:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = ticks
        if ticks >= self._due:
            self._due = ticks + CONTROLS_S
            self._check(ticks, now)
        if ticks >= self._status_due:
            self._status_due = ticks + STATUS_S
            self.alerts.say(LOG, self.status(), now)

    def _check(self, ticks: float, now: float) -> None:
        found = failures(self._situation(ticks, now))
        self._over = False
        for hit in found:
            self.raise_alert(hit, {"kind": "control"}, now)
        failing = {hit.rule for hit in found}
        for rule in self._failing - failing:
            self._well(rule, now)
        self._failing = failing

    def _well(self, rule: str, now: float) -> None:
        """A control that works again: its alert is closed."""
        self._raised.forget(rule)
        for alert in self.alerts.alerts(rule=rule, open_only=True):
            self.alerts.close(alert.id, now)

    def _situation(self, ticks: float, now: float) -> Situation:
        said = self.alerts.said()
        if "started" not in said:
            self.alerts.say("started", True, now)
        before, self._clock = self._clock, (now, ticks)
        return Situation(
            contract=self.contract,
            now=now,
            jumped_s=(now - before[0]) - (ticks - before[1]) if before else 0.0,
            behind_bytes=self.tail.behind(),
            behind_s=ticks - self._behind_since if self._behind_since is not None else 0.0,
            said=said,
            evicted=self._groups.grew({"groups": self.detector.evicted}, ticks).get("groups", 0),
            lost=self._lost.grew(self.lost(), ticks),
            damaged=self._damaged,
            latest=self._latest,
            unloaded=tuple(f"{each.title or each.file}: {each.why}" for each in self.detector.unloaded),
            certificates=tuple(self.certificates),
            over_limit=self._over,
        )

    def status(self) -> dict[str, Any]:
        """How the monitor is, for people, metrics and the console."""
        return {
            "seen": self.seen,
            "alerts": self.raised_count,
            "behind_bytes": self.tail.behind(),
            "rules": len(self.detector.names),
            "unloaded": len(self.detector.unloaded),
            "failing": sorted(self._failing),
            "waiting": dict(self.waiting()),
            "lost": dict(self.lost()),
            "outlets": {each.outlet.name: each.outlet.failure for each in self.outlets},
        }


def _when(found: tuple[Record, float]) -> float:
    return found[1]


def parsed(record: bytes) -> Record | None:
    """A record's members; None for what is no JSON object."""
    try:
        found = orjson.loads(record)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def moment(record: Record) -> float:
    """When a record says that it began, in epoch seconds; 0.0 where it does not."""
    try:
        return datetime.fromisoformat(str(record["at"])).timestamp()
    except (KeyError, ValueError, OverflowError):
        return 0.0


def replayed(
    logs: Iterable[Iterable[bytes]], detector: Detector, baselines: Baselines
) -> Iterator[tuple[Hit, Record, float]]:
    """What rules would have found in a journal: the records of every log, merged by time, judged as they were live."""
    streams = [((moment(r), r) for each in log if (r := parsed(each)) is not None) for log in logs]
    for at, record in heapq.merge(*streams, key=lambda found: found[0]):
        if record.get("kind") in ("alert", "response"):
            continue
        for hit in (*detector.see(record, at), *baselines.see(record, at)):
            yield hit, record, at


__all__ = ["LOG", "Monitor", "Told", "Unavailable", "replayed", "told"]
