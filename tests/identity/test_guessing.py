"""Guessing is slowed, the guessed-at account's owner is not shut out, and memory is bounded."""

from __future__ import annotations

from ringwall.identity import guessing
from ringwall.identity.guessing import ACCOUNT, NETWORK, PAIR, Guessing


def tries_in(held: Guessing, name: str, network: str, start: float, seconds: float) -> int:
    """How many wrong passwords someone gets in who tries as soon as it is allowed."""
    now, made = start, 0
    while now < start + seconds:
        wait = held.begin(name, network, now)
        made += wait == 0.0
        now += wait
    return made


def test_guessing_one_account_from_one_network_is_slowed_to_a_crawl() -> None:
    day = tries_in(Guessing(), "alice", "n", 1000.0, 86_400)
    assert PAIR.free <= day < 150


def test_a_few_mistakes_cost_nothing_and_a_right_password_clears_them() -> None:
    held = Guessing()
    for round_ in range(5):
        for attempt in range(PAIR.free):
            assert held.begin("alice", "n", 1000.0 + round_) == 0.0, attempt
        held.succeeded("alice", "n")


def test_another_name_from_the_same_network_is_slowed_too() -> None:
    held = Guessing()
    made = sum(held.begin(f"user{i}", "n", 1000.0) == 0.0 for i in range(1000))
    assert made == NETWORK.free
    assert held.begin("alice", "elsewhere", 1000.0) == 0.0


def test_many_at_once_are_no_way_around() -> None:
    """All begin before any has failed, as a hundred threads would."""
    held = Guessing()
    assert sum(held.begin("alice", "n", 1000.0) == 0.0 for _ in range(100)) == PAIR.free


def test_an_owner_is_heard_from_where_they_signed_in_before_whoever_guesses() -> None:
    held = Guessing()
    assert held.begin("alice", "home", 1000.0) == 0.0
    held.succeeded("alice", "home")
    made = sum(held.begin("alice", f"bot{i}", 2000.0 + i / 100) == 0.0 for i in range(5000))
    assert made < 60
    assert held.begin("alice", "home", 2050.1) == 0.0
    held.succeeded("alice", "home")
    assert held.begin("alice", "home", 2050.2) == 0.0
    assert 0.0 < held.begin("alice", "cafe", 2050.3) <= ACCOUNT.longest_s


def test_failures_are_forgiven_with_time() -> None:
    held = Guessing()
    for _ in range(NETWORK.free):
        held.begin("alice", "office", 1000.0)
    later = 1000.0 + NETWORK.free * NETWORK.forgive_s
    assert held.begin("bob", "office", later) == 0.0


def test_success_does_not_begin_a_wait_anew() -> None:
    held = Guessing()
    for i in range(NETWORK.free):
        held.begin(f"u{i}", "office", 1000.0)
    served = 1000.0 + held.begin("bob", "office", 1000.0)
    assert held.begin("bob", "office", served) == 0.0
    held.succeeded("bob", "office")
    assert held.begin("carol", "office", served) == 0.0


def test_a_clock_set_back_locks_nobody_out() -> None:
    held = Guessing()
    for _ in range(PAIR.free):
        held.begin("alice", "n", 1_000_000.0)
    assert held.begin("alice", "n", 1000.0) <= PAIR.first_s
    assert held.begin("alice", "n", 1000.0 + PAIR.first_s) == 0.0


def test_memory_is_bounded_and_keeps_those_who_go_on() -> None:
    held = Guessing()
    guessing_many, guessing._MANY = guessing._MANY, 300
    try:
        for i in range(3000):
            held.begin(f"user{i}", f"net{i}", 1000.0)
            if i % 50 == 0:
                held.begin("alice", "n", 1000.0)
        assert len(held._failures) <= 300
        assert held.begin("alice", "n", 1000.0) > 0.0
    finally:
        guessing._MANY = guessing_many
