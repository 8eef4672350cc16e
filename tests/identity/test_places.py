"""A session that is used from two places at once is told, once; one that moves is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from identity.identity_world import ANA, Clock, Worker
from ringwall.identity.places import Places, kind_of
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

HERE, THERE = "192.0.2.1", "203.0.113.9"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0 Safari/537.36"
UPDATED = "Mozilla/5.0 (X11; Linux x86_64) Chrome/157.0.1.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def session(tmp_path: Path, clock: Clock) -> str:
    sessions = Worker(tmp_path / "state.db", clock).has(ANA).identity.sessions
    found = sessions.find(sessions.open(ANA, frozenset({"pwd"})))
    assert found is not None
    return found.id


@pytest.fixture
def workers(tmp_path: Path, clock: Clock, session: str) -> list[Places]:
    return [Places(SessionTable(Store(tmp_path / "state.db")), clock) for _ in range(2)]


def use(places: Places, session: str, network: str, agent: str = CHROME) -> tuple[str | None, bool]:
    return places.odd(session, kind_of(CHROME), network, agent)


def test_a_second_network_between_two_uses_of_the_first_is_told_once(workers, session, clock) -> None:
    assert use(workers[0], session, HERE) == (None, False)
    clock.at += 10
    assert use(workers[1], session, THERE) == (None, False)
    clock.at += 10
    assert use(workers[0], session, HERE) == ("network", True)
    clock.at += 1
    assert use(workers[1], session, HERE) == (None, False)
    clock.at += 1
    assert use(workers[0], session, THERE) == ("network", True)
    clock.at += 1
    assert use(workers[1], session, HERE) == ("network", False)


def test_moving_on_is_nothing(workers, session, clock) -> None:
    for network in (HERE, THERE, "198.51.100.4"):
        for _ in range(3):
            assert use(workers[0], session, network) == (None, False)
            clock.at += 20
    clock.at += 100
    assert use(workers[0], session, HERE) == (None, False)


def test_another_browser_is_told_and_a_newer_version_is_not(workers, session, clock) -> None:
    assert use(workers[0], session, HERE) == (None, False)
    assert use(workers[0], session, HERE, UPDATED) == (None, False)
    assert use(workers[0], session, HERE, FIREFOX) == ("browser", True)
    assert use(workers[1], session, HERE, FIREFOX) == ("browser", False)
    assert use(workers[0], session, HERE, "") == ("browser", True)


def test_two_kinds_of_addresses_in_turn_are_one_place(workers, session, clock) -> None:
    for network in (HERE, "2001:db8::/64") * 3:
        assert use(workers[0], session, network) == (None, False)
        clock.at += 6


def test_places_go_with_their_session(workers, session, tmp_path: Path) -> None:
    use(workers[0], session, HERE)
    store = Store(tmp_path / "state.db")
    assert len(store.rows("SELECT 1 FROM session_place")) == 1
    SessionTable(store).end_session(session)
    use(workers[0], session, THERE)
    assert store.rows("SELECT 1 FROM session_place") == []
