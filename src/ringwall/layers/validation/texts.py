"""Every string of a value, with where it stands and whether its schema leaves it free: what detection has to judge."""

from __future__ import annotations

from ringwall.core.known import Text
from ringwall.core.message import JSON
from ringwall.engines.schema import ANYTHING, LANGUAGE, Node, token

_made = tuple.__new__  # past the keyword handling of a named tuple, which costs more than all else here


def collect(value: JSON, node: Node, at: str, out: list[Text]) -> None:
    """Add the strings of `value` to `out`, names of undeclared members among them. No deeper than the decoder let
    through. A member's undeclared name is a text of format `name`, or `operator` where the API has a language there."""
    kind = type(value)
    if kind is str:
        out.append(_made(Text, (at, value, node.free, node.format, node.observe, node.urls)))
    elif kind is dict:
        _members(value, node, at, out)  # type: ignore[arg-type]
    elif kind is list:
        below = node.items or ANYTHING
        for position, element in enumerate(value):  # type: ignore[arg-type]
            collect(element, below, f"{at}/{position}", out)


def _members(value: dict[str, JSON], node: Node, at: str, out: list[Text]) -> None:
    declared, add = node.properties, out.append
    unstated = LANGUAGE if node.language else ANYTHING
    for name, given in value.items():
        kind = type(given)
        child = declared.get(name)
        if child is None:
            where = f"{at}/{token(name)}"
            add(_made(Text, (where, name, True, "operator" if node.language else "name", node.observe, None)))
            collect(given, node.other or unstated, where, out)
        elif kind is str:
            add(_made(Text, (f"{at}/{name}", given, child.free, child.format, child.observe, child.urls)))
        elif kind is dict and given:
            _members(given, child, f"{at}/{name}", out)  # type: ignore[arg-type]
        elif kind is list:
            collect(given, child, f"{at}/{name}", out)
