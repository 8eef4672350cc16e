"""OS command injection: text that, in a command line, ends one command and begins another, or substitutes one.

Contexts: bare, inside quotes (closed first), `cmd.exe` batch syntax. A separator alone is punctuation; it counts when
a command stands where the shell expects one, with arguments of a command line and not of a sentence.
"""

from __future__ import annotations

import re

from ringwall.engines.payload.finding import View
from ringwall.engines.payload.shell_words import FETCHERS, INTERPRETERS, PLAIN, READERS, SHELLS, WORDS

KIND = "cmdi"
HINTS = (
    r"[;|&\n\r`^]\s*[\"'(]*[\w./\\$%{~\"'-]",
    r"\$[({`'\"]|[<>]\s*\(|\{[\w.\\/-]+,",
    r"^\W{0,4}(?:[\w./\\:-]*/)?(?:cat|tac|ls|dir|type|more|less|head|tail|grep|id|whoami|wget|curl|nc|ncat|netcat|telnet|ftp|tftp|socat|perl|python[\d.]*|ruby|php|node|bash|sh|zsh|ksh|dash|csh|cmd(?:\.exe)?|powershell|pwsh|ping|nslookup|uname|net|netsh|echo|printf|cp|mv|rm|chmod|nl|od|xxd|strings|vi|busybox|env|eval|exec|awk|sed|find|systeminfo|ipconfig|ifconfig)\b",
    r"(?:^|[|&(;\n])\s*(?:if|for)\s",
    r"\(\s*\)\s*\{",
    r"[|;&]\s*$",
    r"\|\s*(?:rev|sh|bash|base64)|/dev/(?:tcp|udp)/|\w[\[?]\S*/|/\S*[\[?]|\w=\S+;\s*\$|\balias\s|\$\[|^\W*(?:get|set|add|new|remove|invoke|start|stop|out|import|export|write|copy|move|test|convertto|convertfrom|select|where|format|enable|disable|register)-\w",
)

_MOST = 40
# Commands that run the command after them (POSIX); the commands of Windows' `net`.
_PREFIXES = frozenset("exec eval time env sudo nohup command watch xargs nice timeout source . sh bash".split())
_NET = frozenset("user use view localgroup group share start stop accounts config session file".split())
_SEPARATOR = re.compile(r"\|\|?|&&?|;|\n|\r|\x00|(?:(?<=[;|&=$<>\"'(:,\w])|^)`|(?<=[;|&=$<>])\s`|\$\(|<\(|>\(|(?<!\w)\^(?=\w)|(?<=[\"'])\s*<(?=[a-z])|^<(?=[a-z]+(?:$|[\\%]))")
_WRAP = re.compile(r"[\s\"'({!@]*+")
_COMMAND = re.compile(r"(?P<path>(?:[~.\w%:*?-]*[/\\])*+)(?P<name>[\w.+?*\[\]-]++(?:\(\))?)")
_END = re.compile(r"\|\|?|&&?|;|\n|\r|`|\)|\x00|$")
_ENTITY = re.compile(r"&(?:#\w+|\w+);")
_QUOTING = re.compile(
    r"(?<=\w)(?:''|\"\"|\\(?=\w)|\^(?=\w)|\$@|\$\*|`\w{0,6}`)(?=\w)|(?<=[\w/])(['\"])(?P<kept>\w{1,8})\1(?=\w)"
    r"|\$\{?IFS(?:%\?\?|[:\d,]*)?\}?(?:\$\d)?",
    re.IGNORECASE,
)
_SHAPED = re.compile(
    r"^(?:--?[\w?-]+(?:=\S*)?|/\S*|\.{1,2}/\S*|[\w-]*[/\\][\w./\\*?-]*|~\S*|\$\S+|%\w+%\S*|[a-z]:[\\/%]?\S*|[\"'].*|\w+://\S+|\S*[*?]\S*|\d+[smhd]?|\d{1,3}(?:\.\d{1,3}){3}\S*"
    r"|\S*[<>]+\S*|&?\d>\S+|@\S+|\S*=\S*|<<<?\S*|\+\S*|[\w.-]+\.(?:com|net|org|io|txt|php|sh|py|html?|log|conf|ini|exe|bat|ps1|me|dev|co|xyz|internal|local)\S*)$",
    re.IGNORECASE,
)
_SUBSTITUTION = re.compile(r"(?:\$\(|`)\s*[\w/.\\$`{'\"]")
_SHELLSHOCK = re.compile(r"\(\s*\)\s*\{\s*[^}]{0,60}\}?\s*;")
_BATCH = re.compile(
    r"(?:^|[|&(;\n]\s*)(?:for\s+(?:/[a-z]\s+)?(?:\"[^\"]{0,80}\"\s*)?%{1,2}\S{0,2}\s+in\s*\(|for\s+/[a-z]\s+.{0,60}%"
    r"|if\s+(?:/i\s+)?(?:not\s+)?(?:exist|defined|errorlevel|cmdextversion)\s+\S{1,80}\s+\(?@?\w"
    r"|if\s+(?:/i\s+)?(?:not\s+)?[\"'\[(%!]?[\w%!~ ]{1,40}[\"'\])%!]?\s*(?:==|\b(?:equ|neq|lss|leq|gtr|geq)\b)\s*[\"'\[(%!]?[\w%!~ ]{0,40}?[\"'\])%!]?\s+\(?@?(?:echo|set|goto|call|exit|del|copy|start|cmd|type|dir|md|rd|ren|move|pause|ping|net|powershell)\b)",
    re.IGNORECASE,
)
_EXPANSION = re.compile(r"\$\{[A-Za-z_]\w*(?:[#%/^,:@]{1,2}[^}\s]{0,40})\}|\$'(?:[\w\\/ ]{1,40})'\s*(?:;|$)|\$\{?!\w+")
_BRACES = re.compile(r"(?:^|[;|&`(\s])\{[\w./\\$-]+(?:,[\w./\\$*?-]+)+\}")
_ARITHMETIC = re.compile(r"\$\(\([^()]{1,60}\)\)|\$\[[^\]]{1,60}\]|\b(\w{1,20})=[^\s;]{1,40};\s*\$\{?\1\b|\balias\s+\w+=['\"]?\w|[<>]&?\s*/dev/(?:tcp|udp)/")
_CMDLET = re.compile(
    r"(?:^|[;|&(`'\"]\s*)(?i:Get|Set|Add|New|Remove|Invoke|Start|Stop|Out|Import|Export|Write|Copy|Move|Test|ConvertTo|ConvertFrom|Select"
    r"|Where|Format|Enable|Disable|Register)-(?:[A-Z][a-z]+[A-Z][A-Za-z]*(?![\w/-])|[A-Za-z]+(?=\s+-[a-z]|\s*[(|;&]|\s+['\"$]))"
)
_GLOB = re.compile(r"(?:^|[\s;|&`(])/(?:(?:[\w.?*-]|\[[^\]\s/]{1,8}\])+/)+(?:[\w.-]*(?:\?|\[[^\]\s/]{1,8}\]))+[\w?*]*")
_LONE = re.compile(r"\s*[\"')]*\s*(?:;|\|\|?|&&)\s*[a-z][\w.-]{2,}\s*[\"';|&]*\s*|\s*&[a-z]{4,}\s*|[\w.)/'\"-]{1,40}(?:;|\|\|?|&&|&)/?[\w/]*\b(?:id|ls|pwd|ps)\b[;|&]*|(?:id|ls|dir|whoami|pwd|uname)[|;&]+")
_CODE_CALL = re.compile(r"^[\s\"'|;&`(]*(?:system|exec|passthru|shell_exec|popen|proc_open)\s*\(\s*[\"']")


