"""Prototype pollution: a key path that reaches the prototype which all JavaScript objects share."""

from __future__ import annotations

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar

KIND = "proto"
HINTS = (r"__proto__|constructor[\s\S]{0,8}prototype|__definegetter__|__lookupgetter__",)
KEYS = frozenset({"__proto__", "__defineGetter__", "__defineSetter__", "__lookupGetter__", "__lookupSetter__"})

_PATHS = Grammar(
    {
        "js: __proto__ path": r"[\"'\[.?&#{]?\s*__proto__[\"'\]]*\s*(?:[\[.:=;]|$)|\[\s*[\"']?__proto__"
        r"|__(?:define|lookup)[GS]etter__"
        r"|constructor[\"'\]]*\s*[.\[:]\s*[{\"'\[]*\s*prototype\b[\"'\]]*\s*(?:[\[.:=]|$)"
    },
)


def detect(view: View) -> str | None:
    """The evidence of a path through `__proto__` or `constructor.prototype`, or None."""
    return _PATHS.match(view.text)
