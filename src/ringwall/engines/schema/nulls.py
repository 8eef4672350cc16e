"""Null for a property that may as well be absent: how many serializers write what they do not send.

The schema need not call such a property nullable; servers written against the same document take it. What is not
declared, and what is required, gets no such leave.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ringwall.engines.schema.compiled import Flaw, Validator
from ringwall.engines.schema.document import JSON

_ROUNDS: Final = 8
_STRUCTURAL: Final = frozenset({"unknown", "required", "readonly"})


def valid_without_nulls(value: JSON, validator: Validator, flaws: Sequence[Flaw]) -> bool:
    """Whether a value is valid once the null members are left out that its flaws point at, and nothing else is wrong.

    A required property that is null is then missing, so the answer is no; an undeclared one is never left out.
    """
    for _ in range(_ROUNDS):
        spared = _without(value, {flaw.pointer for flaw in flaws if flaw.code not in _STRUCTURAL})
        if spared is value:
            return False
        if validator.is_valid(spared):
            return True
        value, flaws = spared, validator.flaws(spared)
    return False


def _without(value: JSON, pointers: set[str]) -> JSON:
    """A copy without the null members at these pointers; the value itself where there is none."""
    paths = [path for pointer in pointers if (path := _null_member(value, pointer)) is not None]
    for path in paths:
        value = _dropped(value, path)
    return value


def _null_member(value: JSON, pointer: str) -> list[str] | None:
    """The path to a member that is null, or None where the pointer leads to anything else."""
    path = [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]
    here, parent = value, None
    for token in path:
        parent = here
        if isinstance(here, dict) and token in here:
            here = here[token]
        elif isinstance(here, list) and token.isdecimal() and int(token) < len(here):
            here = here[int(token)]
        else:
            return None
    return path if here is None and isinstance(parent, dict) else None


def _dropped(value: JSON, path: list[str]) -> JSON:
    if isinstance(value, dict):
        if len(path) == 1:
            return {key: below for key, below in value.items() if key != path[0]}
        return {**value, path[0]: _dropped(value[path[0]], path[1:])}
    if isinstance(value, list):
        index = int(path[0])
        return [*value[:index], _dropped(value[index], path[1:]), *value[index + 1 :]]
    return value
