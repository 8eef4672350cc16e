"""Words and nothing else: the texts that need no reading at all.

A name, an address or a sentence of letters, digits and plain punctuation, without the few words and runs that could
begin a clause, a command, a class name or an encoded text. A test holds that what is quiet has no finding.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.grammar import Grammar
from ringwall.engines.payload.shell_words import FETCHERS, INTERPRETERS, READERS, SHELLS

_LETTER = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u017e"
_CALM = re.compile(rf"(?:[{_LETTER}0-9 ,-]|(?<=[{_LETTER}])'(?=[{_LETTER}])|(?<=[A-Z])\.(?=[A-Z])|\.(?= )|\.$)*+")
_PROGRAMS = "|".join(map(re.escape, sorted(SHELLS | INTERPRETERS | FETCHERS | READERS)))
_LOUD = Grammar(
    {
        "clause": (
            r"\b(?:x?or|and|not|union|intersect|except|minus|select|having|by|limit|where|exec|execute|declare|call|insert"
            r"|delete|update|drop|like|waitfor|procedure|n|x|if|for)\b"
        ),
        "command": rf"^\W*(?:{_PROGRAMS}|echo|printf|import)\b",
        "class name": r"\b(?:java|javax|org|com|sun|processbuilder)\.",
        "option, comment": r"(?:^|[^a-z0-9])-|--|-$",
        "encoded": r"[a-z0-9-]{12}",
    },
    fold=True,
)


def quiet(text: str) -> bool:
    """Whether `text` is words that can mean nothing to any interpreter."""
    return _CALM.fullmatch(text) is not None and _LOUD.match(text) is None
