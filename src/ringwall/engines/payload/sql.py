"""SQL injection: text that, where the value lands, ends what the statement had begun and goes on as SQL.

Contexts: bare (numbers, names, whole clauses) and inside `'`, `"` or a backtick, each with and without backslash
escapes. A value with balanced quotes that stays inside its string never matches, whatever words it uses.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import islice

import re2

from ringwall.engines.payload.effort import MATCH
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.sql_grammar import AFTER_STRING, BARE, INSIDE
from ringwall.engines.payload.sql_tokens import tokens

KIND = "sqli"
_AFTER_QUOTE = (
    r"(?:--|#|/\*|;|[|&=<>+*/^,(~!-]|(?:x?or|and|union|where|having|order|group|limit|like|rlike|regexp|between|in|is"
    r"|as|returning|match|glob|similar|sounds|rlike"
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
    r";[\s)]*(?:attach|detach|vacuum|pragma|dbcc|copy|load|do|lock|kill|backup|restore|drop|insert|delete|update|exec|declare|waitfor|shutdown|create|alter|truncate|call|begin|grant|desc"
    r"|set|replace|merge|if|goto|xp_|sp_)",
    rf"\b(?:{_EFFECT})\s*\(|\bcase\s+when\b|\b(?:utl|dbms)_\w+\.|\b(?:sleep|benchmark)/\*",
    r"^\W*(?:declare|exec(?:ute)?|select|where|and|x?or|having|x'|n'|insert\s+into|delete\s+from|update|call)\b"
    r"|^[-+]?\d+\s*\)+|^\W*\)",
    r"^\W*\d+\)*\s+(?:x?or|and|\|\||&&)\s+\(*(?:not\s+)?(?:true|false|null)\b|\breturning\b|\bon\s+duplicate\s+key"
    r"|^\W*\d+\)*\s*(?:limit|offset)\s+\d|\bjoin\s+\w|^\w+\s+where\s|\bcase\s+\w+\s+when\b|\bunion\s+values\b",
    r"^\d[\d.]*(?:e\d*)?(?:or|and|union)\b|^\W*\d+\s*[=<>]+\s*\d+\)*\s*(?:or\b|and\b|[|&#/*%-])",
    r"^\W*'[^']+'\s*(?:::\w+\s*)?[<>=?@]|^\w+\s?\($|^\w+\(\w+\(",
    r"\w/\*|\*/\w|^\s*@@\w|\bbfilename\s*\(",
)

_COMMENT_TEXT = re.compile(r"(?:--|#|/\*)[\s+-]*+(?P<said>.*+)", re.DOTALL)
_GLUED = re.compile(r"[ \t]{0,2}[)]{0,4}[ \t]{0,2};?[ \t]{0,2}(?=--|#(?:\s|$|--|['\"])|/\*)")
# One word, a closed string, one operator, a string left open: balanced only by the quotes around the value.
_OPEN = re.compile(r"\)*+(?:o!?|!?K[KwFl!]{0,2}|a{1,2})[qQ]$")
_GLUED_LINE = re.compile(r"(?<=\S)(?:--|#)\w{0,40}\n(?=\S)")
_FEW_LINES = 2
_CUT = re.compile(r"(?:--[\s+-]{0,3}|#|/\*)$")
_KEYWORD = re.compile(
    r"\W{0,3}\d++\)*+\s++(?:x?or|and|\|\||&&)\s++\(*+(?:not\s++)?(?:true|false|null|\d++\s++is)\b[)\s]*+(?:$|--|\#|;|not\s|null)",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(r"[^\W\d][\w@.-]{0,60}")
_OPTION = re.compile(r"\s*+--[^\s-]")  # MySQL, which alone quotes names in backticks, wants a blank after its dashes
# Where a statement could begin inside a text: an operator before a constant or call, a verb after `;`, a select.
_ANCHOR = re2.compile(
    rb"\b(?:union|except|intersect)\b[\s(/*+]*(?:all|distinct|select|values|\()|\bwaitfor\s+delay"
    rb"|(?:\b(?:x?or|and)\b|\|\||&&)[\s(!+~/*-]*(?:\d[\d.]*[\s)]*[=<>!+*/|&-]|['\"@]|[a-z_]\w*\()|;\s*(?:drop|insert|delete|update|select"
    rb"|exec|declare|waitfor|call|create|alter|truncate|merge|begin)\b"
    rb"|\([\s(]*select\b\s*(?:all|distinct|top\s+\d+)?[\s(!+~/*-]*(?:\d|['\"@]|case\b|null\b|\w+\()"
    rb"|\b(?:sleep|benchmark|pg_\w+|load_file|extractvalue|updatexml|n?char|chr|xp_\w+|lo_\w+)\s?\("
    rb"|\binto\s+(?:out|dump)file"
)
_INLINE = re2.compile(
    rb"(?i)\b(?:select|union|from|where|x?or|and|like|null|insert|update|delete|all|by|in)/\*[^*]{0,40}\*/"
    rb"|/\*[^*]{0,40}\*/(?:select|union|from|where|x?or|and|like|all|by|in)\b"
)
_TRUE_REST = re.compile(r"['\"`]\d\w{0,8}\s*$")
# Shapes that a quoted example has as well: they count only where the string that closes is the value's beginning.
_OPENING = (" statement", " declare", " (select")
_NEAR = 40
_WINDOW = 48
_REACH = 1000  # characters that hold a window's tokens: what begins alike is read once
_FEW = 8
_PLACE = 8  # steps to come to a place and read the first few tokens
# How each of `INSIDE` begins, in the first few tokens.
_BEGUN = re.compile(
    r"Ul?\(*+(?:S|$)|o[!(a]*+(?:n|s[KkE]|d\(|$)|d\([nsvq(]|;(?:DT|NI|RF|P|y[vz]|x|S)|\(++(?:S|$)|g\(n\)|yz|Iu"
)


def detect(view: View) -> str | None:
    """The evidence that `view` holds SQL outside any string, or None."""
    lines = _lines(view)
    return _bare(view) or _inside(view) or (_bare(lines) if lines else None)


def detect_in_strings(view: View) -> str | None:
    """The evidence that `view` ends the string it lands in and goes on as SQL, or None."""
    lines = _lines(view)
    return _in_strings(view) or (_in_strings(lines) if lines else None)


def _bare(view: View) -> str | None:
    text = view.text
    letters = tokens(text)
    view.effort.spend(len(letters))
    if evidence := BARE.match(letters) or _cut_statement(letters) or _commented(text):
        return evidence
    if text.lstrip().startswith("@@"):
        return "sql: server variable"
    return "sql: number or true" if _KEYWORD.match(text) else None


def _lines(view: View) -> View | None:
    """The view with the comments that stand in place of blanks, each a word and a line's end, read as blanks."""
    if "\n" not in view.text or len(_GLUED_LINE.findall(view.text)) < _FEW_LINES:
        return None
    return replace(view, text=_GLUED_LINE.sub(" ", view.text))


