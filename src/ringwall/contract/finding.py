"""A finding of `check`: something that a contract says which is valid and yet unwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ringwall.contract.model import At


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding. `id` is permanent, `about` says of what; a "note" is no reason to stop."""

    id: str
    severity: Literal["warning", "note"]
    at: At
    about: str
    what: str
    do: str
