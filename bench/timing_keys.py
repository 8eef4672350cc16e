"""Whether the time of a refusal tells which API keys exist: a statistical test in the manner of dudect.

Two classes of keys, all refused: the prefix of a key that exists with a wrong secret, and a prefix that does not exist.
They are measured in random order, the slowest are cropped away at several thresholds, and Welch's t says whether the
means differ (Reparaz, Balasch, Verbauwhede: Dude, is my code constant time?, DATE 2017). |t| below 4.5 means that so
many measurements do not tell them apart.

Run: python bench/timing_keys.py [--measurements N] [--json]
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
from collections.abc import Iterator, Sequence
from pathlib import Path

from ringwall.core.known import Known
from ringwall.core.verdict import Ask, Refuse
from ringwall.engines.crypto import apikeys
from ringwall.engines.policy import Roles
from ringwall.identity.apikeys import ApiKeys
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.keys import key_verdict
from ringwall.layers.authentication.settings import Settings
from ringwall.state.sqlite import Store

LEAKS = 4.5
_KEYS = 500


def just_before(key_id: str) -> str:
    """An id that does not exist, for which the store reads the same row: so that rows do not differ, but existence."""
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    place = digits.index(key_id[-1])
    return key_id[:-1] + digits[place - 1] if place else key_id[:-2] + digits[digits.index(key_id[-2]) - 1] + "z"


def wrong_key(prefixes: Sequence[str], chance: random.Random) -> str:
    """A key of one of these prefixes with a right checksum and a wrong secret."""
    body = f"rw_{chance.choice(prefixes)}{apikeys.issue(chance.randbytes).text()[11:42]}"
    return f"{body}_{apikeys._checksum(body)}"


def measured(store: Store, prefixes: Sequence[Sequence[str]], count: int) -> Iterator[tuple[int, int]]:
    """The class and the nanoseconds of each refusal. Both classes are drawn and made in the same way."""
    chance = random.Random(1)  # noqa: S311 - the order of a measurement
    settings = Settings(None, {}, api_keys=True, basic=False, roles=Roles({}, frozenset()), staleness_s=5.0)
    known = Known("GET /x", 1000.0, {}, "127.0.0.1", "r")
    kinds = [chance.getrandbits(1) for _ in range(count)]
    wrong = [Credential("key", wrong_key(prefixes[kind], chance), "x-api-key") for kind in kinds]
    for kind, found in zip(kinds, wrong, strict=True):
        begun = time.perf_counter_ns()
        verdict = key_verdict(found, known, settings)
        if isinstance(verdict, Ask):
            verdict = verdict.then(store.nearest_key(verdict.question.key_id))  # type: ignore[attr-defined]
        spent = time.perf_counter_ns() - begun
        if not isinstance(verdict, Refuse):
            raise SystemExit("a wrong key was taken")
        yield kind, spent


def welch(one: Sequence[int], other: Sequence[int]) -> float:
    """Welch's t of two samples."""
    spread = statistics.variance(one) / len(one) + statistics.variance(other) / len(other)
    return (statistics.fmean(one) - statistics.fmean(other)) / math.sqrt(spread)


def verdict(pairs: Sequence[tuple[int, int]]) -> dict[str, float]:
    """The largest |t| over the croppings, and the medians (ns)."""
    times = sorted(spent for _, spent in pairs)
    worst = 0.0
    for share in (0.5, 0.75, 0.9, 0.99):
        most = times[int(len(times) * share) - 1]
        classes = [[spent for kind, spent in pairs if kind == k and spent <= most] for k in (0, 1)]
        worst = max(worst, abs(welch(*classes)))
    medians = [statistics.median(spent for kind, spent in pairs if kind == k) for k in (0, 1)]
    return {"t": round(worst, 2), "existing_ns": medians[0], "missing_ns": medians[1], "measurements": len(pairs)}


def main() -> None:
    """Print the verdict; exit status 1 where the two can be told apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measurements", type=int, default=200_000)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        store = Store(Path(scratch) / "state.db")
        keys = ApiKeys(store, time.time)
        existing = [keys.issue("bench", frozenset({"reader"}))[1].key_id for _ in range(_KEYS)]
        missing = [just_before(key_id) for key_id in existing]
        list(measured(store, (existing, missing), 2000))
        found = verdict(list(measured(store, (existing, missing), given.measurements)))
        store.close()
    if given.json:
        sys.stdout.write(json.dumps(found) + "\n")
    else:
        told = "not told apart" if found["t"] < LEAKS else "told apart"
        sys.stdout.write(f"{told}: |t| {found['t']} of {found['measurements']:,} refusals; medians ")
        sys.stdout.write(f"{found['existing_ns']:,.0f} ns (prefix exists), {found['missing_ns']:,.0f} ns (does not)\n")
    sys.exit(found["t"] >= LEAKS)


if __name__ == "__main__":
    main()
