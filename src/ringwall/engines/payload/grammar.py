"""Named patterns over token letters, matched together by one linear-time automaton.

A lexer turns text into a short string of letters; a `Grammar` says which of its named shapes that string has.
The names are the evidence of a finding, so they describe token classes and hold no text of anyone's.
"""

from __future__ import annotations

from collections.abc import Mapping

import re2


class Grammar:
    """A set of shapes: evidence -> RE2 pattern over token letters (case matters)."""

    def __init__(self, shapes: Mapping[str, str]) -> None:
        options = re2.Options()
        options.never_capture = True
        options.encoding = re2.Options.Encoding.LATIN1
        self._names = tuple(shapes)
        self._set = re2.Set.SearchSet(options)
        for pattern in shapes.values():
            self._set.Add(pattern)
        self._set.Compile()

    def match(self, letters: str) -> str | None:
        """The first shape, in the order given, that `letters` has."""
        hits = self._set.Match(letters.encode("ascii"))
        return self._names[min(hits)] if hits else None
