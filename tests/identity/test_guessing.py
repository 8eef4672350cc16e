"""Guessing is slowed, the guessed-at account's owner is not shut out, whatever worker the tries come to."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ringwall.identity.guessing import ACCOUNT, ADDRESS, CODE, DEVICE, NETWORK, PAIR, Caller, Count, Guessing, wide
from ringwall.state.failures import FailureTable
from ringwall.state.sqlite import Store

N = Caller("192.0.2.1")
HOME = Caller("192.0.2.77", "a device")


@pytest.fixture
def worker(tmp_path: Path) -> Callable[[], Guessing]:
    """Makes what each worker process has: a connection of its own to one store."""
    return lambda: Guessing(FailureTable(Store(tmp_path / "state.db")))


@pytest.fixture
def held(worker: Callable[[], Guessing]) -> Guessing:
    return worker()


def bot(i: int) -> Caller:
    return Caller(f"198.{18 + i // 65536}.{i // 256 % 256}.{i % 256}")


def scattered(i: int) -> Caller:
    """A bot in a network of its own."""
    return Caller(f"10.{i // 256}.{i % 256}.1")


def tries_in(held: Guessing, name: str, caller: Caller, start: float, seconds: float) -> int:
    """How many wrong passwords someone gets in who tries as soon as it is allowed."""
    now, made = start, 0
    while now < start + seconds:
        wait = held.begin(name, caller, now)
        made += wait == 0.0
        now += wait
    return made


def test_guessing_one_account_from_one_address_is_slowed_to_a_crawl(held: Guessing) -> None:
    day = tries_in(held, "alice", N, 1000.0, 86_400)
    assert PAIR.free <= day < 150


def test_a_few_mistakes_cost_nothing_and_a_right_password_clears_them(held: Guessing) -> None:
    for round_ in range(5):
        for attempt in range(PAIR.free):
            assert held.begin("alice", N, 1000.0 + round_) == 0.0, attempt
        held.succeeded("alice", N, 1000.0 + round_)


def test_stuffing_many_names_from_one_address_is_held(held: Guessing) -> None:
    made = sum(held.begin(f"user{i}", N, 1000.0) == 0.0 for i in range(300))
    assert made == ADDRESS.free
    assert held.begin("alice", Caller("203.0.113.9"), 1000.0) == 0.0


def test_spraying_from_many_addresses_of_one_network_is_held(held: Guessing) -> None:
    made = sum(held.begin(f"user{i}", Caller(f"192.0.2.{i % 250}"), 1000.0) == 0.0 for i in range(600))
    assert made == NETWORK.free
    assert held.begin("alice", Caller("192.0.3.9"), 1000.0) == 0.0
    ours = sum(held.begin(f"u{i}", Caller(f"2001:db8:7:{i:x}::"), 1000.0) == 0.0 for i in range(600))
    assert ours == NETWORK.free


def test_many_at_once_are_no_way_around_in_two_workers(worker: Callable[[], Guessing]) -> None:
    """All begin before any has failed, as a hundred threads would."""
    one, other = worker(), worker()
    made = sum((one if i % 2 else other).begin("alice", N, 1000.0) == 0.0 for i in range(100))
    assert made == PAIR.free


def test_nobody_counts_between_a_look_and_its_count(tmp_path: Path) -> None:
    tables = [FailureTable(Store(tmp_path / "state.db")) for _ in range(4)]

    def slowly(counts: Sequence[Count]) -> Sequence[Count]:
        time.sleep(0.002)
        return [(count + 1.0, 1000.0) for count, _ in counts]

    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda i: tables[i % 4].change_failures([b"k"], slowly, lambda _, __: 9e9, 1000.0), range(40)))
    seen: list[Count] = []
    tables[0].change_failures([b"k"], lambda counts: seen.extend(counts) or counts, lambda _, __: 9e9, 1000.0)
    assert seen == [(40.0, 1000.0)]


def test_an_owner_is_heard_from_a_known_device_whoever_guesses(held: Guessing) -> None:
    made = sum(held.begin("alice", scattered(i), 2000.0 + i / 100) == 0.0 for i in range(3000))
    assert made < ACCOUNT.free + 30
    assert held.begin("alice", HOME, 2030.1) == 0.0
    held.succeeded("alice", HOME, 2030.1)
    assert 0.0 < held.begin("alice", Caller("203.0.113.5"), 2030.3) <= ACCOUNT.longest_s


def test_a_known_device_behind_the_attackers_address_is_heard_too(held: Guessing) -> None:
    for i in range(ADDRESS.free + 5):
        held.begin(f"user{i}", Caller(HOME.address), 2000.0)
    assert held.begin("alice", Caller(HOME.address), 2000.0) > 0.0
    assert held.begin("alice", HOME, 2000.0) == 0.0


def test_whoever_proved_the_second_factor_is_not_held_by_the_accounts_count(held: Guessing) -> None:
    for i in range(100):
        held.begin("alice", scattered(i), 2000.0)
    cafe = Caller("203.0.113.5")
    assert held.begin("alice", cafe, 2000.0) > 0.0
    assert held.begin("alice", cafe, 2000.0, proved=True) == 0.0


def test_a_stolen_device_cookie_gives_no_more_tries_than_an_address(held: Guessing) -> None:
    assert tries_in(held, "alice", HOME, 1000.0, 86_400) < 150
    assert sum(held.begin("alice", HOME, 90_000.0 + i / 100) == 0.0 for i in range(50)) <= DEVICE.free


def test_codes_are_held_by_account_alone(worker: Callable[[], Guessing]) -> None:
    one, other = worker(), worker()
    made = sum((one if i % 2 else other).begin_code("acc-1", 1000.0) == 0.0 for i in range(50))
    assert made == CODE.free
    assert one.begin_code("acc-2", 1000.0) == 0.0
    one.code_succeeded("acc-1", 1000.0)
    assert other.begin_code("acc-1", 1000.0) == 0.0


def test_failures_are_forgiven_with_time(held: Guessing) -> None:
    for _ in range(ADDRESS.free):
        held.begin("alice", N, 1000.0)
    later = 1000.0 + ADDRESS.free * ADDRESS.forgive_s
    assert held.begin("bob", N, later) == 0.0


def test_success_does_not_begin_a_wait_anew(held: Guessing) -> None:
    for i in range(ADDRESS.free):
        held.begin(f"u{i}", N, 1000.0)
    served = 1000.0 + held.begin("bob", N, 1000.0)
    assert held.begin("bob", N, served) == 0.0
    held.succeeded("bob", N, served)
    assert held.begin("carol", N, served) == 0.0


def test_a_clock_set_back_locks_nobody_out(held: Guessing) -> None:
    for _ in range(PAIR.free):
        held.begin("alice", N, 1_000_000.0)
    assert held.begin("alice", N, 1000.0) <= PAIR.first_s
    assert held.begin("alice", N, 1000.0 + PAIR.first_s) == 0.0


def test_what_is_forgiven_is_forgotten_and_no_name_is_kept(held: Guessing, tmp_path: Path) -> None:
    secret = "a password typed as a name"
    for i in range(500):
        held.begin(f"{secret} {i}", scattered(i), 1000.0)
    counts = Store(tmp_path / "state.db")
    assert len(counts.rows("SELECT 1 FROM failure")) == 2000
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())
    held.begin("alice", N, 1000.0 + 3 * PAIR.forgive_s)
    assert len(counts.rows("SELECT 1 FROM failure")) == 4


def test_what_is_held_adds_nothing_to_the_store(held: Guessing, tmp_path: Path) -> None:
    for i in range(ADDRESS.free):
        held.begin(f"u{i}", N, 1000.0)
    counts = Store(tmp_path / "state.db")
    before = len(counts.rows("SELECT 1 FROM failure"))
    for i in range(200):
        assert held.begin(f"new{i}", N, 1000.0) > 0.0
    assert len(counts.rows("SELECT 1 FROM failure")) == before


@pytest.mark.parametrize(
    ("address", "network"),
    [("192.0.2.7", "192.0.2.0/24"), ("2001:db8:1:2::/64", "2001:db8:1::/48"), ("2001:db8::1", "2001:db8::/48"),
     ("unix", "unix"), ("", "")],
)  # fmt: skip
def test_the_network_around_an_address(address: str, network: str) -> None:
    assert wide(address) == network
