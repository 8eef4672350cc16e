"""SQL injection: text that, where the value lands, ends what the statement had begun and goes on as SQL.

Contexts: bare (numbers, names, whole clauses) and inside `'`, `"` or a backtick, each with and without backslash
escapes. A value with balanced quotes that stays inside its string never matches, whatever words it uses.
"""

from __future__ import annotations

import re
from collections import deque
from itertools import islice

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.sql_grammar import AFTER_STRING, BARE, INSIDE
from ringwall.engines.payload.sql_tokens import tokens

KIND = "sqli"
_AFTER_QUOTE = (
    r"(?:--|#|/\*|;|[|&=<>+*/^,(~!-]|(?:x?or|and|union|where|having|order|group|limit|like|rlike|regexp|between|in|is"
    r"|as"
    r"|into|select|insert|declare|waitfor|begin|goto|procedure|except|intersect|not|div|mod|collate|when|sounds"
    r"|update|delete|exec)\b)"
)
STRING_HINTS = (rf"['\"`][\s)%\x00\x0b\xa0]*{_AFTER_QUOTE}",)
_EFFECT = (
    r"sleep|benchmark|pg_sleep\w*|load_file|extractvalue|updatexml|randomblob|load_extension|generate_series"
    r"|regexp_substring|crypt_key"
    r"|get_host_\w+|xp_\w+|sp_\w+|openrowset|openquery|opendatasource|pg_read_file|pg_ls_dir|lo_(?:im|ex)port"
    r"|\w+_to_xml|dblink\w*"
    r"|\w+_message|sqlid_to_sqlhash|tid_to_rid|getmappingxpath|httpuritype|xmltype|n?char|chr|iif|if|pi"
)
HINTS = (
    r"(?:\b(?:x?or|and|not)\b|\|\||&&)[\s(!+~*/-]*(?:['\"\d@]|[\w.]+[\s)]*(?:[=<>!(]|(?:like|rlike|in|is|between"
    r"|regexp)\b))",
    r"\b(?:union|except|intersect|select|having|procedure|infile|outfile|dumpfile)\b|\b(?:order|group)\s+by\b"
    r"|waitfor\s+delay|\blimit\s+\d",
    r";[\s)]*(?:attach|detach|vacuum|pragma|dbcc|copy|load|backup|restore|drop|insert|delete|update|exec|declare|waitfor|shutdown|create|alter|truncate|call|begin|grant|desc"
    r"|set|replace|merge|if|goto|xp_|sp_)",
    rf"\b(?:{_EFFECT})\s*\(|\bcase\s+when\b|\b(?:utl|dbms)_\w+\.|\b(?:sleep|benchmark)/\*",
    r"^\W*(?:declare|exec(?:ute)?|select|where|and|x?or|having|x'|n'|insert\s+into|delete\s+from|update|call)\b"
    r"|^[-+]?\d+\s*\)+|^\W*\)",
    r"^\d[\d.]*(?:e\d*)?(?:or|and|union)\b|^\W*\d+\s*[=<>]+\s*\d+\)*\s*(?:or\b|and\b|[|&#/*%-])",
    r"^\W*'[^']+'\s*(?:::\w+\s*)?[<>=?@]|^\w+\s?\($|^\w+\(\w+\(",
    r"\w/\*|\*/\w",
)

_COMMENT_TEXT = re.compile(r"(?:--|#|/\*)[\s+-]*+(?P<said>.*+)", re.DOTALL)
_GLUED = re.compile(r"[ \t]{0,2}[)]{0,4}[ \t]{0,2};?[ \t]{0,2}(?=--|#(?:\s|$|--|['\"])|/\*)")
_ACCOUNT = re.compile(r"[^\W\d][\w@.-]{0,60}")
_OPTION = re.compile(r"\s*+--[^\s-]")  # MySQL, which alone quotes names in backticks, wants a blank after its dashes
# Where a statement could begin inside a text: an operator before a constant or call, a verb after `;`, a select.
_ANCHOR = re.compile(
    r"\b(?:union|except|intersect)\b(?=[\s(/*+]*+(?:all|distinct|select|values|\())|\bwaitfor(?=\s+delay)"
    r"|(?:\b(?:x?or|and)\b|\|\||&&)(?=[\s(!+~/*-]*+(?:\d|['\"@]|[a-z_]\w*+\())|;(?=[\s]*+(?:drop|insert|delete|update"
    r"|select"
    r"|exec|declare|waitfor|call|create|alter|truncate|merge|begin)\b)|\((?=[\s(]*+select\b)"
    r"|\b(?:sleep|benchmark|pg_\w++|load_file|extractvalue|updatexml|n?char|chr|xp_\w++|lo_\w++)(?=\s?\()"
    r"|\binto(?=\s+(?:out|dump)file)"
)
_INLINE = re.compile(
    r"\b(?:select|union|from|where|x?or|and|like|null|insert|update|delete|all|by|in)/\*[^*]{0,40}\*/"
    r"|/\*[^*]{0,40}\*/(?:select|union|from|where|x?or|and|like|all|by|in)\b",
    re.IGNORECASE,
)
_TRUE_REST = re.compile(r"['\"`]\d\w{0,8}\s*$")
# Shapes that a quoted example has as well: they count only where the string that closes is the value's beginning.
_OPENING = (" statement", " declare", " (select")
_NEAR = 40
_WINDOW = 48
_ENDS = 32
_TAIL = 8192


