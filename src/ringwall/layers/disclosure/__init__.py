"""Disclosure: what a reply may say. Judges by what the reply itself holds, not by what the request claimed, so
that it stands when authentication's and authorization's walls have fallen for a trick.

Works on the parsed reply; a reply that cannot be parsed passes only where nothing in it needs checking.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringwall.contract.model import Operation
from ringwall.core.plan import Guard, Guards
from ringwall.layers.disclosure.fields import fields_guard, mask_guard, masked_late
from ringwall.layers.disclosure.leaks import leaks_guard
from ringwall.layers.disclosure.lists import pages_of
from ringwall.layers.disclosure.markup import Markup, arrival_guard, echo_guard
from ringwall.layers.disclosure.objects import objects_guard
from ringwall.layers.disclosure.reach import reach_guard
from ringwall.layers.disclosure.reasons import LAYER, REASONS
from ringwall.layers.disclosure.redirects import Destinations, departure_guard, redirect_guard
from ringwall.layers.disclosure.schema import schema_guard
from ringwall.layers.disclosure.settings import Settings, reader

__all__ = [
    "LAYER",
    "REASONS",
    "Markup",
    "Memory",
    "Settings",
    "forge",
    "forge_echo",
    "forge_masks",
    "forge_reach",
    "pages_of",
]


@dataclass(frozen=True, slots=True)
class Memory:
    """What one wall keeps of what came in."""

    markup: Markup = field(default_factory=Markup)
    destinations: Destinations = field(default_factory=Destinations)


def forge(operation: Operation, settings: Settings) -> Guards:
    """Before decryption: leaks of any kind, foreign objects, unreadable and undeclared properties."""
    because = operation.rule.key if operation.rule else ""
    places = reader(operation, settings)
    return Guards(
        reply=(
            Guard(LAYER, "leaks", leaks_guard(operation)),
            Guard(LAYER, "objects", objects_guard(operation, settings, places), because),
            Guard(LAYER, "schema", schema_guard(operation, settings), because),
            Guard(LAYER, "fields", fields_guard(operation, settings, places), because),
        ),
    )


def forge_echo(memory: Memory) -> Guards:
    """What came in is known again when it comes out: live markup in a page, another site in a redirect."""
    return Guards(
        body=(
            Guard(LAYER, "arrival", arrival_guard(memory.markup)),
            Guard(LAYER, "departure", departure_guard(memory.destinations)),
        ),
        reply=(
            Guard(LAYER, "echo", echo_guard(memory.markup)),
            Guard(LAYER, "redirect", redirect_guard(memory.destinations)),
        ),
    )


def forge_masks(operation: Operation, settings: Settings) -> Guards:
    """After decryption: partial values for those who may not read the whole."""
    places = reader(operation, settings)
    masked = any(masked_late(field) for r in settings.resources.values() for field in r.fields.values())
    if not masked:
        return Guards()
    return Guards(reply=(Guard(LAYER, "masks", mask_guard(operation, settings, places)),))


def forge_reach(operation: Operation, settings: Settings) -> Guards:
    """Last of all: which objects the reply shows, for the journal."""
    guard = reach_guard(operation, settings, reader(operation, settings))
    return Guards(reply=(Guard(LAYER, "reach", guard),)) if guard else Guards()
