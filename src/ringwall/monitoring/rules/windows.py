"""Windows of time over events of one group: each takes (time, value) and tells its measure once that counts.

Times are seconds since the epoch; an event that comes a little late counts as of now. Each window is bounded in what
it holds: what is beyond the bound is already far beyond any threshold.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Protocol

MOST = 100_000
"""Events or values that one window holds at most."""


class Window(Protocol):
    """Takes events; `add` gives the measure over the last `seconds`."""

    def add(self, at: float, value: object) -> float: ...


class Count:
    """How many events. Only as many times are kept as the threshold asks for."""

    __slots__ = ("_seconds", "_times")

    def __init__(self, seconds: float, enough: float) -> None:
        self._seconds = seconds
        self._times: deque[float] = deque(maxlen=max(1, min(int(enough) + 1, MOST)))

    def add(self, at: float, value: object) -> float:
        """Events so far, at most one more than asked for."""
        times = self._times
        if times and times[-1] > at:
            at = times[-1]
        times.append(at)
        while times[0] < at - self._seconds:
            times.popleft()
        return len(times)


class Distinct:
    """How many different values."""

    __slots__ = ("_seconds", "_seen")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._seen: dict[object, float] = {}

    def add(self, at: float, value: object) -> float:
        """Different values so far; an event without the field adds none, one with a list each of its items."""
        seen = self._seen
        for one in value if isinstance(value, (list, tuple)) else (value,):
            if one is not None:
                seen.pop(one, None)
                seen[one] = at
        while seen:
            oldest = next(iter(seen))
            if len(seen) <= MOST and seen[oldest] >= at - self._seconds:
                break
            del seen[oldest]
        return len(seen)


class Amount:
    """A statistic of numbers: their sum, mean, median or a percentile."""

    __slots__ = ("_held", "_measure", "_seconds")

    def __init__(self, seconds: float, measure: Callable[[list[float]], float]) -> None:
        self._seconds = seconds
        self._measure = measure
        self._held: deque[tuple[float, float]] = deque(maxlen=MOST)

    def add(self, at: float, value: object) -> float:
        """The statistic so far; what is no number counts as nothing."""
        number = float(value) if isinstance(value, (int, float)) else 0.0
        held = self._held
        held.append((at, number))
        while held[0][0] < at - self._seconds:
            held.popleft()
        return self._measure([number for _, number in held])


class Total:
    """The sum of numbers, kept as it goes."""

    __slots__ = ("_held", "_seconds", "_sum")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._sum = 0.0
        self._held: deque[tuple[float, float]] = deque()

    def add(self, at: float, value: object) -> float:
        """The sum so far."""
        number = float(value) if isinstance(value, (int, float)) else 0.0
        held = self._held
        held.append((at, number))
        self._sum += number
        while held[0][0] < at - self._seconds or len(held) > MOST:
            self._sum -= held.popleft()[1]
        return self._sum


def percentile(share: int) -> Callable[[list[float]], float]:
    """What `share` percent of the numbers do not exceed (nearest rank)."""

    def measure(numbers: list[float]) -> float:
        ordered = sorted(numbers)
        return ordered[max(0, -(-len(ordered) * share // 100) - 1)]

    return measure


MEAN: Final[Callable[[list[float]], float]] = statistics.fmean
MEDIAN: Final[Callable[[list[float]], float]] = statistics.median


class Together:
    """Which rules matched within the window, and when each last did."""

    __slots__ = ("_last", "_ordered", "_seconds")

    def __init__(self, seconds: float, *, ordered: bool) -> None:
        self._seconds = seconds
        self._ordered = ordered
        self._last: dict[int, float] = {}

    def seen(self, at: float, rule: int, order: Mapping[int, int]) -> frozenset[int]:
        """The rules that hold now; where the order counts, one stands only if those before it do."""
        last = self._last
        for old in [number for number, when in last.items() if when < at - self._seconds]:
            del last[old]
        place = order.get(rule, 0)
        if self._ordered and any(n not in last for n, p in order.items() if p < place):
            return frozenset(last)
        last[rule] = at
        return frozenset(last)
