"""Header injection: a line break that an encoding hid, followed by what reads as a header or a body.

A raw line break in free text is only a line break; an encoded one in a decoded value is somebody's intent.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View

KIND = "crlf"
HINTS = (r"[\r\n]+[\s]*(?:[a-z0-9-]{2,40}\s*:|<|http/\d)|^[\r\n]|\\[rn]|\xe5\x98[\x8a\x8d]",)

_FIELD = re.compile(r"[\r\n]\s*+(?P<name>[A-Za-z0-9][A-Za-z0-9-]{2,40})\s?:\s?\S")
_BODY = re.compile(r"(?:\r\n|\n|\r){2}\s*<[a-z!]", re.IGNORECASE)
_LEADING = re.compile(r"[\r\n]+[A-Za-z][A-Za-z0-9-]{2,40}[\r\n]*: \S")
_STATUS = re.compile(r"[\r\n]HTTP/\d(?:\.\d)? \d{3}")
# Response fields (IANA registry) that change how a reply is understood, so that even a raw break before them is not prose.
_STRONG = frozenset("set-cookie location content-type content-length transfer-encoding access-control-allow-origin refresh x-xss-protection link".split())
_TRICK = re.compile("[\u560a\u560d]|嘊|嘍")


def detect(view: View) -> str | None:
    """The evidence that `view` would begin a header or a body of its own, or None."""
    text = view.text
    hidden = bool(set(view.decoded) & {"url", "escape", "html"})
    if _STATUS.search(text):
        return "header: break HTTP/1.1"
    if hidden and _TRICK.search(text):
        return "header: wide break"
    field = _FIELD.search(text)
    if field and hidden and len(text) < 4000 and field.start() < 200:
        return "header: hidden break name:"
    if field and field["name"].lower() in _STRONG and "\r" in text[: field.start() + 2] and len(text) < 400:
        return "header: break name:"
    if _LEADING.match(text):
        return "header: leading break name:"
    if "\r\n\r\n" in text and re.search(r"\r\n\r\n\s*<(?:html|!doctype|head|body|script)\b", text, re.IGNORECASE):
        return "header: break body"
    if hidden and _BODY.search(text):
        return "header: hidden break body"
    return None
