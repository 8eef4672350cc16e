"""What a document quotes: code that prose shows its reader, which is content and not the author's action.

Structure decides: sentences with quoted regions between them (Markdown fences and spans, reStructuredText literals,
indented blocks, HTML `pre` and `code`). A value that is nothing but a quoted region is no document.
"""

from __future__ import annotations

import re
from itertools import islice

MOST = 256 * 1024
_FENCE = re.compile(
    r"^[ \t>]*+(?P<fence>`{3,}"
    r"|~{3,})[^\n]*+\n(?:(?![ \t>]*(?P=fence))[^\n]*+\n)*+[ \t>]*(?P=fence)[^\n]*+$",
    re.MULTILINE,
)
_SPAN = re.compile(
    r"(?<![\\`\w;|&=$<(])(?P<tick>`{1,2})(?!`)[^`\n]{1,300}+(?P=tick)(?![`\w])"
    r"|(?<=\()`[^`\n]{1,300}+`(?![`\w])"
)
_BLOCK = re.compile(r"(?:^|\n)[ \t]*\n(?:(?: {4}|\t| {2,3}(?=\$|>>>))[^\n]*+(?:\n|$)(?:[ \t]*\n)*+)+")
_TAG = re.compile(r"<(/?)([a-zA-Z]\w{0,12})(?:\s[^<>]{0,200})?/?>|<")
_QUOTING = frozenset({"pre", "code", "kbd", "samp"})
_INLINE = frozenset({"span", "b", "i", "em", "strong", "br", "mark", *_QUOTING})
_TARGET = re.compile(
    r"(?<=\])\((?!\s*(?:java|vb|data"
    r"|live))[^()\s<>]{1,400}(?:\([^()\s]{0,80}\)[^()\s]{0,80})?(?:\s+\"[^\"\n]{0,100}\")?\)"
    r"|^\[[^\]\n]{1,80}\]:\s*(?!java|vb|data|live)\S+$",
    re.MULTILINE,
)
_WORD = re.compile(r"(?:^|(?<=[\s(*_>]))[^\W\d_]{2,24}+(?:-[^\W\d_]{2,24}+)?(?=[\s,.;:!?)*_<]|$)")
_SENTENCE = 4


def prose(text: str) -> str | None:
    """`text` without the code and the link targets it holds, when it is a document; None when it is not one."""
    if "`" not in text and "<" not in text and "\n" not in text and "](" not in text:
        return None
    if len(text) > MOST:
        return None
    rest = _TARGET.sub(" ", without_code(text))
    if len(rest) == len(text) or len(list(islice(_WORD.finditer(rest), _SENTENCE))) < _SENTENCE:
        return None
    return rest


def without_code(text: str) -> str:
    """`text` with every quoted region replaced by one blank."""
    rest = _FENCE.sub(" ", text) if "```" in text or "~~~" in text else text
    if "<" in rest:
        rest = _without_elements(rest)
    if "\n" in rest:
        rest = _BLOCK.sub("\n", rest)
    if "`" in rest:
        rest = _SPAN.sub(" ", rest)
    return rest


def _without_elements(text: str) -> str:
    """`text` with one blank for each element that quotes code and holds nothing but text and inline elements."""
    parts: list[str] = []
    kept, name, start = 0, "", 0
    for tag in _TAG.finditer(text):
        found = (tag[2] or "").lower()
        if name and tag[1] and found == name:
            parts += (text[kept:start], " ")
            kept, name = tag.end(), ""
        elif name and found not in _INLINE:
            name = ""
        if not name and not tag[1] and found in _QUOTING:
            name, start = found, tag.start()
    return "".join([*parts, text[kept:]])
