"""Whether a value of the request became code of an SQL statement (Su & Wassermann 2006; Ray & Ligatti 2012).

A value that was bound as a parameter is not in the text; one that was escaped stays one literal. What stands
there verbatim, or after a usual transformation, and reaches over more than one token, is code.

Let be, since they change no more than what one token says: a word or a dotted name (`ORDER BY name`), a signed
number, numbers between the parentheses of IN, and fixed phrases of the language such as `ORDER BY`.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ringwall.engines.sinks.sql_chance import by_chance
from ringwall.engines.sinks.sql_lexer import DIALECTS, Dialect, Kind, Tokens, named, tokens

REASON: Final = "sinks.sql"
WORK: Final = 200_000_000
"""Characters times values beyond which a statement is refused unread: some tenths of a second."""

_ONE_TOKEN: Final = re.compile(r"\s*[+-]?(?:\d+(?:\.\d*)?[eE][+-]?\d+|\.?\w+(?:\.\w*)*)\s*")
_PLAIN: Final = re.compile(r"[^'\"\\\s\x80-\U0010ffff]+(?: [^'\"\\\s\x80-\U0010ffff]+)*")
"""Text that no application would escape or fold to anything but its lower or upper case."""
_NUMBERS: Final = re.compile(r"\s*[+-]?[\d.]+\s*(?:,\s*[+-]?[\d.]+\s*)*")
_DELIMITERS: Final = frozenset("'\"`\\[]$/*")
_ESCAPES: Final = str.maketrans({c: "\\" + c for c in "'\"\\"} | {"\0": "\\0"})
_PHRASES: Final = frozenset(
    {
        "ORDER BY", "GROUP BY", "PARTITION BY", "IS NULL", "IS NOT NULL", "NOT NULL", "NOT IN", "NOT LIKE",
        "NOT BETWEEN", "NOT EXISTS", "INNER JOIN", "LEFT JOIN", "RIGHT JOIN", "FULL JOIN", "CROSS JOIN",
        "LEFT OUTER JOIN", "RIGHT OUTER JOIN", "INSERT INTO", "DELETE FROM", "UNION ALL", "PRIMARY KEY",
        "FOREIGN KEY", "FOR UPDATE", "ON CONFLICT", "DO NOTHING", "DO UPDATE", "NULLS FIRST", "NULLS LAST",
    }
)  # fmt: skip
_SIGNS: Final = frozenset("+-")


@dataclass(frozen=True, slots=True)
class Given:
    """One value of the request, prepared: the forms in which an application may have put it into a text."""

    value: str
    needles: tuple[str, ...]
    delimits: bool


def prepare(value: str) -> Given | None:
    """A value to look for, or None for one that is a single token however it is written into a statement."""
    core = value.strip()
    if not core or _ONE_TOKEN.fullmatch(core):
        return None
    if _PLAIN.fullmatch(core):
        return Given(core, (core.lower(),), not _DELIMITERS.isdisjoint(core))
    needles = tuple(dict.fromkeys(_folded(form) for base in _bases(core) for form in _escapes(base)))
    return Given(core, needles, not _DELIMITERS.isdisjoint(unicodedata.normalize("NFKC", core)))


def _bases(core: str) -> Iterator[str]:
    """A value as it is, with its white space collapsed, and as Unicode folding or normalization would leave it."""
    yield core
    yield " ".join(core.split())
    if not core.isascii():
        yield core.lower()
        yield core.upper()
        yield unicodedata.normalize("NFKC", core)


def _escapes(form: str) -> Iterator[str]:
    """A value as it is, with its quotes doubled, and with backslashes before what they escape."""
    yield form
    if "'" in form or '"' in form or "\\" in form:
        yield form.replace("'", "''")
        yield form.replace('"', '""')
        yield form.translate(_ESCAPES)


def _folded(text: str) -> str:
    """Lower case without a change of length, so that offsets hold."""
    low = text.lower()
    return low if len(low) == len(text) else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def sql_structure(statement: str, given: str, dialect: str = "generic") -> str | None:
    """The reason to refuse a statement because of one value of the request, or None."""
    prepared = prepare(given)
    return sql_refusal(statement, (prepared,), dialect)[0] if prepared else None


def sql_refusal(statement: str, values: Iterable[Given], dialect: str) -> tuple[str | None, bool]:
    """The reason to refuse a statement, or None; and whether any of the values stands in it at all."""
    folded = _folded(statement)
    size, work = len(folded), 0
    found: list[tuple[Given, str]] = []
    for value in values:
        for needle in value.needles:
            if len(needle) <= size:
                work += size
                if needle in folded:
                    found.append((value, needle))
        if work > WORK:
            return REASON, True
    if not found:
        return None, False
    return _judged(statement, folded, found, dialect), True


def _judged(statement: str, folded: str, found: list[tuple[Given, str]], dialect: str) -> str | None:
    dialect = named(dialect)
    reader = DIALECTS[dialect]
    read = tokens(statement, reader)
    if dialect == "generic":  # where nobody knows whether a backslash escapes, such an escape is believed
        found = [(value, needle) for value, needle in found if "\\" not in needle or "\\" in value.value]
    places = [place for value, needle in found for place in _places(folded, needle, read, value.delimits)]
    if read.broken and any(value.delimits for value, _ in found):
        return REASON
    if any(_spans(statement, read, a, b, dialect) for a, b in places):
        return REASON
    return REASON if _swallows(statement, read, places, reader) else None


def _places(text: str, needle: str, read: Tokens, every: bool) -> Iterator[tuple[int, int]]:
    """Where a needle stands: everywhere, or of those within one token only the first."""
    size, at = len(needle), text.find(needle)
    while at >= 0:
        yield at, at + size
        after = at + 1
        if not every:
            token = bisect_right(read.ends, at)
            after = max(after, read.ends[token] - size + 1) if token < len(read.ends) else len(text)
        at = text.find(needle, after)


def _spans(statement: str, read: Tokens, a: int, b: int, dialect: str) -> bool:
    """Whether what stands between two offsets is more than (part of) one token."""
    first, last = bisect_right(read.ends, a), bisect_left(read.starts, b) - 1
    if first > last:
        return False
    if first == last:
        return _opens(read, first, a, b)
    return not (
        _is_signed_number(statement, read, first, last)
        or _is_dotted(statement, read, first, last)
        or _is_list(statement, read, first, last, a, b)
        or " ".join(statement[a:b].upper().split()) in _PHRASES
        or by_chance(statement, a, b, dialect)
    )


def _opens(read: Tokens, at: int, a: int, b: int) -> bool:
    """Whether a value within one token begins or ends that token without being all of it.

    One quote alone is met by chance at every literal, and can by itself do no more than break a statement.
    """
    kind, start, end = read.kinds[at], read.starts[at], read.ends[at]
    if kind is Kind.COMMENT:
        return a == start and b - a > 1
    if kind not in (Kind.STRING, Kind.NAME) or b - a == 1:
        return False
    return (a == start) != (b == end)


def _is_signed_number(statement: str, read: Tokens, first: int, last: int) -> bool:
    return last == first + 1 and statement[read.starts[first]] in _SIGNS and read.kinds[last] is Kind.NUMBER


def _is_dotted(statement: str, read: Tokens, first: int, last: int) -> bool:
    """A qualified name, quoted or not: `p.name`, `"p"."name"`."""
    for at in range(first, last + 1):
        if (at - first) % 2:
            if statement[read.starts[at] : read.ends[at]] != ".":
                return False
        elif read.kinds[at] not in (Kind.WORD, Kind.NAME):
            return False
    return (last - first) % 2 == 0


def _is_list(statement: str, read: Tokens, first: int, last: int, a: int, b: int) -> bool:
    """Numbers between commas, within the parentheses of IN: however many, they remain a set of numbers."""
    if not _NUMBERS.fullmatch(statement, a, b):
        return False
    while first >= 0 and (read.kinds[first] is Kind.NUMBER or statement[read.starts[first]] in ",+-"):
        first -= 1
    if first < 1 or statement[read.starts[first]] != "(":
        return False
    return statement[read.starts[first - 1] : read.ends[first - 1]].upper() == "IN"


def _swallows(statement: str, read: Tokens, places: list[tuple[int, int]], reader: Dialect) -> bool:
    """Whether values whose quotes pair up with the application's own made code between them part of a literal.

    `user != 'x'' AND role = ''x'` comes of `x'` and `'x`. With plain words in their place the statement would
    have more tokens; of values that were escaped it would not.
    """
    halves = sorted(place for place in places if _halves(statement, *place))
    if not halves:
        return False
    text, at, words = "", 0, list[int]()
    for a, b in halves:
        if a >= at:
            text += statement[at:a]
            words.append(len(text))
            text, at = text + "5", b
    plain = tokens(text + statement[at:], reader)
    return (
        len(plain.kinds) > len(read.kinds)
        and not plain.broken
        and all(plain.kinds[bisect_right(plain.ends, word)] is Kind.STRING for word in words)
    )


def _halves(statement: str, a: int, b: int) -> bool:
    first, last = statement[a], statement[b - 1]
    return (last in "'\"`" and statement[b : b + 1] == last) or (first in "'\"`" and statement[a - 1 : a] == first)
