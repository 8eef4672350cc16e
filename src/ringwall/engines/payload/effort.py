"""How closely one value is read: a budget of steps, shared by all its readings and detectors.

Native passes over the whole text are not counted, since their cost is that of its length. What is counted are the
places that are read closely. A value with more of them than people write is refused as undecided: it never passes
unseen.
"""

from __future__ import annotations

KIND = "undecided"
EVIDENCE = "more places that could begin code than are read"
MATCH = 4  # steps that a native match costs, whatever becomes of it
STEPS = 6_000  # a step is a token, a word or an attribute, about a microsecond


class Spent(Exception):
    """The budget is used up. Never leaves this room."""


class Effort:
    """The steps that are left for one value."""

    __slots__ = ("left",)

    def __init__(self, steps: int = STEPS) -> None:
        self.left = steps

    def spend(self, steps: int) -> None:
        """Takes `steps` off. Spent: there were fewer."""
        self.left -= steps
        if self.left < 0:
            raise Spent
