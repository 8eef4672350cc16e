"""The first gate: one native linear-time automaton that says which detectors a text could concern at all.

Ordinary text wakes none and costs a microsecond or two. It may only be too broad: what it lets sleep is never read.
"""

from __future__ import annotations

import re2


class Gate:
    """Groups of hints (RE2, case-insensitive, over UTF-8 bytes), one group a detector."""

    def __init__(self, groups: tuple[tuple[str, ...], ...]) -> None:
        options = re2.Options()
        options.case_sensitive = False
        options.never_capture = True
        options.encoding = re2.Options.Encoding.LATIN1
        options.max_mem = 64 << 20
        self._owner: list[int] = []
        self._set = re2.Set.SearchSet(options)
        for owner, hints in enumerate(groups):
            for hint in hints:
                self._set.Add(hint)
                self._owner.append(owner)
        self._set.Compile()

    def awake(self, text: str) -> list[int]:
        """The groups with a hint in `text`, in order."""
        hits = self._set.Match(text.encode("utf-8", "replace"))
        return sorted({self._owner[hit] for hit in hits}) if hits else []
