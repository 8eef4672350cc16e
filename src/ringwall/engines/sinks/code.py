"""Whether a value of the request is compiled as Python: `eval`, `exec` and what unsafe loaders do (CWE-95)."""

from __future__ import annotations

import re
from typing import Final

REASON: Final = "sinks.template"

_ACTS: Final = re.compile(r"[(\[=<>+*/%|&^~:-]|\b(?:lambda|import|not|and|or|if|for)\b")
_SHORTEST: Final = 4


def code_source(source: str, given: str) -> str | None:
    """The reason to refuse compiling Python source because of one value, or None. A name or a number may pass."""
    value = given.strip()
    if len(value) < _SHORTEST or value not in source:
        return None
    return REASON if _ACTS.search(value) else None
