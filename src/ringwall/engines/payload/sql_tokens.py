"""A lexer for the middle of an SQL statement: text to one letter per token, in any of SQL's string contexts.

It reads fragments, which no SQL parser accepts, so it may not be used to understand a whole statement: that is
sqlglot's work. One pass, no backtracking, at most `LIMIT` tokens, so the cost is bounded whatever the input.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.sql_words import CATALOGUES, EFFECTS, INTROSPECTION, STATEMENTS, WORDS

LIMIT = 160

_TOKEN = re.compile(
    r"""(?P<ws>[\s\x00\x0b\xa0]++|\d++\.\d*+e(?=[()])|\d++\.e(?=[\s,;])|q(?=')|\{[^\W\d]\w{0,20}+\s++|\})
    |(?P<mysql>/\*!\d*+|\*/)
    |(?P<inline>/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/)
    |(?P<comment>--[^\n]*+|\#[^\n]*+|/\*.*+)
    |(?P<hex>0x[0-9a-f]++|[xnb](?='))
    |(?P<num>\d++(?:\.\d*+)?(?:e[+-]?\d++)?(?:[df](?=union\b))?|\.\d++)
    |(?P<dollar>\$\w*+\$[^$]*+\$\w*+\$)
    |(?P<var>@(?!>)@?+[\w$.`]*+)
    |(?P<word>[^\W\d][\w$]*+)
    |(?P<shift><<(?!<)|>>(?!>))
    |(?P<equal><=>|<>|!=|:=|={1,3})
    |(?P<compare><@|@>|[<>]=?|!<|!>)
    |(?P<logic>\|\||&&)
    |(?P<arith>->>?|::|[-+*/%^&|~])
    |(?P<not>!)
    |(?P<quote>['"`])
    |(?P<punct>[(),;.\[\]{}])
    |(?P<other>.)""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_END = {
    "'": re.compile(r"[^'\\]*+(?:\\.[^'\\]*+|''[^'\\]*+)*+'", re.DOTALL),
    '"': re.compile(r'[^"\\]*+(?:\\.[^"\\]*+|""[^"\\]*+)*+"', re.DOTALL),
    "`": re.compile(r"[^`]*+`"),
}

_LETTERS = {
    "hex": "n",
    "num": "n",
    "dollar": "s",
    "var": "v",
    "equal": "e",
    "compare": "k",
    "logic": "o",
    "arith": "a",
    "shift": "a",
    "not": "!",
    "other": "?",
}


def _word(text: str, end: int, word: str) -> str:
    """The letter of a word: a reserved word's class, or a call (`d` effect, `g` known, `f` other), or `w`."""
    lower = word.lower()
    called = _called(text, end)
    if called and lower in EFFECTS:
        return "d"
    if called and lower in INTROSPECTION:
        return "g"
    if lower.startswith(("xp_", "sp_", "utl_", "dbms_")):
        return "X"
    letter = WORDS.get(lower)
    if letter is not None:
        return letter
    if lower in CATALOGUES:
        return "t"
    return "f" if called else "w"


_CALL = re.compile(r"(?:\s|/\*[^*]{0,64}\*/)*+\(")


def _called(text: str, end: int) -> bool:
    return text[end : end + 1] == "(" or _CALL.match(text, end) is not None


def closing(quote: str, text: str, start: int) -> int:
    """The index just after the quote that closes a string already open at `start`, or -1."""
    match = _END[quote].match(text, start)
    return match.end() if match else -1


def tokens(text: str, start: int = 0, limit: int = LIMIT) -> str:
    """The token letters of `text` from `start`, outside any string; `C` a comment that runs to the end of a line.

    Letters: `n` constant, `s` string, `q` string left open, `Q` empty string left open, `v` variable, `w` name,
    `t` catalogue, `f g d` calls, `o ! e k K a` operators (logic, not, equality, order, word comparison, arithmetic),
    `( ) , ; .` themselves, others per `sql_words`.
    """
    out: list[str] = []
    at, size = start, len(text)
    scan = _TOKEN.match
    while at < size and len(out) < limit:
        match = scan(text, at)
        if match is None:
            break
        kind = match.lastgroup or "other"
        end = match.end()
        if kind == "word":
            begins = out[-1:] == [";"] and match.group().lower() in STATEMENTS
            out.append("B" if begins else _word(text, end, match.group()))
        elif kind == "quote":
            letter, end = _string(text, match.group(), end)
            out.append(letter)
        elif kind == "punct":
            out.append(text[at])
        elif kind == "comment":
            out.append("C")
        elif kind in _LETTERS:
            out.append(_LETTERS[kind])
        at = end
    return "".join(out)


def _string(text: str, quote: str, start: int) -> tuple[str, int]:
    end = closing(quote, text, start)
    if end >= 0:
        return "w" if quote == "`" else "s", end
    return "q" if text[start:].strip() else "Q", len(text)
