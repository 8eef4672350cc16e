"""Errors that tell how the application is made: looked for in every reply, and provoked at each operation."""

from __future__ import annotations

import re
from dataclasses import replace

from ringwall.contract.api import JSON
from ringwall.scan.aims import Aim
from ringwall.scan.bench import Bench, Sent, short
from ringwall.scan.checks.points import Base
from ringwall.scan.values import kind_of, resolved

_TRACES = re.compile(
    r"Traceback \(most recent call last\)|File \"[^\"\n]+\", line \d+, in "
    r"|^\s+at [\w.$<>]+\([\w$]+\.(java|kt|scala):\d+\)|^\s+at .+ \(?(/|file:|node:)[^\n]+:\d+:\d+\)?"
    r"|^\s+at [\w.<>`]+\(.*\) in [^\n]+:line \d+|PHP (Fatal error|Warning|Parse error):|goroutine \d+ \[running\]"
    r"|[\w/.-]+\.rb:\d+:in [`']|SQLSTATE\[\w+\]|ORA-\d{5}"
    r"|You have an error in your SQL syntax|sqlite3?\.OperationalError"
    r"|org\.hibernate\.|psycopg2?\.errors|System\.\w+Exception:|<title>[^<]*(Werkzeug|Django) ?Debug",
    re.MULTILINE,
)


def watch(bench: Bench, aim: Aim, sent: Sent) -> None:
    """Looks at one reply; where a trace is a success's own content it is none of an error."""
    if sent.reply.fine:
        return
    found = _TRACES.search(sent.reply.text)
    if found:
        bench.proved(
            "errors",
            aim,
            "",
            f"{sent.reply.status} with {short(found.group().strip())!r}",
            "looked for in errors only: a success may hold such text as its content",
            sent.call,
        )


def provoke(bench: Bench, aim: Aim, base: Base) -> None:
    """Values of the wrong type and beyond their bounds, and a broken body, on the object that the valid request had."""
    draft, account = base.draft, base.account
    tries = [replace(draft, raw=b'{"rw": ')] if draft.media else []
    for parameter in aim.op.api.parameters:
        flat = resolved(parameter.schema, bench.subject.api.schemas)
        if parameter.where not in ("path", "query"):
            continue
        tries.append(draft.put(parameter.where, parameter.name, "rw'\"(["))
        if aim.method == "GET" and kind_of(flat) in ("integer", "number"):
            tries += [draft.put(parameter.where, parameter.name, value) for value in (0, -1, 2**63)]
    if draft.media and isinstance(draft.body, dict) and aim.method != "DELETE":
        wrong: tuple[JSON, ...] = ({}, [], {name: {"rw": []} for name in draft.body})
        tries += [replace(draft, body=each) for each in wrong]
    for each in tries:
        bench.made(aim, each, bench.send(each).reply, account, account) if bench.creates(aim) else bench.send(each)
    bench.refuted("errors", aim, f"{len(tries)} broken requests told nothing")
