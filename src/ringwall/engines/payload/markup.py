"""A scanner for tags in text that may be any fragment of HTML, as lenient as browsers are.

It is no HTML parser (nh3 is the one that cleans documents): it answers which tags a browser could see from any place
in the text on, inside quotes and comments too, since the value may land in either. A native automaton finds the tags
that could be active; only those are read, each for at most `REACH` characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import re2

from ringwall.engines.payload.effort import MATCH, Effort

REACH = 1200
_PLACE = 6  # steps to come to a tag at all
ATTRIBUTES = 24

# Elements that act by being there, names of attributes that hold script, addresses that could be script, active styles.
_SIGN = re2.compile(
    rb"(?i)<[\s\x00/+]*(?:[\w.-]+:)?(?:script|iframe|object|embed|applet|frame|portal|i?layer|bgsound|isindex|event-source|xss|import"
    rb"|\?import|\?xml-|style|meta|link|base|set\b|animate|handler|listener|xml\b)"
    rb"|(?:[\s\"'`/\\=+,;)}.>-]|[\x00-\x1f\x80-\xff]|x..)on[a-z]{3,24}[^<>=a-z0-9]{0,6}(?:\\x..|\\u....)?[\s\x00]*="
    rb"|=[\s\x00-\x20]*[\"'`]?[^a-z\"'`<>]{0,40}(?:feed:|url\(.?)*(?:j[^a-z<>]*a|v[^a-z<>]*b|l[^a-z<>]*i|m[^a-z<>]*o|d[^a-z<>]*a|e[^a-z<>]*c)[^<>\"']*[:#&]"
    rb"|=[\s\x00-\x20]*[\"'`]?[\x00-\x20]*(?:&|\\)|srcdoc|xhtml|datasrc"
    rb"|style[\s\x00]*=[^<>]*(?:\(|:\s*url|binding|behavi|script|import|\\|&|/\*)"
)
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
    """One tag: lower-case name (`script`, `!doctype`), whether it closes, its attributes, the text after it."""

    name: str
    closes: bool
    attributes: tuple[tuple[str, str], ...]
    before: str
    after: str


def tags(text: str, effort: Effort) -> Iterator[Tag]:
    """The tags of `text` that could be active, in order."""
    raw = text.encode("utf-8", "replace")
    bytewise = raw.decode("latin-1")  # one character a byte, so that the automaton's places hold
    seen = -1
    for sign in _SIGN.finditer(raw):
        effort.spend(MATCH)
        for start in _starts(bytewise, sign.start()):
            if start > seen and (opened := _OPEN.match(bytewise, start)):
                seen = start
                tag = _tag(bytewise, opened)
                effort.spend(_PLACE + 2 * len(tag.attributes))
                yield tag


def _starts(text: str, place: int) -> list[int]:
    """Where the tag around `place` opens: the last two `<` before it, the farther first."""
    near = text.rfind("<", max(0, place - REACH), place + 1)
    if near < 0:
        return []
    far = text.rfind("<", max(0, place - REACH), near)
    return [far, near] if far >= 0 else [near]


def _tag(text: str, opened: re.Match[str]) -> Tag:
    named = _NAME.match(text, opened.end())
    name = named.group().lower() if named else ""
    at = named.end() if named else opened.end()
    attributes, end = _attributes(text, at, min(len(text), at + REACH))
    return Tag(name, "/" in opened.group(), attributes, text[max(0, end - 400) : end], text[end : end + 1200])


def _attributes(text: str, at: int, stop: int) -> tuple[tuple[tuple[str, str], ...], int]:
    found: list[tuple[str, str]] = []
    while at < stop and len(found) < ATTRIBUTES:
        match = _ATTRIBUTE.match(text, at, stop)
        if match is None:
            break
        value = match["double"] or match["single"] or match["tick"] or match["bare"] or ""
        found.append((match["name"].lower(), value))
        at = match.end()
    closed = text.find(">", at, stop)
    return tuple(found), closed + 1 if closed >= 0 else stop
