"""Case files: readable HTTP messages with a few lines of front matter. Strict, since a slip would weaken a test.

    # a comment, anywhere in the front matter
    class: idor                        one of case.CLASSES
    aims: authorization disclosure     the layers that are each expected to stop it alone
    operation: GET /patients/{id}      the contract's name of what is attacked
    why: One sentence.
    alert: enumeration                 optional; the rule of the monitor that has to name it
    only: Why, and what adds one.      optional; where one wall is all there can be
    claims: dara                       optional; else the caller of the first hostile request
    wire: yes                          optional; the hostile form is raw bytes
    tamper: UPDATE patients SET ...    optional, repeated; done to the database before the hostile requests
    expect: status 2xx                 optional, repeated; what the honest twin is answered
    success: body contains {{mark}}    repeated; when all hold, the target is hurt (forms: signs.FORMS)

    ### setup as ben                   optional, repeated: what honest people did before
    ### honest as ana                  repeated: the honest twin
    ### hostile as none times 20 in utf-16    repeated; no hostile request where the attack is theft
    GET /patients/3 HTTP/1.1
    Accept: application/json

    body

The file's name is the case's. `Host`, `Content-Length` and the caller's credential are added (a request that
has its own `Authorization` keeps it). On the wire a line break is CRLF and nothing is added, not even the
blank line at the end of a head: `{{crlf}}` says where it is. Line breaks at the end of a section are dropped.
"""

import difflib
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from ringwall.attacks.case import CLASSES, LAYERS, Case, Draft, Sign
from ringwall.attacks.fill import misfits
from ringwall.attacks.signs import FORMS, sign

_SECTION = re.compile(
    r"### (setup|honest|hostile) as (none|(?:key|session):[a-z]+|[a-z]+)(?: times ([1-9]\d*))?(?: in (utf-16))?"
)
_REQUEST = re.compile(r"[A-Z]+ \S.* HTTP/1\.1")
_HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+): \S.*")
_RULE = re.compile(r"[a-z][a-z-]*")
_OPERATION = re.compile(r"[A-Z]+ /\S*")
_KEYS = ("class", "aims", "operation", "why", "alert", "only", "claims", "wire", "expect", "tamper", "success")


class BadCase(ValueError):
    """A case file that does not say what it must; the message has file, line, what was found and expected."""


@dataclass(frozen=True, slots=True)
class _Line:
    file: str
    number: int
    text: str

    def wrong(self, expected: str) -> BadCase:
        return BadCase(f"{self.file}:{self.number}: found {self.text[:60]!r}, expected {expected}")


@dataclass(frozen=True, slots=True)
class _Section:
    role: str
    line: _Line
    draft: Draft


@cache
def corpus() -> tuple[Case, ...]:
    """Every case of the package, by name; raises BadCase."""
    found = sorted((files(__package__) / "cases").iterdir(), key=lambda f: f.name)
    return tuple(read(f.name, f.read_text(encoding="utf-8")) for f in found if f.name.endswith(".http"))


def read(file: str, text: str) -> Case:
    """The case that a file named `file` holds; raises BadCase."""
    lines = [_Line(file, number, line) for number, line in enumerate(text.split("\n"), 1)]
    start = next((i for i, line in enumerate(lines) if line.text.startswith("###")), len(lines))
    front = _Front(file, tuple(_pairs(lines[:start])))
    wire = front.wire()
    sections = tuple(_sections(lines[start:], wire))
    return _case(front, sections, wire)


def _case(front: "_Front", sections: tuple[_Section, ...], wire: bool) -> Case:
    success = front.signs("success")
    _fit(front, sections, success, wire)
    hostile = _drafts(sections, "hostile")
    return Case(
        name=front.file.removesuffix(".http"),
        kind=front.choice("class", CLASSES),
        why=front.one("why").text,
        aims=front.aims(),
        operation=front.matching("operation", _OPERATION, "METHOD /path"),
        claims=front.optional("claims", hostile[0].caller if hostile else "none"),
        wire=wire,
        setup=_drafts(sections, "setup"),
        honest=_drafts(sections, "honest"),
        tamper=tuple(line.text for line in front.all("tamper")),
        hostile=hostile,
        expected=front.signs("expect") or (Sign("status", ("2xx",)),),
        success=success,
        alert=front.matching("alert", _RULE, "a rule's name") if front.all("alert") else "",
        only=front.optional("only", ""),
    )


def _drafts(sections: Iterable[_Section], role: str) -> tuple[Draft, ...]:
    return tuple(section.draft for section in sections if section.role == role)


def _fit(front: "_Front", sections: tuple[_Section, ...], success: tuple[Sign, ...], wire: bool) -> None:
    """Front matter and sections must belong together."""
    roles = {section.role for section in sections}
    scopes = {FORMS[item.form].scope for item in success}
    end = _Line(front.file, 1, front.file)
    if not success:
        raise end.wrong("at least one `success:` line")
    if "honest" not in roles:
        raise end.wrong("an `### honest` section")
    if "hostile" not in roles and scopes != {"world"}:
        raise end.wrong("an `### hostile` section, or success that is seen in the world alone")
    if wire is not (scopes == {"wire"}):
        raise end.wrong("`wire: yes` and signs on the wire together")


