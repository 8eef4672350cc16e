"""OS command injection: text that, in a command line, ends one command and begins another, or substitutes one.

Contexts: bare, inside quotes (closed first), `cmd.exe` batch syntax. A separator alone is punctuation; it counts when
a command stands where the shell expects one, with arguments of a command line and not of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5

import re2

from ringwall.engines.payload.effort import Effort
from ringwall.engines.payload.finding import View
from ringwall.engines.payload.grammar import Grammar
from ringwall.engines.payload.shell_command import command_line, is_shaped, whole_command
from ringwall.engines.payload.shell_shapes import ANYCASE, EXACT, SHORT
from ringwall.engines.payload.shell_words import PAIRS, PLAIN, PREFIXES, WORDS

KIND = "cmdi"
HINTS = (
    r"[;|&\n\r`^\x00][\s\"'({!@]*[\w./\\$%{~-]",
    r"\$[({`'\"!\[]|[<>]\s*\(|<<<|<\w+(?:$|[\\%])|[\"']\s*<\w|\$(?:0|shell|bash)\b|\biex\s*[($'\"]|;\s*(?:do|then)\b|^\W*new-\w|\$\{?ifs|^\W*(?:cd|ver|vol|tree|set)\b",
    r"^\W{0,4}(?:[\w./\\:-]*/)?(?:cat|tac|ls|dir|type|more|less|head|tail|grep|id|whoami|wget|curl|nc|ncat|netcat"
    r"|telnet|ftp|tftp|socat|perl|python[\d.]*|ruby|php|node|bash|sh|shell|zsh|ksh|dash|csh|cmd(?:\.exe)?|powershell"
    r"|pwsh|ping|nslookup|uname|net|netsh|echo|printf|cp|mv|rm|chmod|nl|od|xxd|strings|vi|busybox|env|eval|exec|awk"
    r"|sed|find|systeminfo|ipconfig|ifconfig)\b",
    r"(?:^|[|&(;\n])\s*(?:if|for)\s",
    r"\(\s*\)\s*\{|/dev/(?:tcp|udp)/|\w=\S+;\s*\$|\balias\s|/\S*[\[?]|[|;&]\s*$|^/\S+\s|%\w+%\s+/[a-z?]"
    r"|^[=+@-]\s*[\w.]+\|",
    r"(?:^|[;|&(`'\"])\s*(?:get|set|add|new|remove|invoke|start|stop|out|import|export|write|copy|move|test|convertto"
    r"|convertfrom|select|where|format|enable|disable|register)-\w",
)

_PLACE = 16  # steps to come to a place at all
_WINDOW = 600
_SHORT = 90


def _named(names: frozenset[str]) -> str:
    return "|".join(sorted(map(re.escape, names), key=len, reverse=True))


_PROGRAMS = _named(PLAIN | WORDS)


def _candidate(separators: str) -> re2._Regexp[bytes]:
    """A name that is no word, or a word with something within two words of it that a sentence has not."""
    return re2.compile(
        (
            rf"(?i)(?:\|\|?|&&?|;|{separators}\x00|`|\$\(|[<>]\(|\^|[\"']\s*<)"
            r"[\s\"'({!@]*(?:\$\w+\s+)?(?:[~.\w%:*?/\\-]*[/\\])?"
            rf"(?:(?:{_named(PLAIN | PREFIXES | PAIRS.keys())})(?:$|[^\w=_:@',.-]|['.](?:$|[^\w]))"
            rf"|(?:(?:{_named(WORDS - {'.'})})\b|\.)"
            r"(?:$|['.](?:$|[^\w])|(?:\s+[\w.-]+)?\s*(?:$|[^\s\w=:@',.-]|[\w.-]*[^\s\w',.]|\d)))"
        ).encode()
    )


_CANDIDATE = _candidate("")
_CANDIDATE_LINES = _candidate(r"\n|\r|")
_HEAD = re.compile(
    r"(?P<separator>\|\|?|&&?|;|\n|\r|\x00|`|\$\(|<\(|>\(|\^|[\"']\s*<)"
    r"(?P<wrap>[\s\"'({!@]*+(?:\$\w+\s++)?)(?P<path>(?:[~.\w%:*?-]*[/\\])*+)(?P<name>[\w.+?*\[\]-]++(?:\(\))?)"
)
_END = re.compile(r"\|\|?|&&?|;|\n|\r|`|\)|\x00|\s\#|$")
_KEPT = re.compile(r"(['\"])(\w{1,8})\1(?=\w)")
_EMPTY = re.compile(r"`\w{0,6}`(?=\w)|\$[@*](?=\w)")
_BLANK = re.compile(r"\$\{?IFS(?:%\?\?|[:\d,]*)?\}?(?:\$\d)?")
_IFS = re.compile(r"\w\$\{?IFS|\$\{IFS[^}\s]{0,12}\}\w|\$IFS[$:%]")
_QUOTED = Grammar({"quoting": r"\w(?:''|\"\"|\\\w|\^\w|\$[@*]|`\w*`)|[\w/]['\"]\w+['\"]\w|\$\{?ifs"}, fold=True)
_ENDS_WORD = re.compile(r"$|[\s;|&<>\"`)#$\x00]|'(?!\w)|[}]|\.\W")
# What a field for an address or a file takes: after it, a separator and a command are no enumeration.
_ADDRESS = re.compile(
    r"[\"']?(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[\w-]{1,40}\.){1,4}[a-z]{2,4}\d?|\w{2,6}://\S{1,60}|\S{1,40}@\S{1,40})[\"']?\s?"
)
_TICK_BEFORE = re.compile(r"(?:[;|&=$<>\"'():,\w]|[;|&=$<>]\s|(?:echo|printf|eval|exec)\s)$|^$")
_LONE = re.compile(
    rf"[\w.)/'\"-]{{1,40}}(?:;|\|\|?|&&|&)/?[\w/]{{0,20}}\b(?:id|ls|pwd|ps)\b[;|&]*|[\w.)/'\"-]{{1,40}}(?:\|\||&&)(?:{_PROGRAMS})|(?:id|ls|dir|whoami|pwd"
    r"|uname)[|;&]+"
)
_JQUERY = re.compile(r"\$\(\s*(?:this|document|window)\s*\)")


def detect(view: View) -> str | None:
    """The evidence that `view` is a command injection, or None."""
    text = view.text
    hidden = bool(view.decoded) and not view.lined
    if "IFS" in text and _IFS.search(text):
        return "shell: word$IFS"
    return _read(text, hidden, view.effort) or (
        _read(_unquoted(text), hidden, view.effort) if _QUOTED.match(text) else None
    )


def _read(text: str, hidden: bool, effort: Effort) -> str | None:
    return _shapes(text) or _commands(text, hidden, effort) or whole_command(text.strip())


def _unquoted(text: str) -> str:
    """`text` as the shell reads words: quotes and escapes vanish, `$IFS` is a blank."""
    for sign in ("''", '""', "\\", "^"):
        text = text.replace(sign, "")
    text = _EMPTY.sub("", _KEPT.sub(r"\2", text))
    return _BLANK.sub(" ", text) if "IFS" in text else text


def _shapes(text: str) -> str | None:
    if evidence := ANYCASE.match(text):
        return evidence
    exact = EXACT.match(text)
    if exact and not (exact.endswith("word )") and _JQUERY.search(text)):
        return exact
    if len(text) < _SHORT:
        return SHORT.match(text) or ("shell: separator command" if _LONE.fullmatch(text) else None)
    return None


def _commands(text: str, hidden: bool, effort: Effort) -> str | None:
    """A program named where the shell looks for one: after a separator, a substitution, a line break."""
    raw = text.encode("utf-8", "replace")
    rows = text.count("\n") > 1 and text.count("|") > 3
    lines = hidden or len(raw) < 120
    seen: set[tuple[str, str]] = set()
    for start in _candidates(raw, _CANDIDATE_LINES if lines else _CANDIDATE):
        effort.spend(_PLACE)
        window = raw[start : start + _WINDOW].decode("utf-8", "replace")
        head = _HEAD.match(window)
        if head is None:
            continue
        before = raw[max(0, start - 80) : start].decode("utf-8", "replace")
        if (before, window) in seen:
            continue
        seen.add((before, window))
        if _quiet(head, before) or (rows and head["separator"] == "|" and _in_row(raw, start)):
            continue
        if evidence := _judge(head, window, start == 0, before, effort):
            return evidence
    return None


def _candidates(raw: bytes, candidate: re2._Regexp[bytes]) -> Iterator[int]:
    """Where candidates begin; one may begin with the sign that ended the one before."""
    at = 0
    while match := candidate.search(raw, at):
        yield match.start()
        at = max(match.end() - 1, match.start() + 1)


def _quiet(head: re.Match[str], before: str) -> bool:
    """A separator that is something else here: a code span's tick, a reference's ampersand."""
    separator = head["separator"]
    if separator == "`":
        return _TICK_BEFORE.search(before) is None
    if separator == "^":
        return bool(head["wrap"]) or not head["name"][:1].isalpha() or (bool(before) and before[-1].isalnum())
    if separator != "&" or head["wrap"]:
        return False
    return head["name"] + (";" if head.string.startswith(";", head.end()) else "") in html5


def _in_row(raw: bytes, at: int) -> bool:
    """Whether the bar at `at` stands in a row of a table drawn with bars."""
    start = raw.rfind(b"\n", max(0, at - 400), at) + 1
    end = raw.find(b"\n", at, at + 400)
    row = raw[start : end if end >= 0 else at + 400]
    return row.count(b"|") > 1 and b"||" not in row


def _judge(head: re.Match[str], window: str, leads: bool, before: str, effort: Effort) -> str | None:
    name, separator = head["name"].lower(), head["separator"].strip() or "newline"
    rest = window[head.end() :]
    end = _END.search(rest)
    words = [word.rstrip("\"'") or word for word in rest[: end.start() if end else None].lstrip("\"'").split()]
    effort.spend(len(words))
    closed = end is not None and end.group() in (")", "`") and separator in ("$(", "`", "<(", ">(")
    titled = head["name"].istitle() or (head["name"].isupper() and len(name) < 4)
    if titled and not (words and (words[0][0] in "-/\"'$~" or words[0][1:2] == ":")):
        return None  # a word of a sentence, a product, an abbreviation
    if not _ENDS_WORD.match(rest) or (name == "." and not rest[:1].isspace()):
        return None
    if name in PLAIN and _plain(separator, words, leads):
        return f"shell: {separator} program"
    piped = _HEAD.match(rest[end.start() :]) if end is not None and end.group() == "|" and not words else None
    if piped and name in PLAIN | WORDS and piped["name"].lower() in PLAIN:
        return f"shell: {separator} program | program"
    if name in PREFIXES and words and words[0].lower() in PLAIN:
        return f"shell: {separator} prefix program"
    if words and words[0].lower() in PAIRS.get(name, ()):
        return f"shell: {separator} program command"
    if name in WORDS and (
        command_line(words)
        or (closed and not words)
        or (leads and any(is_shaped(word) and not word.isdigit() for word in words))
    ):
        return f"shell: {separator} command argument"
    if name in WORDS and closed and len(words) <= 2 and (separator == "$(" or before[-1:].isalnum()):
        return f"shell: {separator} command word"
    if name in WORDS and len(words) < 4 and (_ADDRESS.fullmatch(before) or before in ("'", '"')):
        return f"shell: address {separator} command"
    return None


def _plain(separator: str, words: list[str], leads: bool) -> bool:
    """A program name in command position, unless what follows reads as a sentence."""
    if separator == "newline" and words and not command_line(words):
        return False
    return leads or len(words) <= 2 or any(map(is_shaped, words))
