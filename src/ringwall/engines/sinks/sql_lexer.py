"""Where the tokens of an SQL statement begin and end, for hostile statements too. It parses nothing.

Written by hand because the question is lexical: sqlglot's tokenizer stops at a string that does not end, drops
comments, and takes some twenty times as long; a test holds the two against each other on honest statements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Final


class Kind(IntEnum):
    """What a token is. BROKEN is a literal, name or comment that does not end."""

    STRING = 1
    NAME = 2
    WORD = 3
    NUMBER = 4
    COMMENT = 5
    OPERATOR = 6
    BROKEN = 7


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens of one statement, as columns: kinds, and offsets of starts and ends in characters."""

    kinds: tuple[Kind, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    @property
    def broken(self) -> bool:
        """Whether the statement ends within a literal, a name or a comment."""
        return Kind.BROKEN in self.kinds


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a database reads: its pattern, whether its comments nest, whether `\\` escapes in any string."""

    pattern: re.Pattern[str]
    nests: bool
    backslash: bool


_QUOTED: Final = r"'[^']*+(?:''[^']*+)*+'"
_ESCAPED: Final = r"'[^'\\]*+(?:(?:''|\\.)[^'\\]*+)*+'"
_DOUBLE: Final = r'"[^"]*+(?:""[^"]*+)*+"'
_DOUBLE_ESCAPED: Final = r'"[^"\\]*+(?:(?:""|\\.)[^"\\]*+)*+"'
_BACKTICK: Final = r"`[^`]*+(?:``[^`]*+)*+`"
_BRACKET: Final = r"\[[^\]]*+(?:\]\][^\]]*+)*+\]"
_DOLLAR: Final = r"\$(?P<tag>(?:[A-Za-z_\x80-\U0010ffff][\w]*)?)\$.*?\$(?P=tag)\$"
_ORACLE: Final = r"[nN]?[qQ]'(?:\[.*?\]|\{.*?\}|\(.*?\)|<.*?>|(?P<fence>[^\s\[{(<]).*?(?P=fence))'"
_DASHES: Final = r"--[^\n\r]*"
_BLOCK: Final = r"/\*.*?\*/"
_NUMBER: Final = r"0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_WORD: Final = r"[:@$]?[^\W\d][\w$#]*|@@\w+|%s(?!\w)|%\(\w+\)s|\$\d+|:\d+"
_OPERATOR: Final = r"<=>|<>|!=|>=|<=|\|\||&&|::|:=|->>|->|<<|>>|."


def _dialect(
    strings: str, names: str, comments: str, opens: str, *, nests: bool = False, backslash: bool = False
) -> Dialect:
    """`opens` is what begins something that, having matched nothing before it, has no end."""
    parts = (
        ("COMMENT", comments), ("STRING", strings), ("NAME", names), ("BROKEN", rf"(?:{opens}).*"),
        ("NUMBER", _NUMBER), ("OPERATOR2", "::"), ("WORD", _WORD), ("OPERATOR", _OPERATOR),
    )  # fmt: skip
    whole = "|".join(f"(?P<{name}>{pattern})" for name, pattern in parts)
    return Dialect(re.compile(rf"\s*(?:{whole})", re.DOTALL), nests, backslash)


_OPENS: Final = r"'|\"|/\*"
_PLAIN: Final = f"[nNxXbB]?{_QUOTED}"

DIALECTS: Final = {
    "generic": _dialect(_PLAIN, f"{_DOUBLE}|{_BACKTICK}", f"{_DASHES}|{_BLOCK}", f"{_OPENS}|`"),
    "sqlite": _dialect(_PLAIN, f"{_DOUBLE}|{_BACKTICK}|{_BRACKET}", f"{_DASHES}|{_BLOCK}", rf"{_OPENS}|`|\["),
    "postgresql": _dialect(
        rf"[eE]{_ESCAPED}|(?:[nNxXbB]|[uU]&)?{_QUOTED}|{_DOLLAR}",
        f"(?:[uU]&)?{_DOUBLE}", _DASHES, r"[eE]?'|\"|/\*|\$(?:[^\W\d]\w*)?\$", nests=True,
    ),
    "mysql": _dialect(
        f"(?:[nNxXbB]|_[A-Za-z0-9]+ *)?{_ESCAPED}|{_DOUBLE_ESCAPED}",
        _BACKTICK, r"--(?=[\s\x00-\x1f]|$)[^\n]*|\#[^\n]*|/\*(?!!|M!).*?\*/", r"'|\"|`|/\*(?!!|M!)", backslash=True,
    ),
    "mssql": _dialect(_PLAIN, f"{_DOUBLE}|{_BRACKET}", _DASHES, rf"{_OPENS}|\[", nests=True),
    "oracle": _dialect(f"{_ORACLE}|{_PLAIN}", _DOUBLE, f"{_DASHES}|{_BLOCK}", rf"{_OPENS}|[nN]?[qQ]'"),
}  # fmt: skip
_ALIASES: Final = {
    "postgres": "postgresql", "pg": "postgresql", "psql": "postgresql", "cockroachdb": "postgresql",
    "redshift": "postgresql", "mariadb": "mysql", "sqlserver": "mssql", "tsql": "mssql", "sqlite3": "sqlite",
}  # fmt: skip
_KINDS: Final = {**{kind.name: kind for kind in Kind}, "OPERATOR2": Kind.OPERATOR}
_EDGE: Final = re.compile(r"/\*|\*/")


def named(name: str) -> str:
    """The name of a dialect here, by its usual names; an unknown one is read as standard SQL."""
    name = name.lower()
    name = _ALIASES.get(name, name)
    return name if name in DIALECTS else "generic"


def tokens(statement: str, dialect: Dialect) -> Tokens:
    """The tokens of a statement. Never raises; what no token explains is an operator of one character."""
    kinds: list[Kind] = []
    starts: list[int] = []
    ends: list[int] = []
    match, at, end = dialect.pattern.match, 0, len(statement)
    while at < end:
        found = match(statement, at)
        if found is None:  # only white space is left
            break
        group = found.lastgroup or "OPERATOR"
        group = "STRING" if group in ("tag", "fence") else group
        kind, start, at = _KINDS[group], found.start(group), found.end()
        if dialect.nests and statement.startswith("/*", start) and kind is Kind.BROKEN:
            kind, at = _nested(statement, start)
        kinds.append(kind)
        starts.append(start)
        ends.append(at)
    return Tokens(tuple(kinds), tuple(starts), tuple(ends))


def _nested(statement: str, start: int) -> tuple[Kind, int]:
    """A comment that may hold comments, as PostgreSQL and SQL Server read it."""
    depth = 0
    for edge in _EDGE.finditer(statement, start):
        depth += 1 if edge.group() == "/*" else -1
        if not depth:
            return Kind.COMMENT, edge.end()
    return Kind.BROKEN, len(statement)
