"""The layers, one room each, and the one order in which a message meets them.

A layer exports its REASONS, its Settings and `forge`, and never imports another layer.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Order(NamedTuple):
    """For each phase, the stations in order. A layer that has two stations in a phase names the second one."""

    head: tuple[str, ...]
    body: tuple[str, ...]
    sink: tuple[str, ...]
    reply: tuple[str, ...]


ORDER: Final = Order(
    head=(
        "monitoring",
        "transport",
        "quota",
        "authentication",
        "standing",
        "allowance",
        "authorization",
        "validation",
    ),
    body=("transport", "validation", "detection", "authorization", "encryption", "echo", "authentication"),
    sink=("sinks",),
    reply=("authentication", "authorization", "disclosure", "echo", "encryption", "masks", "delivery", "reach"),
)
