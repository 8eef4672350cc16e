"""Text of a parameter or form field -> a value of the type that its schema names, in one spelling only.

`1` is an integer; `01`, `+1`, `1.0`, ` 1` and digits of other scripts are not. What is of no stated type stays text,
for the validator to refuse.
"""

from __future__ import annotations

import re

from ringwall.engines.schema.document import JSON

_INTEGER = re.compile(r"(?!-0$)-?(?:0|[1-9][0-9]{0,18})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?")
_WORDS: dict[str, tuple[str, JSON]] = {
    "true": ("boolean", True),
    "false": ("boolean", False),
    "null": ("null", None),
}


def coerce(text: str, types: frozenset[str]) -> JSON:
    """The value of `text` among `types`; numbers and words before strings, else the text itself."""
    if "integer" in types and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    word = _WORDS.get(text)
    return word[1] if word and word[0] in types else text
