"""What may have to wait goes aside, unless its answer is at hand."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import pytest

from ringwall.adapters.drive import advanced
from ringwall.core.message import Response
from ringwall.core.ports import Call, Fetch, OwnerOf, Ports, Question

REPLY = Response(200, (), b"{}")


def ports(at_hand: Callable[[Question], object]) -> Ports:
    def told(question: Question) -> object:
        return "told"

    return Ports(
        {OwnerOf: told, Fetch: told}, lambda event: None, lambda: 0.0, lambda: 0, lambda: "r", {Fetch: at_hand}
    )


def asking(*questions: Question) -> tuple[Generator[Any, Any, None], list[object]]:
    heard: list[object] = []

    def way() -> Generator[Any, Any, None]:
        for question in questions:
            heard.append((yield question))
        yield "done"

    return way(), heard


def test_an_answer_at_hand_is_not_waited_for() -> None:
    way, heard = asking(OwnerOf("a", "1"), Fetch("/a"), OwnerOf("a", "2"))
    assert advanced(way, next(way), ports(lambda question: REPLY)) == "done"
    assert heard == ["told", REPLY, "told"]


def failing(question: Question) -> object:
    raise RuntimeError("broken")


@pytest.mark.parametrize("look", [lambda question: None, failing])
def test_what_is_not_at_hand_goes_aside_and_nothing_that_could_wait_is_asked_here(look: Any) -> None:
    way, heard = asking(OwnerOf("a", "1"), Fetch("/a"))
    assert advanced(way, next(way), ports(look)) == Fetch("/a")
    assert heard == ["told"]
    way, heard = asking(Call(lambda: pytest.fail("called on the event loop")))
    assert isinstance(advanced(way, next(way), ports(lambda question: REPLY)), Call)
