"""Sessions are found by their secret alone, and end: by hand, everywhere, by time, with their account."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringwall.core.ports import Account
from ringwall.core.records import StoredAccount
from ringwall.identity.sessions import Limits, Sessions
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

PWD = frozenset({"pwd"})
ANA = Account("acc-ana", "ana", frozenset({"nurse"}), "north")


class Clock:
    def __init__(self) -> None:
        self.at = 1_000_000.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    store = Store(tmp_path / "state.db")
    store.add_account(StoredAccount("acc-ana", "ana", "x", ANA.roles, "north", disabled=False, created=0.0))
    return tmp_path / "state.db"


def worker(path: Path, clock: Clock) -> Sessions:
    """What each worker process has: a connection of its own."""
    return Sessions(SessionTable(Store(path)), clock)


def test_a_session_is_found_by_every_worker_until_it_ends(path: Path, clock: Clock) -> None:
    one, other = worker(path, clock), worker(path, clock)
    cookie = one.open(ANA, PWD | {"otp", "mfa"})
    found = other.whose(cookie)
    assert found is not None
    session, account = found
    assert (session.subject, session.signed_in, session.mfa, account) == ("acc-ana", clock.at, True, ANA)
    assert session.id not in cookie
    one.end(session.id)
    assert other.find(cookie) is None


def test_one_factor_is_not_two(path: Path, clock: Clock) -> None:
    sessions = worker(path, clock)
    found = sessions.find(sessions.open(ANA, PWD))
    assert found is not None
    assert not found.mfa


def test_the_store_holds_no_secret(path: Path, clock: Clock) -> None:
    cookie = worker(path, clock).open(ANA, PWD)
    for file in path.parent.iterdir():
        assert cookie.encode() not in file.read_bytes()


@pytest.mark.parametrize("forged", ["", "x", "é" * 43, "\ud800" * 43, "A" * 43, "A" * 100_000, "\0"])
def test_what_was_never_given_out_finds_nothing(path: Path, clock: Clock, forged: str) -> None:
    sessions = worker(path, clock)
    cookie = sessions.open(ANA, PWD)
    assert sessions.find(forged) is None
    assert sessions.find(cookie + "=") is None
    assert sessions.find(cookie) is not None


def test_idle_and_absolute_limits_end_it(path: Path, clock: Clock) -> None:
    sessions = worker(path, clock)
    limits = Limits()
    idle, busy = sessions.open(ANA, PWD), sessions.open(ANA, PWD)
    began = clock.at
    while clock.at + 1800 < began + limits.absolute_s:
        clock.at += 1800
        assert sessions.find(busy) is not None
    assert sessions.find(idle) is None
    clock.at = began + limits.absolute_s
    assert sessions.find(busy) is None
    assert sessions.list("acc-ana") == []


def test_everywhere_is_everywhere_but_here(path: Path, clock: Clock) -> None:
    sessions = worker(path, clock)
    here, there = sessions.open(ANA, PWD), sessions.open(ANA, PWD)
    this = sessions.find(here)
    assert this is not None
    assert sessions.end_all("acc-ana", but=this.id) == 1
    assert sessions.find(there) is None
    assert sessions.find(here) is not None
    assert sessions.end_all("acc-ana") == 1
    assert sessions.find(here) is None


def test_a_disabled_account_has_no_session(path: Path, clock: Clock) -> None:
    sessions = worker(path, clock)
    cookie = sessions.open(ANA, PWD)
    Store(path).change_account("ana", "disabled", 1)
    assert sessions.find(cookie) is None


def test_roles_are_those_of_now(path: Path, clock: Clock) -> None:
    sessions = worker(path, clock)
    cookie = sessions.open(ANA, PWD)
    Store(path).change_account("ana", "roles", frozenset())
    found = sessions.whose(cookie)
    assert found is not None
    assert found[1].roles == frozenset()
