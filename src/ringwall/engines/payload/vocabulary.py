"""How the modules of this room write down a language's words: as running text, one set a meaning."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of `text`, which are separated by blanks."""
    return frozenset(text.split())