def detect(view: View) -> str | None:
    """The evidence that `view` is a command injection, or None."""
    text = _QUOTING.sub(_unquoted, view.text)
    lines = bool(view.decoded) or len(text) < 120
    return _shapes(text, view.text) or _after_separators(text, lines) or _whole_command(text.strip())


def _unquoted(match: re.Match[str]) -> str:
    if match["kept"]:
        return match["kept"]
    return " " if match[0][0] == "$" and match[0][1:2] in "Ii{" else ""


def _shapes(text: str, original: str) -> str | None:
    if _SHELLSHOCK.search(text):
        return "shell: () { ; } command"
    if _BATCH.search(text):
        return "batch: if/for command"
    if _EXPANSION.search(text):
        return "shell: ${name operator word}"
    if _ARITHMETIC.search(original):
        return "shell: expansion"
    if _CMDLET.search(text):
        return "shell: Verb-Noun"
    if len(text) < 80 and _LONE.fullmatch(original):
        return "shell: separator command"
    if _CODE_CALL.match(text):
        return "shell: system(string)"
    if _BRACES.search(text) and (text.startswith("{") or re.search(r"[;|&`(]\s*\{", text)):
        return "shell: {command,argument}"
    if _GLOB.search(text) and len(text) < 200 and (text.count("?") > 1 or "[" in text):
        return "shell: glob path"
    return None


def _after_separators(text: str, lines: bool) -> str | None:
    """A command after any separator; a raw line break separates commands only in a short or decoded value."""
    table = text.count("\n") > 1 and text.count("|") > 5
    places = [
        place
        for place in _SEPARATOR.finditer(text)
        if (lines or place.group() not in "\r\n") and not (table and place.group() == "|" and _in_row(text, place.start()))
    ]
    if len(places) > 2 * _MOST:
        places = places[:_MOST] + places[-_MOST:]
    for place in places:
        if place.group() == "&" and _ENTITY.match(text, place.start()):
            continue
        if evidence := _command_at(text, place):
            return evidence
    return None


def _in_row(text: str, at: int) -> bool:
    """Whether the bar at `at` stands in a row of a table drawn with bars, which at least one neighbour row shares."""
    start = text.rfind("\n", max(0, at - 400), at) + 1
    end = text.find("\n", at, at + 400)
    row = text[start : end if end >= 0 else at + 400]
    return row.count("|") > 1 and "||" not in row