def _pairs(lines: Iterable[_Line]) -> Iterator[tuple[str, _Line]]:
    for line in lines:
        if not line.text.strip() or line.text.startswith("#"):
            continue
        key, colon, value = line.text.partition(": ")
        if not colon or key not in _KEYS or not value.strip():
            raise line.wrong(f"`key: value` with a key of {_offer(key, _KEYS)}")
        yield key, _Line(line.file, line.number, value.strip())


@dataclass(frozen=True, slots=True)
class _Front:
    """The front matter, read key by key."""

    file: str
    pairs: tuple[tuple[str, _Line], ...]

    def all(self, key: str) -> tuple[_Line, ...]:
        """The lines of a key."""
        return tuple(line for name, line in self.pairs if name == key)

    def one(self, key: str) -> _Line:
        """The one line of a key."""
        lines = self.all(key)
        if not lines:
            raise _Line(self.file, 1, self.file).wrong(f"a `{key}:` line")
        if len(lines) > 1:
            raise lines[1].wrong(f"one `{key}:` line, not two")
        return lines[0]

    def optional(self, key: str, otherwise: str) -> str:
        """The value of a key that may be absent."""
        return self.one(key).text if self.all(key) else otherwise

    def wire(self) -> bool:
        """Whether the hostile form is raw bytes."""
        if self.optional("wire", "no") not in ("yes", "no"):
            raise self.one("wire").wrong("yes or no")
        return self.optional("wire", "no") == "yes"

    def choice(self, key: str, choices: Collection[str]) -> str:
        """The value of a key, one of `choices`."""
        line = self.one(key)
        return _chosen(line, line.text, choices)

    def matching(self, key: str, pattern: re.Pattern[str], form: str) -> str:
        """The value of a key that has a form."""
        line = self.one(key)
        if not pattern.fullmatch(line.text):
            raise line.wrong(form)
        return line.text

    def aims(self) -> tuple[str, ...]:
        """The layers that are expected to stop it."""
        line = self.one("aims")
        return tuple(_chosen(line, name, LAYERS) for name in line.text.split())

    def signs(self, key: str) -> tuple[Sign, ...]:
        """The signs of every line of a key."""
        return tuple(_sign(line) for line in self.all(key))


def _chosen(line: _Line, name: str, choices: Collection[str]) -> str:
    if name not in choices:
        raise line.wrong(_offer(name, choices))
    return name


def _sign(line: _Line) -> Sign:
    found = sign(line.text)
    if found is None:
        raise line.wrong("a sign: " + "; ".join(form.pattern.pattern for form in FORMS.values()))
    _filled(line)
    return found


def _offer(found: str, choices: Collection[str]) -> str:
    near = difflib.get_close_matches(found, choices, 1)
    return f"one of {', '.join(choices)}" + (f" (nearest: {near[0]})" if near else "")


def _sections(lines: list[_Line], wire: bool) -> Iterator[_Section]:
    starts = [i for i, line in enumerate(lines) if line.text.startswith("###")]
    for start, end in zip(starts, [*starts, len(lines)][1:], strict=True):
        found = _SECTION.fullmatch(lines[start].text)
        if not found:
            raise lines[start].wrong("`### setup|honest|hostile as CALLER [times N] [in utf-16]`")
        role, caller, times, encoding = found.groups()
        raw = wire and role == "hostile"
        text = _message(lines[start], lines[start + 1 : end], raw)
        yield _Section(role, lines[start], Draft(caller, int(times or 1), encoding or "utf-8", text))


def _message(section: _Line, lines: list[_Line], raw: bool) -> str:
    if not lines or not lines[0].text.strip():
        raise section.wrong("a request line right below")
    for line in lines:
        _filled(line)
    if not raw:
        _check_message(lines)
    return "\n".join(line.text for line in lines).rstrip("\n")


def _check_message(lines: list[_Line]) -> None:
    if not _REQUEST.fullmatch(lines[0].text):
        raise lines[0].wrong("`METHOD target HTTP/1.1`")
    blank = next((i for i, line in enumerate(lines) if not line.text), len(lines))
    for line in lines[1:blank]:
        if not _HEADER.fullmatch(line.text):
            raise line.wrong("`Name: value`, or a blank line before the body")
    has_body = any(line.text for line in lines[blank:])
    has_type = any(line.text.lower().startswith("content-type: ") for line in lines[1:blank])
    if has_body and not has_type:
        raise lines[0].wrong("a Content-Type, since there is a body")


def _filled(line: _Line) -> None:
    for found in misfits(line.text):
        raise _Line(line.file, line.number, found).wrong("a placeholder that fill.py knows")
