"""What no reply may hold, whoever asks: stack traces, database errors, system files, private keys."""

from __future__ import annotations

import re

import re2

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.disclosure.reasons import HEADER, SECRET, SERVER_ERROR, TRACE

# Each is the fixed form that a program writes, not a word that people do: matched by a linear-time engine.
_TRACE = (
    rb"Traceback \(most recent call last\):",
    rb"File \\?\"[^\"\\\n]{1,200}\\?\", line \d+, in ",
    rb"\bat [\w$.<>/@]+\((?:[\w$]+\.(?:java|kt|scala|groovy):\d+|Native Method|Unknown Source)\)",
    rb"\bat (?:async )?[\w$.<>\[\] ]{1,80} \((?:file://|node:|/|[A-Z]:\\\\?)[^)\n]{1,200}:\d+:\d+\)",
    rb"\bat (?:async )?(?:file://|node:|/|[A-Z]:\\\\?)[^\s()\"]{1,200}:\d+:\d+",
    rb"\bat [\w.<>`]+\([^)\n]{0,200}\) in [^\n]{1,200}:line \d+",
    rb"(?:^|\\r|\\n|[\r\n]) {3}at [\w.`<>\[\],+]+\.[\w`<>]+\([^)\r\n\\]{0,200}\)(?:\\r|\\n|[\r\n]|$)",
    rb"#\d+ /[^\n(]{1,200}\.php\(\d+\): ",
    rb"\bPHP (?:Fatal error|Parse error|Warning|Notice|Deprecated): ",
    rb"in <b>[^<\n]{1,200}</b> on line <b>\d+</b>",
    rb"goroutine \d+ \[[a-z0-9, ]{1,60}\]:",
    rb"thread '[^'\n]{1,60}' panicked at ",
    rb"[/\w.-]+\.rb:\d+:in [`']",
    rb"\*\* \([A-Z][\w.]{1,60}(?:Error|Exception)\) ",
    rb"\b(?:sqlite3|psycopg2?|pymysql|MySQLdb|cx_Oracle|oracledb|sqlalchemy\.exc|asyncpg)\.[\w.]*(?:Error|Violation)",
    rb"\b(?:com\.mysql|org\.postgresql|org\.hibernate|oracle\.jdbc|com\.microsoft\.sqlserver|java\.sql)\.[\w.$]*Exception",
    rb"You have an error in your SQL syntax",
    rb"\bORA-\d{5}: ",
    rb"\bSQLSTATE\[?[0-9A-Z]{5}\]?",
    rb"unterminated quoted string at or near ",
    rb"syntax error at or near \\?\"",
    rb"Unclosed quotation mark after the character string",
    rb"\brelation \\?\"[^\"\n]{1,100}\" does not exist",
    rb"\bno such (?:table|column): ",
    rb"\broot:[^:\n]{0,64}:0:0:[^:\n]*:/[^:\n]*:/",
)
_SECRET = (
    rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----",
    rb"\$argon2(?:id|i|d)\$v=\d+\$m=\d+,t=\d+,p=\d+\$",
    rb"\$2[abxy]\$\d{2}\$[./A-Za-z0-9]{53}",
    rb"\$scrypt\$ln=\d+,r=\d+,p=\d+\$",
    rb"\bscrypt:\d+:\d+:\d+\$[^$\s\"]{1,64}\$[0-9a-f]{64}",
    rb"\bpbkdf2[_:]sha(?:1|256|512)[$:]\d+[$:]",
    rb"\$[56]\$(?:rounds=\d+\$)?[./A-Za-z0-9]{8,16}\$[./A-Za-z0-9]{43,86}",
    rb"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b[^\n]{0,80}\b[A-Za-z0-9/+]{40}\b",
    rb"\bgh[pousr]_[A-Za-z0-9]{36}\b",
)


def _any(patterns: tuple[bytes, ...]) -> re2._Regexp:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1  # a byte is a byte: a quarter of the program that UTF-8 takes
    options.log_errors = False  # where the automaton outgrows its memory, the search goes on without one
    return re2.compile(b"|".join(b"(?:" + p + b")" for p in patterns), options)


_LEAKS, _TRACES = _any((*_TRACE, *_SECRET)), _any(_TRACE)
"""One search for all, which costs what one for some would: it is the text that counts. Not a `re2.Set`: that finds
nothing where its automaton outgrows its memory; a pattern goes on without one."""
_LINES = re.compile(rb"[\r\n\0]")


def leaks_guard(operation: Operation) -> ReplyCheck:
    """Withhold a reply with a stack trace or a secret in it, and the words of any server error."""

    def check(response: Response, known: Known) -> Verdict:
        if _LINES.search(b" ".join([value for _, value in response.headers])):
            return Refuse(HEADER)
        body = response.body
        if not body:
            return PASS
        if _LEAKS.search(body):
            return Refuse(TRACE if _TRACES.search(body) else SECRET)
        if response.status >= 500 and not response.parsed:
            return Refuse(SERVER_ERROR, detail=f"status {response.status}")
        return PASS

    return check
