"""Values made in half the time are the same values: frozen, compared, copied and called as before."""

from __future__ import annotations

import copy
import dataclasses
from dataclasses import dataclass, field

import pytest

from ringwall.core.message import Response
from ringwall.core.value import quick


@quick
@dataclass(frozen=True, slots=True)
class Pair:
    first: int
    second: str = "two"
    rest: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Plain:
    first: int
    second: str = "two"
    rest: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("args", "named"), [((1,), {}), ((1, "b"), {}), ((1, "b", [3]), {}), ((), {"second": "b", "first": 1})]
)
def test_is_made_as_the_plain_one_is(args: tuple[object, ...], named: dict[str, object]) -> None:
    quickly, plainly = Pair(*args, **named), Plain(*args, **named)  # type: ignore[arg-type]
    assert dataclasses.asdict(quickly) == dataclasses.asdict(plainly)
    assert repr(quickly) == repr(plainly).replace("Plain", "Pair")
    assert quickly == Pair(*args, **named)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("args", "named"), [((), {}), ((1, "b", [], 4), {}), ((1,), {"third": 3}), ((1,), {"first": 1})]
)
def test_what_the_plain_one_does_not_take_it_does_not_take(args: tuple[object, ...], named: dict[str, object]) -> None:
    for kind in (Pair, Plain):
        with pytest.raises(TypeError):
            kind(*args, **named)  # type: ignore[arg-type]


def test_stays_as_it_was_made() -> None:
    made = Pair(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.first = 2  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        made.third = 3  # type: ignore[attr-defined]


def test_shares_no_default_and_can_be_replaced_and_copied() -> None:
    one, other = Pair(1), Pair(1)
    assert one.rest is not other.rest
    assert dataclasses.replace(one, second="b") == Pair(1, "b")
    assert copy.deepcopy(Response(200, ((b"a", b"b"),), b"c")) == Response(200, ((b"a", b"b"),), b"c")
