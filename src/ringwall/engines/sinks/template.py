"""Whether a value of the request is part of a template's source: server-side template injection (CWE-1336).

A template is code that the application wrote. A value belongs into its context, where delimiters mean nothing.
"""

from __future__ import annotations

import re
from typing import Final

REASON: Final = "sinks.template"

_DELIMITERS: Final = re.compile(r"\{\{|\{%|\{#|\$\{|<%|#\{|^\s*(?:%|##|#\s*for|@\{)", re.MULTILINE)


def template_source(source: str, given: str) -> str | None:
    """The reason to refuse compiling a template's source because of one value, or None."""
    value = given.strip()
    if len(value) < 3 or value not in source:
        return None
    return REASON if _DELIMITERS.search(value) else None
