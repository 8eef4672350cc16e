"""Guessing held back: by account, by address and by their network, without locking a victim out for good.

After some free tries each further failure doubles the wait of that account *for that network*, and of the network
as a whole; a correct password from elsewhere is not stopped by somebody's guessing (the account's own wait, over
all networks, stays short). Kept in memory, bounded.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

_MANY = 50_000


@dataclass(frozen=True, slots=True)
class Patience:
    """How a counter answers: tries that cost nothing, the first wait and the longest (seconds)."""

    free: int
    first_s: float
    longest_s: float


PAIR = Patience(free=4, first_s=2.0, longest_s=900.0)
NETWORK = Patience(free=30, first_s=1.0, longest_s=900.0)
ACCOUNT = Patience(free=20, first_s=1.0, longest_s=30.0)


class Guessing:
    """Counts failures and says how long to wait. Safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._failures: dict[tuple[str, str], tuple[int, float]] = {}

    def wait(self, name: str, network: str, now: float) -> float:
        """Seconds until the next try is heard; 0.0 if it may be made now."""
        with self._lock:
            return max(self._left(key, patience, now) for key, patience in _keys(name, network))

    def failed(self, name: str, network: str, now: float) -> None:
        """Count a failure everywhere it counts."""
        with self._lock:
            for key, _ in _keys(name, network):
                self._failures[key] = (self._failures.get(key, (0, 0.0))[0] + 1, now)
            while len(self._failures) > _MANY:
                del self._failures[next(iter(self._failures))]

    def succeeded(self, name: str, network: str) -> None:
        """A right password clears what this caller had failed at this account; not what others did."""
        with self._lock:
            self._failures.pop(("pair", f"{name}\0{network}"), None)

    def _left(self, key: tuple[str, str], patience: Patience, now: float) -> float:
        count, last = self._failures.get(key, (0, 0.0))
        beyond = count - patience.free
        if beyond < 0:
            return 0.0
        pause = min(patience.longest_s, patience.first_s * 2.0 ** min(beyond, 20))
        return max(0.0, last + pause - now)


def _keys(name: str, network: str) -> tuple[tuple[tuple[str, str], Patience], ...]:
    return (
        (("pair", f"{name}\0{network}"), PAIR),
        (("network", network), NETWORK),
        (("account", name), ACCOUNT),
    )
