"""The structure of `console:` in `ringwall.yaml`."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Listing, Record, Text

_ROLE: Final = Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a role of the contract")

CONSOLE: Final = Record(
    "who may use the web console; without it there is none",
    {"viewer": Listing(_ROLE), "responder": Listing(_ROLE), "admin": Listing(_ROLE)},
    notes={
        "viewer": "Roles that may look.",
        "responder": "Roles that may also close alerts, slow down, challenge and block, and undo.",
        "admin": "Roles that may also revoke and freeze.",
    },
)
