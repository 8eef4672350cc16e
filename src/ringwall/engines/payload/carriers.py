"""Values inside values: the attribute and text leaves of a small XML document.

An application that parses a document hands its leaves on, so each is a value of its own. Only short, well-formed
looking documents are opened; it is a scanner for leaves, not an XML parser, and resolves no entity.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

MOST = 6
_START = re.compile(r"\s*+(?:<\?xml[^>]{0,200}\?>)?\s*+<\w")
_LEAF = re.compile(r"""[\s][\w:.-]{1,40}+\s?=\s?(?:"([^"<]{2,4000})"|'([^'<]{2,4000})')|>([^<>]{2,4000})</""")


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """(decoder name, leaf) for the first leaves of an XML document."""
    if not text.lstrip().startswith("<?xml") or not _START.match(text):
        return
    for count, match in enumerate(_LEAF.finditer(text, text.find("?>") + 1)):
        if count >= MOST:
            return
        yield "xml", html.unescape(match[1] or match[2] or match[3])
