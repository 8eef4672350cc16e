"""What a declared format changes: which structures are that format's own content, and which stay an attack in it.

`markdown` and `html` are read as they will be rendered: code is content, active markup is not, and nothing is decoded
but what a renderer decodes. `code` and `sql` are content altogether. `filename` may not leave its directory.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from ringwall.engines.payload import decode, xss
from ringwall.engines.payload.document import without_code
from ringwall.engines.payload.finding import Finding, View, found

# Link targets of CommonMark 0.31: inline, reference definition, autolink.
_TARGETS = re.compile(
    r"\]\(\s*+<?([^)>]{1,400})|^ {0,3}\[[^\]\n]{1,200}\]:\s*+<?(\S{1,400})"
    r"|<([A-Za-z][\w+.&#;-]{1,40}:[^\s<>]{0,400})>",
    re.MULTILINE,
)
_SCHEME_IN_TARGET = re.compile(
    r"^(?:javascript|vbscript|livescript|data(?=:[^,]{0,60}(?:html|script|svg|xml)))\s*:", re.IGNORECASE
)
_FOLDED = re.compile(r"[\x00-\x20\xa0]+")
_NAME = re.compile(r"[/\\\x00-\x1f\x7f]|^\.{1,2}$|%(?:2f|5c|00)|^\s*$", re.IGNORECASE)


def markdown(value: str) -> Finding | None:
    """Active markup or a script link outside code, or None."""
    view = View(without_code(value))
    text = view.text
    if evidence := xss.active_markup(text, view.effort):
        return found(xss.KIND, evidence, view)
    for target in _link_targets(text):
        if _SCHEME_IN_TARGET.match(_FOLDED.sub("", decode.entities(decode.percent(target)))):
            return found(xss.KIND, "markdown: link script:", View(text))
    return None


def _link_targets(text: str) -> Iterator[str]:
    for match in _TARGETS.finditer(text):
        yield match[1] or match[2] or match[3]


def html(value: str) -> Finding | None:
    """Active markup, or None. What is written with character references is text."""
    view = View(value)
    evidence = xss.active_markup(value, view.effort)
    return found(xss.KIND, evidence, view) if evidence else None


def filename(value: str) -> Finding | None:
    """A name that is more than one path component, or none at all."""
    return found("lfi", "path: not one component", View(value)) if _NAME.search(value) else None


def parsed(value: str) -> object:
    """The value of a JSON text. ValueError: it is none, or is nested too deep to read."""
    try:
        return json.loads(value)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
