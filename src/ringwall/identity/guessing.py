"""Guessing held back: by account, by address and by their network, without locking a victim out for good.

After some free tries each further failure doubles the wait of that account *for that network*, and of the network
as a whole. An account that is guessed at from everywhere has a short wait of its own, which does not hold for networks
that its owner signed in from. Every try counts as a failure from the moment it begins, so that many at once are no way
around; failures are forgiven with time. Kept in memory, bounded.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

_MANY = 50_000
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Patience:
    """How a counter answers: tries that cost nothing, the first wait and the longest, and after how long without a
    further failure one is forgiven (seconds)."""

    free: int
    first_s: float
    longest_s: float
    forgive_s: float

    def wait(self, count: float) -> float:
        """How long after its last failure a counter of `count` holds the next try back."""
        beyond = count - self.free
        return 0.0 if beyond < 0 else min(self.longest_s, self.first_s * 2.0 ** min(int(beyond), 20))

    def forgiven(self, count: float, idle: float) -> float:
        """What is left of a count after `idle` seconds without a failure."""
        return max(0.0, count - max(0.0, idle) / self.forgive_s)


PAIR = Patience(free=10, first_s=2.0, longest_s=900.0, forgive_s=900.0)
NETWORK = Patience(free=50, first_s=1.0, longest_s=900.0, forgive_s=60.0)
ACCOUNT = Patience(free=30, first_s=1.0, longest_s=30.0, forgive_s=300.0)


class Guessing:
    """Counts failures and says how long to wait. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[Key, tuple[float, float]] = {}
        self._known: dict[Key, None] = {}

    def begin(self, name: str, network: str, now: float) -> float:
        """0.0 where the try may be made now (it counts as failed until `succeeded`), else seconds until then."""
        with self._lock:
            counted = self._counted(name, network)
            wait = max(self._left(key, patience, now) for key, patience in counted)
            for key, patience in _keys(name, network):
                count, last = self._failures.pop(key, (0.0, now))  # so that what was not used for longest stands first
                self._failures[key] = (
                    (count, min(last, now)) if wait > 0.0 else (patience.forgiven(count, now - last) + 1.0, now)
                )
            _trim(self._failures)
            return wait

    def succeeded(self, name: str, network: str) -> None:
        """The try that began was right: it takes back its own count, and clears what this network failed at this
        account before; not what others did. The network is the account's own from now on."""
        with self._lock:
            (pair, _), *others = _keys(name, network)
            self._failures.pop(pair, None)
            for key, patience in others:
                count, last = self._failures.get(key, (0.0, 0.0))
                if count > 1.0:  # the wait before this try was served: it is not begun again
                    self._failures[key] = (count - 1.0, last - patience.wait(count - 1.0))
                else:
                    self._failures.pop(key, None)
            self._known.pop(pair, None)
            self._known[pair] = None
            _trim(self._known)

    def _counted(self, name: str, network: str) -> tuple[tuple[Key, Patience], ...]:
        """The counters that hold this try back: the account's own does not, for a network it was signed in from."""
        keys = _keys(name, network)
        return keys[:-1] if keys[0][0] in self._known else keys

    def _left(self, key: Key, patience: Patience, now: float) -> float:
        count, last = self._failures.get(key, (0.0, 0.0))
        pause = patience.wait(count)
        return min(pause, max(0.0, last + pause - now))


def _trim(entries: dict[Key, tuple[float, float]] | dict[Key, None]) -> None:
    while len(entries) > _MANY:
        del entries[next(iter(entries))]


def _keys(name: str, network: str) -> tuple[tuple[Key, Patience], ...]:
    return (
        (("pair", f"{name}\0{network}"), PAIR),
        (("network", network), NETWORK),
        (("account", name), ACCOUNT),
    )
