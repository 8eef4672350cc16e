"""A scanner for tags in text that may be any fragment of HTML, as lenient as browsers are.

It is no HTML parser (nh3 is the one that cleans documents): it answers which tags and attributes a browser could see
from any place in the text on, inside quotes and comments too, since the value may land in either. Linear: each tag is
read for at most `REACH` characters and at most `MOST` tags are read in full.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

REACH = 1500
MOST = 400

_OPEN = re.compile(r"<(?:[\s\x00/+]*+)(?=[a-z?!%\\])", re.IGNORECASE)
_NAME = re.compile(r"[!?%]?+[a-z][\w:.-]*+|[!?%~\\]", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""[\s/\x00"'`+\\\x0b-\x1f\xa0]*+
    (?P<name>[^\s"'`<>/=\x00]++)
    [\s\x00\x0b]*+
    (?:=[\s\x00\x01-\x20]*+(?:"(?P<double>[^"]*+)"?|'(?P<single>[^']*+)'?|`(?P<tick>[^`]*+)`?|(?P<bare>[^\s>]*+)))?""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: lower-case name (`script`, `!doctype`), whether it closes, its attributes, where its text ends."""

    name: str
    closes: bool
    attributes: tuple[tuple[str, str], ...]
    end: int


def tags(text: str) -> Iterator[Tag]:
    """Every tag that could open anywhere in `text`, in order, at most `MOST`."""
    for count, match in enumerate(_OPEN.finditer(text)):
        if count >= MOST:
            return
        yield _tag(text, match)


def _tag(text: str, opened: re.Match[str]) -> Tag:
    named = _NAME.match(text, opened.end())
    name = named.group().lower() if named else ""
    at = named.end() if named else opened.end()
    stop = min(len(text), at + REACH)
    attributes, end = _attributes(text, at, stop)
    return Tag(name, "/" in opened.group(), attributes, end)


def _attributes(text: str, at: int, stop: int) -> tuple[tuple[tuple[str, str], ...], int]:
    found: list[tuple[str, str]] = []
    while at < stop and len(found) < 40:
        match = _ATTRIBUTE.match(text, at, stop)
        if match is None:
            break
        value = match["double"] or match["single"] or match["tick"] or match["bare"] or ""
        found.append((match["name"].lower(), value))
        at = match.end()
    closed = text.find(">", at, stop)
    return tuple(found), closed + 1 if closed >= 0 else stop