def _commented(text: str) -> str | None:
    """Comments in place of the blanks around reserved words: only an evasion writes so."""
    if "/*" not in text:
        return None
    found = islice(_INLINE.finditer(text.encode("utf-8", "replace")), 2)
    return "sql: word/**/word" if len(list(found)) > 1 else None


def _cut_statement(letters: str) -> str | None:
    """A statement that stops in the middle: more was to follow, so it is a piece of one and not an example."""
    if letters[:1] != "S" or len(letters) < 4 or len(letters) >= 160:
        return None
    calls = re.search(r"[gf]\(|[,(][nsv(]|^Sa?[nsv]", letters)
    unfinished = letters[-1] in "WFq" or letters.count("(") != letters.count(")")
    return "sql: statement cut short" if calls and unfinished else None


def _in_strings(view: View) -> str | None:
    for quote in "'\"`":
        for start in _closings(view.text, quote):
            if evidence := _after(view, start, quote):
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


def _after(view: View, start: int, quote: str) -> str | None:
    text = view.text
    letters = tokens(text, start)
    view.effort.spend(len(letters))
    evidence = AFTER_STRING.match(letters)
    if (
        evidence
        and not (evidence.endswith(_OPENING) and start > _NEAR)
        and not (evidence.endswith(" '") and _opens(text, start))
    ):
        return evidence
    if letters in ("oq", "!q") and _TRUE_REST.search(text):
        return "sql: ' or open number"
    if _OPEN.match(letters) and _balanced(text, start, quote):
        return "sql: word' operator 'open"
    if letters.lstrip(")")[:1] == ";" and _CUT.search(text[-8:]):
        return "sql: ' ; … --"
    return _truncation(text, start, letters, quote)


def _balanced(text: str, start: int, quote: str) -> bool:
    """Whether one word ends at the quote before `start`, and a string of the same kind is left open."""
    before, after = text[: start - 1], text[start:]
    if any(map(str.isspace, before)) or after[:1].isalnum():
        return False
    opened = re.search(r"['\"`]", after)
    return opened is not None and opened[0] == quote and after.count(quote) < 4


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


def _inside(view: View) -> str | None:
    """The shapes that are statements wherever they stand, looked for around the words that can begin them."""
    text = view.text
    raw = text.lower().encode("utf-8", "replace")
    bytewise = text if text.isascii() else raw.decode("latin-1")  # one character a byte, so that places hold
    seen: set[str] = set()
    for match in _ANCHOR.finditer(raw):
        view.effort.spend(MATCH)
        place = match.start()
        here = bytewise[place : place + _REACH]
        if here in seen or not place:
            continue
        seen.add(here)
        view.effort.spend(_PLACE)
        if not _BEGUN.match(tokens(here, 0, _FEW)):
            continue
        letters = tokens(here, 0, _WINDOW)
        view.effort.spend(len(letters))
        if evidence := INSIDE.match(letters):
            return evidence
    return None
