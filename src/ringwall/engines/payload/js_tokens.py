"""A lexer for the middle of a JavaScript program: text to one letter per token.

For fragments only; one pass, at most `LIMIT` tokens, never a syntax tree.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.vocabulary import words

LIMIT = 120

_TOKEN = re.compile(
    r"""(?P<ws>[\s\x00\x0b\xa0]++)
    |(?P<comment>//[^\n]*+|<!--[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*+(?:\*/|\Z))
    |(?P<num>\d[\w.]*+)
    |(?P<word>[^\W\d][\w$]*+|\$[\w$]*+)
    |(?P<logic>\|\||&&|\?\?)
    |(?P<equal>={2,3}|!={1,2}|[<>]=?|=>)
    |(?P<assign>[-+*/%|&^]?=)
    |(?P<arith>[-+*/%^~&|])
    |(?P<quote>['"`])
    |(?P<punct>[(){}\[\];,.!?:])
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_STRING = {quote: re.compile(rf"[^{quote}\\]*+(?:\\.[^{quote}\\]*+)*+{quote}", re.DOTALL) for quote in "'\"`"}
_LETTERS = {"num": "n", "logic": "o", "equal": "e", "assign": "=", "arith": "+", "other": "?", "comment": "C"}
_KEYWORDS = words(
    """
    var let const return function while do for if else throw new this typeof delete void try switch with in of
    true false null
    """
)
# What acts in the global scope of browsers and Node: a call of one inside data has no honest use.
_GLOBALS = words(
    """
    alert confirm prompt eval setTimeout setInterval Function fetch import document window location top self
    parent XMLHttpRequest WebSocket process require constructor globalThis console sleep execScript
    """
)
_CALL = re.compile(r"\s?[(`\[.]")


def tokens(text: str, start: int = 0, limit: int = LIMIT) -> str:
    """The token letters of `text` from `start`, outside any string.

    Letters: `i` name, `c` called name, `d` browser or Node global in use, `K` keyword, `n` number, `s` string, `q` open
    string (`Q` empty), `o` logic, `e` comparison, `=` assignment, `+` arithmetic, `C` comment, punctuation itself.
    """
    out: list[str] = []
    at, size = start, len(text)
    while at < size and len(out) < limit:
        match = _TOKEN.match(text, at)
        if match is None:
            break
        kind, end = match.lastgroup or "other", match.end()
        if kind == "word":
            out.append(_word(text, match.group(), end))
        elif kind == "quote":
            closed = _STRING[match.group()].match(text, end)
            out.append("s" if closed else "q" if end < size else "Q")
            end = closed.end() if closed else size
        elif kind == "punct":
            out.append(text[at])
        elif kind != "ws":
            out.append(_LETTERS[kind])
        at = end
    return "".join(out)


def _word(text: str, word: str, end: int) -> str:
    if word in _KEYWORDS:
        return "K"
    if word in _GLOBALS and _CALL.match(text, end):
        return "d"
    return "c" if text[end : end + 1] in ("(", "`") else "i"
