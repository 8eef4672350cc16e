"""Named shapes, matched together by one linear-time automaton.

A shape is an RE2 pattern over token letters, or over text read as UTF-8 bytes. The names are the evidence of a finding,
so they describe structure and hold nobody's text. RE2 has no backtracking: a match costs the same for every input of a
length, which is why shapes are preferred to `re` wherever no position is needed.
"""

from __future__ import annotations

from collections.abc import Mapping

import re2


class Grammar:
    """A set of shapes: evidence -> pattern. `fold` ignores letter case."""

    def __init__(self, shapes: Mapping[str, str], *, fold: bool = False) -> None:
        options = re2.Options()
        options.never_capture = True
        options.case_sensitive = not fold
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 32 << 20
        self._names = tuple(shapes)
        self._set = re2.Set.SearchSet(options)
        for pattern in shapes.values():
            self._set.Add(pattern)
        self._set.Compile()

    def match(self, text: str) -> str | None:
        """The first shape, in the order given, that `text` has."""
        hits = self._set.Match(text.encode("utf-8", "replace"))
        return self._names[min(hits)] if hits else None