def detect(view: View) -> str | None:
    """The evidence that `view` holds SQL outside any string, or None."""
    return _bare(view.text) or _inside(view.text)


def detect_in_strings(view: View) -> str | None:
    """The evidence that `view` ends the string it lands in and goes on as SQL, or None."""
    return _in_strings(view.text)


def _bare(text: str) -> str | None:
    letters = tokens(text)
    return BARE.match(letters) or _cut_statement(letters) or _commented(text)


def _commented(text: str) -> str | None:
    """Comments in place of the blanks around reserved words: only an evasion writes so."""
    return "sql: word/**/word" if "/*" in text and len(_INLINE.findall(text)) > 1 else None


def _cut_statement(letters: str) -> str | None:
    """A statement that stops in the middle: more was to follow, so it is a piece of one and not an example."""
    if letters[:1] != "S" or len(letters) < 4 or len(letters) >= 160:
        return None
    calls = re.search(r"[gf]\(|[,(][nsv(]|^Sa?[nsv]", letters)
    unfinished = letters[-1] in "WFq" or letters.count("(") != letters.count(")")
    return "sql: statement cut short" if calls and unfinished else None


def _in_strings(text: str) -> str | None:
    for quote in "'\"`":
        for start in _closings(text, quote):
            if evidence := _after(text, start, quote):
                return evidence.replace("'", quote, 1)
    return None


def _closings(text: str, quote: str) -> list[int]:
    """Where a string around the value ends, with backslash escapes read and not read (at most two places)."""
    first = text.find(quote)
    if first < 0:
        return []
    places = [first + 1]
    doubled = first
    while text.startswith(quote * 2, doubled) and (doubled := text.find(quote, doubled + 2)) >= 0:
        pass
    if doubled > first:
        places.append(doubled + 1)
    if text[first - 1 : first] == "\\":
        plain = re.compile(rf"(?<!\\){quote}").search(text, first)
        if plain:
            places.append(plain.end())
    return places


def _after(text: str, start: int, quote: str) -> str | None:
    letters = tokens(text, start)
    evidence = AFTER_STRING.match(letters)
    if (
        evidence
        and not (evidence.endswith(_OPENING) and start > _NEAR)
        and not (evidence.endswith(" '") and _opens(text, start))
    ):
        return evidence
    if letters in ("oq", "!q") and _TRUE_REST.search(text):
        return "sql: ' or open number"
    return _truncation(text, start, letters, quote)


def _opens(text: str, start: int) -> bool:
    """Whether the quote before `start` begins a quotation of prose: a blank before it, a letter after."""
    return start > 1 and text[start - 2].isspace() and text[start : start + 1].isalpha()


def _truncation(text: str, start: int, letters: str, quote: str) -> str | None:
    """A string closed and the rest of the statement commented away; a dash after inches or a quotation is not it."""
    rest = letters.lstrip(")").lstrip(";")
    if rest == "" and letters.endswith(";") and _ACCOUNT.fullmatch(text, 0, start - 1):
        return "sql: ' ; end"
    if rest[:1] != "C" or not _GLUED.match(text, start):
        return None
    if quote == "`" and _OPTION.match(text, start):
        return None
    comment = _COMMENT_TEXT.search(text, start)
    said = comment["said"].strip() if comment else ""
    if len(said.split()) > 1 and not said.startswith(("'", '"')):
        return None
    return "sql: ' --"


def _inside(text: str) -> str | None:
    """The shapes that are statements wherever they stand, looked for around the words that can begin them."""
    lowered = text.lower()
    places = [match.start() for match in islice(_ANCHOR.finditer(lowered), _ENDS)]
    if len(places) == _ENDS:  # of very many, those nearest to either end
        tail = max(places[-1] + 1, len(lowered) - _TAIL)
        places.extend(deque((match.start() for match in _ANCHOR.finditer(lowered, tail)), _ENDS))
    for place in places:
        if place and (evidence := INSIDE.match(tokens(text, place, _WINDOW))):
            return evidence
    return None
