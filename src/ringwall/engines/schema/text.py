"""Canonical text: normal form C, no control and no bidirectional override characters (UAX #15, UAX #9, UTS #39).

Text in another normal form is refused, not quietly rewritten: what the caller signed or compares stays what the
application sees. A field may state that it is sanitized; then `canonical` rewrites it.
"""

from __future__ import annotations

import re
from unicodedata import is_normalized, normalize

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufff9-\ufffb\ufffe\uffff\ufeff]")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def flaw_of(text: str) -> str | None:
    """What makes text uncanonical: "control", "bidi" or "normal"; None where nothing does.

    Tab, newline and return are text; the marks that Persian, Hebrew and emoji need (joiners, LRM, RLM) are too.
    """
    plain = text.isascii()
    if plain and text.isprintable():
        return None
    if _CONTROL.search(text):
        return "control"
    if plain:
        return None
    if _BIDI.search(text):
        return "bidi"
    return None if is_normalized("NFC", text) else "normal"


def canonical(text: str) -> str:
    """The same text in normal form C without control and bidirectional override characters."""
    return normalize("NFC", _BIDI.sub("", _CONTROL.sub("", text)))
