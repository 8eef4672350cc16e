"""What the application said of an object is asked for once in a while, not with every request, and never kept long."""

from __future__ import annotations

import pytest

from ringwall.build.kept import Kept
from ringwall.core.message import Response
from ringwall.core.ports import Fetch, FindKey, Unavailable


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def kept(status: int = 200, size: int = 2) -> tuple[Kept, list[str], Clock]:
    asked: list[str] = []
    clock = Clock()

    def fetch(question: object) -> Response:
        assert isinstance(question, Fetch)
        asked.append(question.target)
        return Response(status, (), b"x" * size)

    return Kept(fetch, 5.0, clock), asked, clock


def test_is_asked_again_only_after_the_stated_seconds() -> None:
    fetch, asked, clock = kept()
    fetch(Fetch("/a"))
    clock.now += 4.9
    fetch(Fetch("/a"))
    assert asked == ["/a"]
    clock.now += 0.2
    fetch(Fetch("/a"))
    assert asked == ["/a", "/a"]


@pytest.mark.parametrize(("status", "size"), [(404, 2), (500, 2), (200, 65_537)])
def test_keeps_no_absence_no_failure_and_nothing_large(status: int, size: int) -> None:
    fetch, asked, _ = kept(status, size)
    fetch(Fetch("/a"))
    fetch(Fetch("/a"))
    assert asked == ["/a", "/a"]


def test_is_bounded() -> None:
    fetch, asked, _ = kept()
    for number in range(1100):
        fetch(Fetch(f"/{number}"))
    fetch(Fetch("/1099"))
    fetch(Fetch("/0"))
    assert len(asked) == 1101


def test_answers_no_other_question() -> None:
    with pytest.raises(Unavailable):
        kept()[0](FindKey("k"))


def test_tells_what_is_at_hand_as_long_as_it_may_be_used_and_asks_nobody() -> None:
    fetch, asked, clock = kept()
    assert fetch.at_hand(Fetch("/a")) is None
    reply = fetch(Fetch("/a", on_behalf="token:1"))
    assert fetch.at_hand(Fetch("/a", on_behalf="token:1")) is reply
    for other in (Fetch("/a"), Fetch("/a", on_behalf="token:2"), Fetch("/b", on_behalf="token:1"), FindKey("k")):
        assert fetch.at_hand(other) is None, "another caller's answer, or to another question"
    assert fetch.at_hand(Fetch("/a", on_behalf="token:1", fresh=True)) is None
    clock.now += 5.1
    assert fetch.at_hand(Fetch("/a", on_behalf="token:1")) is None
    assert asked == ["/a"]
