"""Patterns of a schema: whether a linear-time engine can run them, and whether one leaves room for an attack.

ECMA-262 patterns are run by a finite automaton; look-around and back-references have none and are an answer.
"""

from __future__ import annotations

import re
from functools import lru_cache

import jsonschema_rs

from ringwall.engines.schema.document import JSON

OPTIONS = jsonschema_rs.RegexOptions()

_ANNEX_B = re.compile(r"(\\[dwsDWS])-(?=[^\]])")
_SINGLE = r"(?:[A-Za-z0-9_.:,@]|\\[dw.-])(?!-[^\]])"
_CLASS = rf"\[-?(?:[A-Za-z0-9]-[A-Za-z0-9]|{_SINGLE})++-?\]"
_EXACT = re.compile(
    rf"\^(?![*+?{{])(?:{_CLASS}|\\[dw.-]|[A-Za-z0-9_:@-]|\((?:\?:)?(?!\?)|\)|\||[*+?]|\{{\d+(?:,\d*)?\}})++\$"
)
"""An anchored pattern of classes, letters, digits and marks that open nothing. Possessive, so that it cannot run away;
a hyphen in a class stands at an end or in a range of letters or digits."""


@lru_cache(maxsize=4096)
def linear(pattern: str) -> bool:
    """Whether the automaton takes the pattern."""
    try:
        jsonschema_rs.Draft202012Validator({"pattern": pattern}, pattern_options=OPTIONS)
    except (ValueError, jsonschema_rs.ReferencingError):
        return False
    return True


def portable(pattern: str) -> str:
    """The pattern with the one laxity of ECMA-262, annex B, that documents lean on made plain: `[\\w-.]` holds a
    literal hyphen. Anything else stays as written."""
    return pattern if linear(pattern) else _ANNEX_B.sub(r"\1\\-", pattern)


def exact(pattern: JSON) -> bool:
    """Whether an anchored pattern admits letters, digits and a few harmless marks only, so that its values are
    decided. Says no where it is not sure."""
    if not isinstance(pattern, str):
        return False
    written = portable(pattern)
    return bool(_EXACT.fullmatch(written)) and not _loose(written)


def _loose(pattern: str) -> bool:
    """An alternative outside all groups is anchored at one end only; a range may leave letters and digits."""
    depth = 0
    for mark in re.sub(r"\\.|\[[^\]]*\]", "", pattern):
        depth += (mark == "(") - (mark == ")")
        if mark == "|" and depth == 0:
            return True
    return not all(_alnum(part) for part in re.findall(r"([A-Za-z0-9])-([A-Za-z0-9])", _classes(pattern)))


def _classes(pattern: str) -> str:
    return " ".join(re.findall(r"\[([^\]]*)\]", pattern))


def _alnum(ends: tuple[str, str]) -> bool:
    """A range within digits, upper or lower case letters; `A-z` would take brackets and a backquote in."""
    low, high = ends
    return any(low in kind and high in kind for kind in (_DIGITS, _UPPER, _LOWER))


_DIGITS, _UPPER, _LOWER = "0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
