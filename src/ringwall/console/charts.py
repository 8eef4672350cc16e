"""Charts as numbers for a template to draw in SVG: no colour and no text of anybody's is in here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 720.0
HEIGHT: Final = 140.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One minute: where its bar stands, and how high its two parts are, from the bottom."""

    x: float
    width: float
    allowed_y: float
    allowed: float
    refused_y: float
    refused: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Stacked bars; `most` is what the top of the chart stands for."""

    bars: tuple[Bar, ...]
    most: int


def stacked(counts: Sequence[tuple[int, int]]) -> Chart:
    """A bar for each (allowed, refused), oldest first."""
    most = max(max((a + r for a, r in counts), default=0), 1)
    step = WIDTH / max(len(counts), 1)
    bars = []
    for at, (allowed, refused) in enumerate(counts):
        low, high = _tall(allowed, most), _tall(refused, most)
        bars.append(Bar(round(at * step + 1, 1), round(step - 2, 1), round(HEIGHT - low, 1), low,
                        round(HEIGHT - low - high, 1), high))  # fmt: skip
    return Chart(tuple(bars), most)


def shares(counts: Mapping[str, int]) -> dict[str, float]:
    """How long a bar of at most 100 is for each count."""
    most = max(max(counts.values(), default=0), 1)
    return {name: round(100 * count / most, 1) for name, count in counts.items()}


def _tall(count: int, most: int) -> float:
    """At least two units for what happened at all: one refusal among a million is seen."""
    return max(round(HEIGHT * count / most * 0.98, 1), 2.0) if count else 0.0
