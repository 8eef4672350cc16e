"""What is usual for a principal at an operation, by robust statistics that a person can check, and what is not.

Counted are different objects (requests where none is named) in windows of a minute. What is usual is the 95th
percentile of the principal's own past windows, or of everybody's at that operation until it has enough of its own.
A surge is above four times that, above the median by eight deviations (median absolute deviation), and at least 20:
one number that was never seen, told beside the one that is. Nothing is learned from a window that was a surge.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ringwall.monitoring.rules.engine import Hit
from ringwall.monitoring.rules.fields import Record

WINDOW_S: Final = 60.0
LEAST: Final = 20
TIMES: Final = 4.0
DEVIATIONS: Final = 8.0
ENOUGH: Final = 10
"""Windows after which a principal's own past counts; of everybody's three times as many are asked for."""
KEPT: Final = 120
MANY: Final = 20_000
DAY_S: Final = 86_400.0
GROWN_DAYS: Final = 7
"""Days of activity after which an operation that a principal never used before is worth a line."""

Key = tuple[str, str]


@dataclass(slots=True)
class Past:
    """What was counted at one place: finished windows, and the one that is open, which is `whole` if it was followed
    from its beginning."""

    windows: deque[int] = field(default_factory=lambda: deque(maxlen=KEPT))
    whole: bool = False
    until: float = 0.0
    requests: int = 0
    objects: set[str] = field(default_factory=set)
    told: bool = False

    @property
    def count(self) -> int:
        """Different objects so far, or requests where none was named."""
        return len(self.objects) or self.requests


@dataclass(slots=True)
class Habits:
    """The operations that a principal used, and on how many days it was seen."""

    operations: set[str] = field(default_factory=set)
    days: int = 0
    day: int = -1


class Baselines:
    """The usual of every principal and operation seen; bounded, quiet ones out first. Deterministic."""

    def __init__(self, off: frozenset[str] = frozenset()) -> None:
        self._off = off
        self._own: dict[Key, Past] = {}
        self._all: dict[str, deque[int]] = {}
        self._habits: dict[str, Habits] = {}

    def see(self, record: Record, at: float) -> list[Hit]:
        """What is unusual about a record that the application was asked with."""
        principal, operation = record.get("principal"), record.get("operation")
        if record.get("kind") != "exchange" or not isinstance(principal, str) or not isinstance(operation, str):
            return []
        found = [self._surge(principal, operation, record, at)]
        if record.get("decision") != "refuse":
            found.append(self._new(principal, operation, at))
        return [hit for hit in found if hit is not None and hit.rule not in self._off]

    def _surge(self, principal: str, operation: str, record: Record, at: float) -> Hit | None:
        past = self._past((principal, operation))
        if at >= past.until:
            self._close(past, operation, at)
        past.requests += 1
        objects = record.get("objects")
        if isinstance(objects, list) and len(past.objects) < MANY:
            past.objects.update(map(str, objects))
        count = past.count
        if past.told or count < LEAST:
            return None
        usual = self._usual(past, operation)
        if usual is None or count <= usual[1]:
            return None
        past.told = True
        what = "objects" if past.objects else "requests"
        told = f"{count} {what} in {WINDOW_S:g} s; usual at most {usual[0]} ({usual[2]})"
        group = {"principal": principal, "operation": operation}
        return Hit("unusual-volume", "Impossible volume for this principal", "medium", group, told, WINDOW_S)

    def _past(self, key: Key) -> Past:
        past = self._own.pop(key, None) or Past()
        self._own[key] = past
        if len(self._own) > MANY:
            del self._own[next(iter(self._own))]
        return past

    def _close(self, past: Past, operation: str, at: float) -> None:
        if past.requests and past.whole and not past.told:  # of the first window only the end was seen
            past.windows.append(past.count)
            self._all.setdefault(operation, deque(maxlen=4 * KEPT)).append(past.count)
        past.whole, past.requests, past.told = past.until > 0.0, 0, False
        past.until = at - at % WINDOW_S + WINDOW_S
        past.objects.clear()

    def _usual(self, past: Past, operation: str) -> tuple[int, float, str] | None:
        """The usual most, the limit above which a count is a surge, and whose past that is."""
        if len(past.windows) >= ENOUGH:
            return (*_limits(past.windows), "its own past")
        everybody = self._all.get(operation, ())
        return (*_limits(everybody), "of anybody here") if len(everybody) >= 3 * ENOUGH else None

    def _new(self, principal: str, operation: str, at: float) -> Hit | None:
        habits = self._habits.pop(principal, None) or Habits()
        self._habits[principal] = habits
        if len(self._habits) > MANY:
            del self._habits[next(iter(self._habits))]
        day = int(at // DAY_S)
        if day > habits.day:
            habits.days, habits.day = habits.days + 1, day
        if operation in habits.operations:
            return None
        habits.operations.add(operation)
        if habits.days <= GROWN_DAYS:
            return None
        told = f"never before in {habits.days - 1} days of activity, with {len(habits.operations) - 1} operations"
        group = {"principal": principal, "operation": operation}
        return Hit("new-operation", "New operation for this principal", "low", group, told, DAY_S)

    def document(self, sealed: Callable[[str], str]) -> dict[str, Any]:
        """What is to be kept over a restart, for `restore`; `sealed` is how a principal is written down."""
        return {
            "own": [[sealed(who), what, list(past.windows)] for (who, what), past in self._own.items() if past.windows],
            "all": [[name, list(windows)] for name, windows in self._all.items()],
            "habits": [[sealed(who), sorted(h.operations), h.days, h.day] for who, h in self._habits.items()],
        }

    def restore(self, document: Mapping[str, Any], opened: Callable[[str], str | None]) -> None:
        """Take up what `document` gave, but for principals that cannot be `opened` any more. Raises ValueError,
        KeyError or TypeError for anything else."""
        for written, operation, windows in document["own"]:
            if (principal := opened(str(written))) is not None:
                self._own[principal, str(operation)] = Past(deque(map(int, windows), maxlen=KEPT))
        for name, windows in document["all"]:
            self._all[str(name)] = deque(map(int, windows), maxlen=4 * KEPT)
        for written, operations, days, day in document["habits"]:
            if (principal := opened(str(written))) is not None:
                self._habits[principal] = Habits(set(map(str, operations)), int(days), int(day))

    def forget(self, gone: Callable[[str], bool]) -> None:
        """Let go of principals that are gone."""
        for who in [who for who in self._habits if gone(who)]:
            del self._habits[who]
        for key in [key for key in self._own if gone(key[0])]:
            del self._own[key]

    def usual(self) -> Iterator[tuple[str, str, int, int]]:
        """What is known, for people: principal, operation, the usual most in a window, and of how many windows."""
        for (principal, operation), past in self._own.items():
            if past.windows:
                yield principal, operation, _limits(past.windows)[0], len(past.windows)


def _limits(windows: deque[int] | tuple[()]) -> tuple[int, float]:
    ordered = sorted(windows)
    usual = ordered[max(0, -(-len(ordered) * 95 // 100) - 1)]
    middle = statistics.median(ordered)
    deviation = statistics.median(abs(each - middle) for each in ordered)
    return usual, max(LEAST - 1, TIMES * usual, middle + DEVIATIONS * 1.4826 * deviation)
