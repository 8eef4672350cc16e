"""Whether a value of the request became syntax of a command: of a shell (POSIX.1-2017, XCU 2) or of an argument list.

Quoted or bare, a value may be one word. It may not end its quoting, expand, name a second command, be the
program itself, or pose as an option (CWE-78, CWE-88).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from typing import Final

REASON: Final = "sinks.process"

_TELLING: Final = 5
"""Characters from which a command found within a value is no accident."""
_WORD: Final = re.compile(r"[\w./:@%+,=-]*")
_NUMBER: Final = re.compile(r"-\d+(?:\.\d+)?")
_STATES: Final = re.compile(r"\\.|'[^']*'?|\"(?:[^\"\\]|\\.)*\"?|[^\\'\"]+|.", re.DOTALL)
_SHELLS: Final = frozenset(
    {"sh", "bash", "dash", "zsh", "ksh", "ash", "busybox", "cmd", "cmd.exe", "pwsh", "powershell"}
)
_IN_DOUBLE: Final = frozenset('"$`\\')


def shell_structure(command: str, given: str) -> str | None:
    """The reason to refuse a shell's command line because of one value, or None."""
    value = given.strip()
    if not value:
        return None
    if len(command) >= _TELLING and command.strip() in value:
        return REASON  # the request wrote the whole command, as an unsafe loader's object or an eval would
    if _WORD.fullmatch(value):
        return REASON if _poses(command, value) else None
    command = _unquoted(_unquoted(command, given), value)
    if len(value) < 2 or value not in command:
        return None
    return REASON if any(_breaks(value, state) for state in _states(command, value)) else None


def _unquoted(command: str, value: str) -> str:
    """The command with a plain word wherever the value stands well quoted: a quote's escape begins like an end."""
    if "'" in value:
        for escape in ("'\"'\"'", "'\\''"):
            command = command.replace("'" + value.replace("'", escape) + "'", "x")
    return command


def _poses(command: str, value: str) -> bool:
    """Whether a plain word came to stand as an option: at a word's beginning, before any `--`.

    An option of one letter, such as `-l`, is the application's own far more often than anybody's input.
    """
    if not value.startswith("-") or len(value) < 3 or _NUMBER.fullmatch(value):
        return False
    for found in re.finditer(re.escape(value), command):
        before = command[: found.start()]
        if before[-1:] in (" ", "\t", "'", '"') and " -- " not in before:
            return True
    return False


def _states(command: str, value: str) -> Iterator[str]:
    """For each place where the value stands: within which quotes. A place that crosses quotes crosses states."""
    spans: list[tuple[int, int, str]] = []
    for part in _STATES.finditer(command):
        text = part.group()
        spans.append((part.start(), part.end(), text[0] if text[0] in "'\"\\" else ""))
    at = command.find(value)
    while at >= 0:
        end = at + len(value)
        yield next((_state(command, *span, at, end) for span in spans if span[0] <= at < span[1]), "?")
        at = command.find(value, at + 1)


def _state(command: str, start: int, stop: int, quote: str, at: int, end: int) -> str:
    """The quotes that hold a place whole; `?` where it begins or ends them, or they never end."""
    if not quote or quote == "\\":
        return ""
    closed = stop - start > 1 and command[stop - 1] == quote
    return quote if start < at and end < stop and closed else "?"


def _breaks(value: str, state: str) -> bool:
    if state == "'":
        return False  # it was found within the quotes, so it holds none
    return not _IN_DOUBLE.isdisjoint(value) if state == '"' else True


def exec_structure(arguments: str, given: str) -> str | None:
    """The reason to refuse an argument list (joined by `shlex.join`) because of one value, or None."""
    value = given.strip()
    if not value:
        return None
    try:
        words = shlex.split(arguments)
    except ValueError:
        return REASON
    if shell := command_of(words):
        return shell_structure(shell, given)
    if len(arguments) >= _TELLING and all(word in value for word in words):
        return REASON
    if words and words[0] == value and "/" in value:
        return REASON
    operands = words.index("--") if "--" in words else len(words)
    option = value.startswith("-") and len(value) > 2 and not _NUMBER.fullmatch(value)
    return REASON if option and value in words[1:operands] else None


def command_of(words: list[str]) -> str | None:
    """The command line that an argument list hands to a shell, or None."""
    for at, word in enumerate(words[:-1]):
        if word.rsplit("/", 1)[-1].lower() in _SHELLS:
            for flag in range(at + 1, len(words) - 1):
                if re.fullmatch(r"-\w*c|/[cCkK]|-[Cc]ommand", words[flag]):
                    return words[flag + 1]
    return None
