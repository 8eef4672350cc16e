"""Cost: a value for which the time grows out of all proportion to its length, as a backtracking pattern's does.

Only where it is asked for (`--cost`), since each hit holds a thread of the target for a while: lengths grow step by
step and stop at the first reply that takes a quarter of a second. Three lengths, three times each; a harmless value of
the greatest length must be flat.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from statistics import median

from ringwall.scan.aims import Aim
from ringwall.scan.bench import Bench
from ringwall.scan.checks.points import Base, Point, placed, points

SLOW_S, TURNS = 0.25, 3
Shape = Callable[[int], str]
_SHAPES: tuple[Shape, ...] = (
    lambda n: "a" * n + "!",
    lambda n: "0" * n + "x",
    lambda n: "a@" + "a" * n + "!",
    lambda n: "a@" + "a." * (n // 2) + "!",
    lambda n: " " * n + "x",
    lambda n: "/" * n + "\x7f",
)
_STEPS: tuple[tuple[int, ...], ...] = ((14, 16, 18, 20, 22, 24, 26, 28), (500, 1000, 2000, 4000, 8000))
"""Lengths where an exponential growth shows, then where a polynomial one does: each half an octave or an octave up."""


def cost(bench: Bench, aim: Aim, base: Base) -> None:
    """Every text place of one operation."""
    if not bench.costly:
        bench.untested("cost", aim, "not asked for (--cost)")
        return
    if bench.creates(aim):
        bench.untested("cost", aim, "every request would make an object")
        return
    places = [p for p in points(bench, base) if p.text]
    found = any(_grows(bench, aim, base, point) for point in places)
    if not places:
        bench.untested("cost", aim, "no text parameter that could carry it")
    elif not found:
        bench.refuted("cost", aim, f"no length takes long in {', '.join(p.name for p in places)}")


def _grows(bench: Bench, aim: Aim, base: Base, point: Point) -> bool:
    for shape in _SHAPES:
        for lengths in _slow(bench, base, point, shape):
            if _proved(bench, aim, base, point, shape, lengths):
                return True
    return False


def _slow(bench: Bench, base: Base, point: Point, shape: Shape) -> Iterator[tuple[int, int, int]]:
    """The three lengths up to one that takes long, if any does."""
    for steps in _STEPS:
        for at, length in enumerate(steps):
            if _seconds(bench, base, point, shape(length)) > SLOW_S:
                if at >= 2:
                    yield steps[at - 2], steps[at - 1], length
                break


def _proved(bench: Bench, aim: Aim, base: Base, point: Point, shape: Shape, lengths: tuple[int, int, int]) -> bool:
    times = [[_seconds(bench, base, point, shape(n)) for n in lengths] for _ in range(TURNS)]
    if not all(first * 2 < second and second * 2 < third for first, second, third in times):
        return False
    flat = [_seconds(bench, base, point, "~" * len(shape(lengths[2]))) for _ in range(TURNS)]
    slow = [median(turn[i] for turn in times) for i in range(3)]
    if max(flat) * 2 > slow[2]:
        return False
    told = ", ".join(f"{n} characters {s * 1000:.0f} ms" for n, s in zip(lengths, slow, strict=True))
    control = f"a harmless value of the same length: {median(flat) * 1000:.0f} ms"
    bench.proved("cost", aim, point.name, f"{point.where} {point.name}: {told} ({TURNS} of {TURNS})", control,
                 placed(base, point, shape(lengths[0])).call())  # fmt: skip
    return True


def _seconds(bench: Bench, base: Base, point: Point, text: str) -> float:
    began = time.perf_counter()
    bench.send(placed(base, point, text), wait=False)
    return time.perf_counter() - began
