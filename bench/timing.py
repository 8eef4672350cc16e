"""Whether the time of an answer tells if an account exists: Welch's t-test on two classes of tries, as dudect does it
(Reparaz, Balasch, Verbauwhede, 2017), on all measurements and on those below several percentiles.

Tries of both classes come in random order. |t| below 4.5 is no difference above noise. Argon2 runs with its least
parameters for most rows, so that its own noise covers nothing; the last rows run with the real ones. A row that must
show a difference (`control`) says that the test would see one. Run by hand: python bench/timing.py
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ringwall.build.runtime import Runtime, open_runtime
from ringwall.engines.crypto.passwords import Passwords
from ringwall.identity.signin import SignIn, Visitor

LIMIT = 4.5
WRONG = "wrong horse battery staple"
RIGHT = "seven blue herons wade"
CROPS = (1.0, 0.99, 0.9, 0.75, 0.5)

Try = Callable[[], object]


def t_of(one: Sequence[float], other: Sequence[float]) -> float:
    """Welch's t."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread) if spread else 0.0


def worst(one: Sequence[float], other: Sequence[float]) -> float:
    """The t of greatest size over all crops, each made at a percentile of both classes together."""
    found = [t_of(one, other)]
    together = sorted((*one, *other))
    for crop in CROPS[1:]:
        most = together[int(len(together) * crop) - 1]
        found.append(t_of([x for x in one if x <= most], [x for x in other if x <= most]))
    return max(found, key=abs)


def compared(first: Try, second: Try, between: Try, count: int) -> dict[str, float]:
    """Both classes measured `count` times in random order."""
    times: tuple[list[float], list[float]] = ([], [])
    tries = [0, 1] * count
    random.SystemRandom().shuffle(tries)
    for which in tries[: count // 10]:
        (first, second)[which]()
        between()
    for which in tries:
        between()
        began = time.perf_counter_ns()
        (first, second)[which]()
        times[which].append((time.perf_counter_ns() - began) / 1000)
    return {
        "first_us": statistics.median(times[0]), "second_us": statistics.median(times[1]), "t": worst(*times),
        "count": count,
    }  # fmt: skip


class World:
    """A data directory with an account of each kind, and tries at them from an address that is new each time."""

    def __init__(self, directory: Path, passwords: Passwords) -> None:
        self.runtime: Runtime = open_runtime(directory)
        self.its = self.runtime.identity
        self.its.accounts._passwords = passwords
        self.sign_in = SignIn(self.its, lambda operation, subject, visitor, facts: None)
        for name in ("ana", "ben", "dan"):
            self.its.accounts.create(name, RIGHT, frozenset(), None, f"acc-{name}")
        self.its.accounts.create("eve", None, frozenset(), None, "acc-eve")
        self.its.accounts.disable("dan")
        self.its.factors._store.keep_totp("acc-ben", self.its.factors.offer_totp("acc-ben"), 0)
        self.its.factors.new_recovery("acc-ben")
        self.count = 0

    def visitor(self) -> Visitor:
        self.count += 1
        address = f"10.{self.count >> 16 & 255}.{self.count >> 8 & 255}.{self.count & 255}"
        return Visitor(address, address, "bench")

    def password(self, name: str, code: str = "") -> Try:
        return lambda: self.sign_in.password(name, WRONG, code, self.visitor())

    def recovery(self, subject: str) -> Try:
        return lambda: self.its.factors.spend_recovery(subject, "aaaa-aaaa-aaaa-aaaa-aaaa-aaaa")

    def forget(self) -> None:
        """Nothing is held back: a try that waits is not the one to be measured."""
        self.runtime.store.rows("DELETE FROM failure")


def rows(cheap: World, real: World, count: int) -> dict[str, dict[str, float]]:
    """All comparisons."""
    free = cheap.forget
    return {
        "control: half the work": compared(
            lambda: cheap.its.accounts._passwords.verify(WRONG, None),
            lambda: Passwords(1, 32, 1).verify(WRONG, None), lambda: None, 300),
        "wrong password | no account": compared(cheap.password("ana"), cheap.password("nobody"), free, count),
        "second factor | no account": compared(cheap.password("ben"), cheap.password("nobody"), free, count),
        "disabled | no account": compared(cheap.password("dan"), cheap.password("nobody"), free, count),
        "invited | no account": compared(cheap.password("eve"), cheap.password("nobody"), free, count),
        "with a code | no account": compared(
            cheap.password("ben", "123456"), cheap.password("nobody", "123456"), free, count),
        "code, no app | no account": compared(
            cheap.password("ana", "123456"), cheap.password("nobody", "123456"), free, count),
        "recovery code | no account": compared(cheap.recovery("acc-ben"), cheap.recovery(""), free, count),
        "real Argon2 | no account": compared(real.password("ana"), real.password("nobody"), real.forget, count // 20),
    }  # fmt: skip


def main() -> None:
    """Print each row: medians in microseconds, t, and what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        cheap = World(Path(scratch) / "cheap", Passwords(passes=1, memory_kib=64, lanes=1))
        real = World(Path(scratch) / "real", Passwords())
        found = rows(cheap, real, asked.count)
        cheap.runtime.close()
        real.runtime.close()
    if asked.json:
        sys.stdout.write(json.dumps(found) + "\n")
        return
    for name, row in found.items():
        verdict = "differ" if abs(row["t"]) > LIMIT else "no difference above noise"
        sys.stdout.write(
            f"{name:28} {row['first_us']:12,.0f} {row['second_us']:12,.0f} µs   t = {row['t']:7.2f}   {verdict}\n"
        )


if __name__ == "__main__":
    main()
