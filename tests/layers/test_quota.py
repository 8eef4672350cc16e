"""Rates: exact against a slow reference, per caller, bounded, and steady when the clock is not."""

from __future__ import annotations

import threading
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.contract.model import Rate
from ringwall.core.known import Known, Principal
from ringwall.core.verdict import PASS, Refuse
from ringwall.layers import quota
from ringwall.layers.quota import Buckets, network


class Slow:
    """GCRA as the text says it, in whole fractions: conforming if it comes no earlier than TAT minus the burst."""

    def __init__(self, rate: Rate) -> None:
        self.interval = Fraction(str(rate.seconds)) / rate.count
        self.burst = self.interval * (rate.count - 1)
        self.tat: dict[str, Fraction] = {}

    def passes(self, key: str, now: Fraction) -> bool:
        tat = max(self.tat.get(key, now), now)
        if tat - self.burst > now:
            return False
        self.tat[key] = tat + self.interval
        return True


@given(
    st.sampled_from([Rate(1, 1.0), Rate(3, 1.0), Rate(7, 60.0), Rate(10, 60.0), Rate(1000, 3600.0)]),
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 40)), max_size=80),
    st.sampled_from([0, 1_700_000_000]),
)
@settings(max_examples=150, deadline=None)
def test_it_passes_what_the_reference_passes(rate: Rate, steps: list[tuple[str, int]], start: int) -> None:
    buckets, slow, now = Buckets(rate), Slow(rate), Fraction(start)
    for key, step in steps:
        now += Fraction(step, 16)
        wait = buckets.spend(key, float(now))
        assert (wait == 0.0) == slow.passes(key, now)


@pytest.mark.parametrize("rate", [Rate(3, 1.0), Rate(7, 1.0), Rate(10, 60.0), Rate(99, 7.0)])
def test_a_whole_burst_passes_at_once_and_not_one_more(rate: Rate) -> None:
    for now in (0.0, 1_700_000_000.1, 1_763_956_912.734375):
        buckets = Buckets(rate)
        assert [buckets.spend("k", now) for _ in range(rate.count)] == [0.0] * rate.count
        wait = buckets.spend("k", now)
        assert wait == pytest.approx(rate.seconds / rate.count, rel=1e-3)
        assert buckets.spend("k", now + wait) == 0.0
        assert buckets.spend("other", now) == 0.0


def test_a_clock_set_back_costs_one_interval_at_most() -> None:
    buckets = Buckets(Rate(2, 10.0))
    for _ in range(2):
        buckets.spend("k", 1_000_000.0)
    assert 0.0 < buckets.spend("k", 1000.0) <= 5.0
    assert buckets.spend("k", 1005.0) == 0.0


def test_memory_is_bounded_and_the_busy_are_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_BUCKETS", 1000)
    buckets = Buckets(Rate(5, 1000.0))
    for i in range(20_000):
        buckets.spend(f"k{i}", 1000.0 + i / 1000)
        assert len(buckets._empty_at) <= 1000
        if i % 100 == 0:
            buckets.spend("busy", 1000.0 + i / 1000)
    assert buckets.spend("busy", 1020.0) > 0.0


def test_sweeping_while_others_spend_fails_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quota, "_BUCKETS", 50)
    buckets = Buckets(Rate(5, 1000.0))
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for i in range(3000):
                buckets.spend(f"{name}{i}", 1000.0)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


NETWORKS = [
    ("203.0.113.9", "203.0.113.9"),
    ("::ffff:203.0.113.9", "203.0.113.9"),
    ("::ffff:203.0.113.10", "203.0.113.10"),
    ("2001:db8:0:1::1", "2001:db8:0:1::/64"),
    ("2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::/64"),
    ("2001:db8:0:2::1", "2001:db8:0:2::/64"),
    ("fe80::1%eth0", "fe80::/64"),
    ("not:an:address", "not:an:address"),
    ("", ""),
]


@pytest.mark.parametrize(("address", "whole"), NETWORKS)
def test_one_caller_is_an_address_or_a_subscribers_network(address: str, whole: str) -> None:
    assert network(address) == whole


def known(client: str, subject: str | None, now: float = 1000.0) -> Known:
    principal = Principal(subject, frozenset(), "token") if subject is not None else None
    return Known("GET /a", now, {}, client, "r", principal)


def test_who_is_known_is_counted_by_name_and_never_as_an_address() -> None:
    check = quota._by_caller(Buckets(Rate(1, 60.0)))
    assert check(None, known("203.0.113.1", "alice")) is PASS  # type: ignore[arg-type]
    refused = check(None, known("203.0.113.2", "alice"))  # type: ignore[arg-type]
    assert isinstance(refused, Refuse)
    assert (b"retry-after", b"60") in refused.headers
    assert check(None, known("203.0.113.1", "203.0.113.7")) is PASS  # type: ignore[arg-type]
    assert check(None, known("203.0.113.7", None)) is PASS  # type: ignore[arg-type]
