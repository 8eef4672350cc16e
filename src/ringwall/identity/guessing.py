"""Guessing held back by account, address, network and device at once, without locking a victim out.

After some free tries each further failure doubles the wait: of that account for that address, of the address, of the
network around it, and of the account as a whole, which is all that stops a guesser with many networks. An account's
own holder is not held by what others do: from a browser that it signed in with before (a device cookie) only that
browser's own failures count, and whoever proves the second factor first is not held by the account's count. Every try
counts as a failure from the moment it begins, so that many at once are no way around, in one process or in several:
the counts are in the store. Failures are forgiven with time.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

Count = tuple[float, float]
"""Failures, and when the last was (epoch seconds)."""
Change = Callable[[Sequence[Count]], Sequence[Count]]


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


PAIR: Final = Patience(free=10, first_s=2.0, longest_s=900.0, forgive_s=900.0)
DEVICE: Final = Patience(free=10, first_s=2.0, longest_s=900.0, forgive_s=900.0)
ADDRESS: Final = Patience(free=50, first_s=1.0, longest_s=900.0, forgive_s=60.0)
NETWORK: Final = Patience(free=250, first_s=1.0, longest_s=300.0, forgive_s=15.0)
ACCOUNT: Final = Patience(free=30, first_s=1.0, longest_s=300.0, forgive_s=300.0)
CODE: Final = Patience(free=5, first_s=15.0, longest_s=900.0, forgive_s=600.0)


class FailureStore(Protocol):
    """Where failures are counted."""

    def change_failures(
        self, keys: Sequence[bytes], change: Change, until: Callable[[int, Count], float], now: float
    ) -> None:
        """Replace the counts of `keys` by what `change` makes of them, with nobody in between; `until` tells of each
        changed count how long it has to be kept."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who tries, as guessing counts it: one address (an IPv6 /64 is one), and a device cookie that is known to be
    that account's, or none."""

    address: str
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Counter:
    kind: str
    value: str
    patience: Patience

    def key(self) -> bytes:
        """What it is kept under: names are tried that are passwords, so none is kept."""
        return hashlib.sha256(f"{self.kind}\0{self.value}".encode("utf-8", "surrogatepass")).digest()[:16]


class Guessing:
    """Counts failures and says how long to wait. Safe from many threads and processes."""

    def __init__(self, store: FailureStore) -> None:
        self._store = store

    def begin(self, name: str, caller: Caller, now: float, *, proved: bool = False) -> float:
        """0.0 where the try may be made now (it counts as failed until `succeeded`), else seconds until then.

        `proved`: the second factor was proved already, so that the account's own count does not hold."""
        return self._begin(_counters(name, caller, proved=proved), now)

    def succeeded(self, name: str, caller: Caller, now: float, *, proved: bool = False) -> None:
        """The try that began so was right: it takes back its own count, and clears what this caller failed at this
        account before; not what others did."""
        self._succeeded(_counters(name, caller, proved=proved), now)

    def begin_code(self, subject: str, now: float) -> float:
        """As `begin`, for a code of the second factor: whoever tries one knows the password, so all count as one."""
        return self._begin(_code(subject), now)

    def code_succeeded(self, subject: str, now: float) -> None:
        """The code was right."""
        self._succeeded(_code(subject), now)

    def _begin(self, counters: Sequence[_Counter], now: float) -> float:
        waits: list[float] = []

        def change(counts: Sequence[Count]) -> Sequence[Count]:
            waits.extend(_left(c.patience, count, now) for c, count in zip(counters, counts, strict=True))
            if max(waits) > 0.0:
                return [(count, min(last, now)) for count, last in counts]
            return [(c.patience.forgiven(count, now - last) + 1.0, now)
                    for c, (count, last) in zip(counters, counts, strict=True)]  # fmt: skip

        self._change(counters, change, now)
        return max(waits)

    def _succeeded(self, counters: Sequence[_Counter], now: float) -> None:
        def change(counts: Sequence[Count]) -> Sequence[Count]:
            own = max(1.0, counts[0][0])
            others = zip(counters[1:], counts[1:], strict=True)
            return [(0.0, now), *(_taken_back(c, count, own if c.kind == "account" else 1.0) for c, count in others)]

        self._change(counters, change, now)

    def _change(self, counters: Sequence[_Counter], change: Change, now: float) -> None:
        def until(index: int, count: Count) -> float:
            return count[1] + (count[0] + 1.0) * counters[index].patience.forgive_s

        self._store.change_failures([counter.key() for counter in counters], change, until, now)


def wide(address: str) -> str:
    """The network around an address: the /24 of IPv4, the /48 of IPv6, which one site holds."""
    try:
        known = ipaddress.ip_interface(address).ip
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{known}/{24 if known.version == 4 else 48}", strict=False))


def _counters(name: str, caller: Caller, *, proved: bool) -> tuple[_Counter, ...]:
    """The counters that hold a try, the caller's own first."""
    if caller.device:
        return (_Counter("device", f"{name}\0{caller.device}", DEVICE),)
    account = () if proved else (_Counter("account", name, ACCOUNT),)
    return (
        _Counter("pair", f"{name}\0{caller.address}", PAIR),
        _Counter("address", caller.address, ADDRESS),
        _Counter("network", wide(caller.address), NETWORK),
        *account,
    )


def _code(subject: str) -> tuple[_Counter, ...]:
    return (_Counter("code", subject, CODE),)


def _left(patience: Patience, count: Count, now: float) -> float:
    pause = patience.wait(count[0])
    return min(pause, max(0.0, count[1] + pause - now))


def _taken_back(counter: _Counter, count: Count, own: float) -> Count:
    """So many failures less. The wait before this try was served: it is not begun again."""
    left, last = count[0] - own, count[1]
    return (left, last - counter.patience.wait(left)) if left > 0.0 else (0.0, last)
