"""What to look for after an attack: in one of its replies, in all of them, in the world, or on the wire.

A case file's `success` and `expect` lines are written in the forms below. Signs are judged on effects and
never on ringwall's own words, so the same case judges a bare application and a protected one.
"""

import json
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Literal

from ringwall.attacks.case import Received, Reply, Sign
from ringwall.attacks.fill import fill
from ringwall.attacks.grounds import Surroundings

Words = tuple[str, ...]
Scope = Literal["reply", "replies", "world", "wire"]
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Form:
    """A way to write a sign, what it is judged on, and its meaning in a few words."""

    scope: Scope
    pattern: re.Pattern[str]
    meaning: str


def _form(scope: Scope, pattern: str, meaning: str) -> Form:
    return Form(scope, re.compile(pattern), meaning)


FORMS: Mapping[str, Form] = {
    "status": _form("reply", r"status ([1-5]xx|[1-5]\d\d)", "the reply's status"),
    "body": _form("reply", r"body contains (.+)", "the reply's body has this text"),
    "json": _form("reply", r"json (/[^~ ]*) equals (.+)", "the JSON value there reads so"),
    "json has": _form("reply", r"json (/[^~ ]*) exists", "there is a JSON value there, not null or empty"),
    "header": _form("reply", r"header ([\w-]+) contains (.+)", "a header of this name has this text"),
    "split": _form("reply", r"header split by (.+)", "a line break let this header in"),
    "script": _form("reply", r"script (.+) runs", "a browser would run this markup: HTML, unescaped, no CSP"),
    "answered": _form("replies", r"answered (\d+)", "at least so many replies are 2xx"),
    "marker": _form("world", r"marker written()", "the marker file exists"),
    "listener": _form("world", r"listener hit()", "the inner service was reached"),
    "row": _form("world", r"row (SELECT .+) => (.+)", "the target's database gives this one value"),
    "stolen with": _form(
        "world", r"stolen (.+) with the key of (.+)", "a thief of the files and one holder's data keys reads this text"
    ),
    "stolen": _form("world", r"stolen (.+)", "a file that a thief carries off holds this text"),
    "wire has": _form("wire", r"wire contains (.+)", "the bytes that came back have this text"),
    "wire accepts": _form("wire", r"wire accepts()", "the first response is 2xx"),
    "wire waits": _form("wire", r"wire waits()", "the connection is still open"),
}


def sign(text: str) -> Sign | None:
    """The sign that `text` writes, or None where it writes none."""
    for name, form in FORMS.items():
        if found := form.pattern.fullmatch(text):
            return Sign(name, found.groups())
    return None


def shown(signs: Sequence[Sign], replies: Sequence[Reply], here: Surroundings) -> bool:
    """Whether one reply bears every sign for a reply, and the other signs hold too."""
    filled = [(item, tuple(fill(word, here) for word in item.words)) for item in signs]
    ofone = [(item, words) for item, words in filled if FORMS[item.form].scope == "reply"]
    return (
        (not ofone or any(all(_REPLY[i.form](reply, w) for i, w in ofone) for reply in replies))
        and all(_WORLD[i.form](here, w) for i, w in filled if FORMS[i.form].scope == "world")
        and all(_answered(replies, w) for i, w in filled if FORMS[i.form].scope == "replies")
    )


def shown_on_wire(signs: Sequence[Sign], received: Received, here: Surroundings) -> bool:
    """Whether what came back bears every sign; a case on the wire has no other kinds."""
    return all(_WIRE[item.form](received, tuple(fill(word, here) for word in item.words)) for item in signs)


def _status(reply: Reply, words: Words) -> bool:
    return re.fullmatch(words[0].replace("x", r"\d"), str(reply.status)) is not None


def _body(reply: Reply, words: Words) -> bool:
    return words[0].encode() in reply.body


def _at(reply: Reply, pointer: str) -> object:
    """The JSON value at a pointer (RFC 6901, without its `~` escapes), or _MISSING."""
    try:
        value: object = json.loads(reply.body)
    except ValueError:
        return _MISSING
    for step in pointer.split("/")[1:]:
        if isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, dict) and step in value:
            value = value[step]
        else:
            return _MISSING
    return value


def _json(reply: Reply, words: Words) -> bool:
    value = _at(reply, words[0])
    return value is not _MISSING and (value if isinstance(value, str) else json.dumps(value)) == words[1]


def _json_has(reply: Reply, words: Words) -> bool:
    return _at(reply, words[0]) not in (_MISSING, None, "")


def _values(reply: Reply, name: str) -> list[str]:
    return [value for key, value in reply.headers if key.lower() == name.lower()]


def _header(reply: Reply, words: Words) -> bool:
    return any(words[1] in value for value in _values(reply, words[0]))


def _split(reply: Reply, words: Words) -> bool:
    """In process the break is still in the value; behind a socket the header has come of it."""
    broken = any(re.search(rf"[\r\n]{re.escape(words[0])}:", value) for _, value in reply.headers)
    return broken or bool(_values(reply, words[0]))


def _script(reply: Reply, words: Words) -> bool:
    html = any("html" in value for value in _values(reply, "content-type"))
    policies = _values(reply, "content-security-policy")
    return html and _body(reply, words) and not any(map(_forbids_inline, policies))


def _forbids_inline(policy: str) -> bool:
    """Whether a Content-Security-Policy (CSP3, section 6.7.3.2) keeps inline script from running."""
    directives = {parts[0].lower(): parts[1:] for part in policy.split(";") if (parts := part.split())}
    sources = directives.get("script-src", directives.get("default-src"))
    return "sandbox" in directives or (sources is not None and "'unsafe-inline'" not in sources)


def _answered(replies: Sequence[Reply], words: Words) -> bool:
    return sum(200 <= reply.status < 300 for reply in replies) >= int(words[0])


def _row(here: Surroundings, words: Words) -> bool:
    with closing(sqlite3.connect(f"file:{here.database}?mode=ro", uri=True)) as database:
        row = database.execute(words[0]).fetchone()
    return row is not None and str(row[0]) == words[1]


_REPLY: Mapping[str, Callable[[Reply, Words], bool]] = {
    "status": _status,
    "body": _body,
    "json": _json,
    "json has": _json_has,
    "header": _header,
    "split": _split,
    "script": _script,
}
_WORLD: Mapping[str, Callable[[Surroundings, Words], bool]] = {
    "marker": lambda here, _: here.marker.exists(),
    "listener": lambda here, _: bool(here.hits()),
    "row": _row,
    "stolen with": lambda here, words: any(
        words[0].encode() in data for source in (here.stolen(), here.opened(words[1])) for data in source
    ),
    "stolen": lambda here, words: any(words[0].encode() in data for data in here.stolen()),
}
_WIRE: Mapping[str, Callable[[Received, Words], bool]] = {
    "wire has": lambda received, words: words[0].encode() in received.data,
    "wire accepts": lambda received, _: re.match(rb"HTTP/1\.[01] 2\d\d ", received.data) is not None,
    "wire waits": lambda received, _: not received.closed,
}
