"""What a command line looks like from its first word on: arguments shaped as no sentence shapes its words."""

from __future__ import annotations

import re

from ringwall.engines.payload.shell_words import FETCHERS, INTERPRETERS, PLAIN, READERS, SHELLS, WORDS

_SHAPED = re.compile(
    r"-|--?[\w?-]+(?:=\S*)?|/\S*|\.{1,2}/\S*|[\w-]*[/\\][\w./\\*?-]*|~\S*|\$\S+|%\w+%\S*|[a-z]:[\\/%]?\S*|[\"'].*"
    r"|\w+://\S+|\d+[smhd]?|\d{1,3}(?:\.\d{1,3}){3}\S*"
    r"|[<>*?]\S*|[^\s<>*?]+(?:[<>*]\S*|\?[\w/]\S*)|@\S+|[^\s=]+=\S*|\+\S*|[\w-]+\.(?:com|net|org|io|txt|php|sh|py|html?|log|conf"
    r"|ini|exe|bat|ps1|me|dev|co|xyz|internal|local|example|test|ya?ml|json|xml|csv|pdf|jpe?g|png|gif|zip|t?gz|tar|db|sql"
    r"|bak|env|key|pem|crt|js|ts|rb|go|java|class|jar|war|cpp|so|dll|cfg|cnf|md|docx?|xlsx?|tmp|old|pub|service)\S*",
    re.IGNORECASE,
)
_HEAD = re.compile(r"(?P<path>(?:[~.\w%:*?-]*[/\\])*+)(?P<name>[\w.+?*\[\]-]++)")
_CODE_OPTION = re.compile(r"[-/](?:[a-z]*[cemri]|command|enc\w*)$", re.IGNORECASE)
_OPTION = re.compile(r"--?[a-z]", re.IGNORECASE)
_SEGMENT = re.compile(r"(?P<first>[^\s;|&]{1,40}\s[^;|&]{1,200}?)\s*(?:;|\|\|?|&&?)")
_PATH = re.compile(r"/\w|[a-z]:(?:\\|$)|%\w+%|~|\.\.|-\w", re.IGNORECASE)
_PLAINLY = re.compile(r"--?[A-Za-z]|/\w+/|\$\w|%\w+%|~/|[A-Za-z]:\\")
_ROOTED = re.compile(r"[/~.\\]|[a-z]:", re.IGNORECASE)
_PIPELINE = re.compile(r"[|]\s*\w+\s*(?:[|]|$)|^[\"']?<|>\s*[\w./]+$")
_TRIM = "\"'`(@$"


def is_shaped(word: str) -> bool:
    """Whether `word` is an option, a path, a variable, a redirection, quoted text, a number or an address."""
    return _SHAPED.fullmatch(word) is not None


def command_line(words: list[str]) -> bool:
    """Whether `words` are arguments of a command line: the first an option or a path, or at least half shaped."""
    if words and _PLAINLY.match(words[0]):
        return True
    shaped = sum(map(is_shaped, words))
    return shaped >= 1 and (is_shaped(words[0]) or shaped * 2 >= len(words)) and len(words) <= 24 + shaped


def whole_command(text: str) -> str | None:
    """The value is one command line from its first word: an interpreter's `-c`, a fetch of a URL, a read of a path."""
    if len(text) > 4000 or "\n" in text:
        return None
    bare = text.lstrip(_TRIM).rstrip("|&; ")
    if first := _SEGMENT.match(bare):
        bare = first["first"]
    head = _HEAD.match(bare)
    if head is None:
        return None
    name, rest = head["name"].lower(), bare[head.end() :]
    words = rest.strip("\"'`)").split()
    if (
        text[:1] in "`\"'"
        and "`" in text[:2]
        and text.strip("\"'").endswith("`")
        and name in PLAIN | WORDS
        and len(words) < 8
    ):
        return "shell: ` command `"
    if not words or not rest[:1].isspace() or not any(map(str.isalpha, name)):
        return None
    return _capable(name, words, _ROOTED.match(head["path"]) is not None)


def _capable(name: str, words: list[str], rooted: bool) -> str | None:
    """What a command line of these words could do, when its program runs code, fetches or reads."""
    first = words[0]
    if name in {"powershell", "powershell.exe", "pwsh"} and first.startswith("-"):
        return "shell: interpreter -option"
    if name in SHELLS | INTERPRETERS and any(map(_CODE_OPTION.match, words[:3])):
        return "shell: interpreter -c code"
    if name in FETCHERS and command_line(words) and all(is_shaped(w) or i == 0 for i, w in enumerate(words[:3])):
        return "shell: fetch address"
    if name in READERS and all(map(is_shaped, words)) and any(map(_PATH.match, words)):
        return "shell: read /path"
    if name in PLAIN and _OPTION.match(first) and all(map(is_shaped, words)):
        return "shell: program -option"
    if rooted and command_line(words):
        return "shell: /path/program argument"
    if name in ("echo", "printf") and _PIPELINE.search(" ".join(words)):
        return "shell: echo pipeline"
    return None
