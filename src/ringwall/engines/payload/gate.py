"""The first gate: native linear-time automata that say which detectors a text could concern at all.

Ordinary text wakes none and costs a few microseconds. It may only be too broad: what it lets sleep is never read.
Detectors share an automaton in small companies, because the product of all of them is too large to stay in cache.
"""

from __future__ import annotations

import re2

Hints = tuple[str, ...]


class Gate:
    """Companies of detectors' hints (RE2, case-insensitive, over UTF-8 bytes); a detector is known by its number."""

    def __init__(self, companies: tuple[tuple[tuple[int, Hints], ...], ...]) -> None:
        self._sets = tuple(map(_compile, companies))

    def awake(self, text: str) -> list[int]:
        """The numbers of the detectors with a hint in `text`, in order."""
        raw = text.encode("utf-8", "replace")
        awake: set[int] = set()
        for automaton, owners in self._sets:
            if hits := automaton.Match(raw):
                awake.update(owners[hit] for hit in hits)
        return sorted(awake)


def _compile(company: tuple[tuple[int, Hints], ...]) -> tuple[re2.Set, list[int]]:
    options = re2.Options()
    options.case_sensitive = False
    options.never_capture = True
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem = 64 << 20
    automaton = re2.Set.SearchSet(options)
    owners: list[int] = []
    for owner, hints in company:
        for hint in hints:
            automaton.Add(hint)
            owners.append(owner)
    automaton.Compile()
    return automaton, owners
