"""What `console:` states, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Rank = Literal["viewer", "responder", "admin"]
RANKS: tuple[Rank, ...] = ("viewer", "responder", "admin")


@dataclass(frozen=True, slots=True)
class Console:
    """The roles of each rank; a higher rank may all that a lower one may."""

    viewer: frozenset[str] = frozenset()
    responder: frozenset[str] = frozenset()
    admin: frozenset[str] = frozenset()

    def of(self, rank: Rank) -> frozenset[str]:
        """The roles of one rank."""
        return {"viewer": self.viewer, "responder": self.responder, "admin": self.admin}[rank]

    def rank(self, roles: frozenset[str]) -> Rank | None:
        """The highest rank that these effective roles have; None where they have none."""
        return next((rank for rank in reversed(RANKS) if not self.of(rank).isdisjoint(roles)), None)
