"""To which rows of a resource's table the application's reads are confined while it answers one operation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Confine:
    """Rows of the class (or table) of one of these folded names, whose `column` is the caller's subject ("owner") or
    its tenant; a caller whose tenant is `everywhere` reads all."""

    names: frozenset[str]
    column: str
    by: Literal["owner", "tenant"]
    everywhere: str


@dataclass(frozen=True, slots=True)
class Confined:
    """The same for one caller: `value` is what the column has to hold, None where no row is the caller's."""

    confine: Confine
    value: str | None
