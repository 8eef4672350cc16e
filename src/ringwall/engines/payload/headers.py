"""Header injection: a line break that an encoding hid, followed by what reads as a header or a body.

A raw line break in free text is only a line break; an encoded one in a decoded value is somebody's intent.
"""

from __future__ import annotations

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "crlf"
HINTS = (r"[\r\n]+[\s]*(?:[a-z0-9-]+\s*:|<|http/\d)|^[\r\n]|\\[rn]|\xe5\x98[\x8a\x8d]",)

# Response fields (IANA registry) that change how a reply is understood: before them even a raw break is not prose.
_STRONG = (
    r"set-cookie|location|content-type|content-length|transfer-encoding|access-control-allow-origin|refresh"
    r"|x-xss-protection|link"
)
_ALWAYS = Grammar({"header: break HTTP/1.1": r"[\r\n]HTTP/\d(?:\.\d)? \d{3}"}, fold=True)
_RAW = Grammar(
    {
        "header: break name:": rf"\r\n?\s*(?:{_STRONG})\s?:\s?\S",
        "header: leading break name:": r"^[\r\n]+[a-z][a-z0-9-]+[\r\n]*: \S",
        "header: break body": r"\r\n\r\n\s*<(?:html|!doctype|head|body|script)\b",
    },
    fold=True,
)
_HIDDEN = Grammar(
    {
        "header: hidden break name:": r"[\r\n]\s*[a-z0-9][a-z0-9-]*[a-z0-9]\s?:\s?\S",
        "header: hidden break body": r"(?:\r\n|\n|\r)(?:\r\n|\n|\r)\s*<[a-z!]",
        "header: wide break": r"\xe5\x98[\x8a\x8d]",
    },
    fold=True,
)
_DECODERS = frozenset({"url", "escape", "html"})


def detect(view: View) -> str | None:
    """The evidence that `view` would begin a header or a body of its own, or None."""
    if evidence := _ALWAYS.match(view.text):
        return evidence
    hidden = not view.lined and not _DECODERS.isdisjoint(view.decoded)
    if hidden and len(view.text) < 4000 and (evidence := _HIDDEN.match(view.text)):
        return evidence
    return _RAW.match(view.text) if len(view.text) < 400 else None