def _command_at(text: str, place: re.Match[str]) -> str | None:
    wrap = _WRAP.match(text, place.end())
    start = wrap.end() if wrap else place.end()
    if text.startswith(("$(", "`"), start) and place.group().strip() == "$(":
        return "shell: nested substitution"
    command = _COMMAND.match(text, start)
    if command is None:
        return None
    separator = place.group().strip() or "newline"
    if command["path"] and _program_path(command["path"], command["name"]):
        return f"shell: {separator} /path/program"
    name = command["name"].lower()
    titled = command["name"].istitle()  # a word of a sentence or a product, where no shell looks for a program
    end = _END.search(text, command.end(), min(len(text), command.end() + 400))
    words = text[command.end() : end.start() if end else command.end() + 400].split()
    closed = end is not None and end.group() in (")", "`") and separator in ("$(", "`", "<(", ">(")
    if name in PLAIN and not (titled and not _command_line(words)):
        return _plain(separator, name, text[command.end() : command.end() + 1], words, place)
    if text[command.end() : command.end() + 1] in ("=", ",", ":"):
        return None
    leads = place.start() <= 2 and separator not in ("newline", "`")
    if leads and words and re.match(r"--?[a-z]", words[0], re.IGNORECASE) and name.islower():
        return f"shell: {separator} word -option"
    if name in _PREFIXES and words and words[0].lower() in PLAIN:
        return f"shell: {separator} prefix program"
    if name == "net" and words and words[0].lower() in _NET:
        return f"shell: {separator} net command"
    if name in WORDS and (_command_line(words) or (closed and not words) or (leads and any(map(_SHAPED.match, words)))):
        return f"shell: {separator} command argument"
    if closed and separator != "`" and len(words) <= 1 and name.isalpha() and name.islower():
        return f"shell: {separator} word )"
    if separator in ("&", "&&", "|", "||", ";") and re.match(r"\s*[<>]\s*[\w/]+\.\w", text[command.end() : command.end() + 40]):
        return f"shell: {separator} command < file"
    return None


def _plain(separator: str, name: str, after: str, words: list[str], place: re.Match[str]) -> str | None:
    """A program name in command position, unless what follows reads as a sentence or a longer name."""
    if after and (after.isalnum() or after in "=_:@',"):
        return None
    if separator == "newline" and place.group() != "\x00" and not (_command_line(words) or not words):
        return None
    if len(words) > 2 and not any(map(_SHAPED.match, words)) and place.start() > 2:
        return None
    if separator == "&" and place.string[place.end() : place.end() + 1].isalpha() and words and words[0][:1] == "=":
        return None
    return f"shell: {separator} program"


def _program_path(path: str, name: str) -> bool:
    return bool(re.match(r"(?:/usr)?(?:/local)?/s?bin/|/bin/|[a-z]:\\win", path, re.IGNORECASE)) and bool(name)


def _command_line(words: list[str]) -> bool:
    """Arguments that only a command line has: options, paths, variables, quoted text, addresses."""
    if not words:
        return False
    shaped = sum(1 for word in words if _SHAPED.match(word))
    return shaped >= 1 and (bool(_SHAPED.match(words[0])) or shaped * 2 >= len(words)) and len(words) <= 24 + shaped


def _whole_command(text: str) -> str | None:
    """The value is one command line from its first word: an interpreter's `-c`, a fetch of a URL, a read of a path."""
    if len(text) > 4000 or "\n" in text.strip():
        return None
    head = _COMMAND.match(text.lstrip("\"'`(@$"))
    if head is None:
        return None
    name = head["name"].lower()
    rest = text.lstrip("\"'`(@$")[head.end() :]
    words = rest.strip("\"'`)").split()
    if text[:1] == "`" and text.strip("\"'").endswith("`") and (name in PLAIN or name in WORDS) and len(words) < 8:
        return "shell: ` command `"
    if not words or not rest[:1].isspace():
        return None
    return _capable(name, words, re.match(r"[/~.\\]|[a-z]:", head["path"], re.IGNORECASE) is not None)


def _capable(name: str, words: list[str], pathed: bool) -> str | None:
    first = words[0]
    if name in {"powershell", "powershell.exe", "pwsh"} and first.startswith("-"):
        return "shell: interpreter -option"
    if (name in SHELLS or name in INTERPRETERS) and re.match(r"[-/](?:[a-z]*[cem]|command|enc\w*)$", first, re.IGNORECASE):
        return "shell: interpreter -c code"
    if name in FETCHERS and _command_line(words) and all(_SHAPED.match(w) or i == 0 for i, w in enumerate(words[:3])):
        return "shell: fetch address"
    if name in READERS and all(_SHAPED.match(w) for w in words) and any(re.match(r"/\w|[a-z]:\\|%\w+%|~|\.\.|-\w", w, re.I) for w in words):
        return "shell: read /path"
    if pathed and _command_line(words):
        return "shell: /path/program argument"
    if name in ("echo", "printf") and re.search(r"[|]\s*\w+\s*(?:[|]|$)|^[\"']?<|>\s*[\w./]+$", " ".join(words)):
        return "shell: echo pipeline"
    return None
