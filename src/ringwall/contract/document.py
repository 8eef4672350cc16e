"""YAML 1.2 (core schema) and JSON as plain data, and where each value stood. Bounded in size, depth and aliases.

Never raises but `Misconfigured`, whatever the bytes. Knows nothing of what the document means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn

import yaml

from ringwall.contract.api import JSON
from ringwall.contract.json_text import BadJson, NotJson, read_json
from ringwall.contract.model import At, Misconfigured, Problem
from ringwall.contract.scalars import Unusable, scalar

SIZE = 32 << 20
DEPTH = 100
VALUES = 4_000_000

Step = str | int
Mark = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Entry:
    """Where one member of a container stands: its key (or itself, in a list), and its value. From 0."""

    key: Mark
    value: Mark


@dataclass(slots=True)
class Document:
    """A document's data and the places of its values. `data` is never changed: places and `twice` go by identity."""

    file: str
    data: JSON
    places: dict[int, dict[Step, Entry]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    twice: set[tuple[int, Step]] = field(default_factory=set)
    foreign: dict[tuple[int, Step], str] = field(default_factory=dict)
    """Members that came from another file, by the identity of what holds them."""

    source: Document | None = None

    def converted(self, data: JSON) -> Document:
        """The same document in another dialect; places are still those of what was written."""
        return Document(self.file, data, source=self)

    def repeats(self, path: tuple[Step, ...]) -> bool:
        """Whether the last key of a path stood in its mapping more than once."""
        if self.source is not None:
            return self.source.repeats(path)
        return (id(self.below(path[:-1])), path[-1]) in self.twice

    def at(self, path: tuple[Step, ...] = (), *, key: bool = False) -> At:
        """Where the value (or its key) stands; where that is not known, the nearest place above it."""
        if self.source is not None:
            moved = ("definitions", *path[2:]) if path[:2] == ("components", "schemas") else path
            return self.source.at(moved, key=key)
        found, mark, file = self.data, (0, 0), self.file
        for position, step in enumerate(path):
            entry = self.entry(found, step)
            if entry is None:
                break
            file = self.foreign.get((id(found), step), file)
            mark = entry.key if key and position == len(path) - 1 else entry.value
            found = _member(found, step)
        return At(file, mark[0] + 1, mark[1] + 1)

    def entry(self, holder: JSON, step: Step) -> Entry | None:
        """Where a member of a container of this document stands, where that is known."""
        return self.places.get(id(holder), {}).get(step)

    def below(self, path: tuple[Step, ...]) -> JSON:
        """The value at a path; None where there is none."""
        found = self.data
        for step in path:
            found = _member(found, step)
        return found


def _member(value: JSON, step: Step) -> JSON:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def parse(content: str | bytes, file: str) -> Document:
    """The document in `content`. Raises Misconfigured where it is none, is too big, too deep or endless.

    Duplicate keys and numbers that JSON cannot hold are in `problems`; the first of two equal keys counts.
    """
    text = _text(content, file)
    try:
        return _Composer(text, file).document()
    except yaml.YAMLError as error:
        if text.lstrip()[:1] in ("{", "["):
            return _json(text, file, error)
        _refuse(file, error)


def _text(content: str | bytes, file: str) -> str:
    if len(content) > SIZE:
        raise Misconfigured((Problem(At(file, 1, 1), f"{len(content):,} bytes", f"at most {SIZE:,}"),))
    try:
        return content.decode("utf-8-sig") if isinstance(content, bytes) else content.encode().decode("utf-8-sig")
    except UnicodeError:
        raise Misconfigured((Problem(At(file, 1, 1), "bytes that are no UTF-8", "a text in UTF-8"),)) from None


def _refuse(file: str, error: yaml.YAMLError) -> NoReturn:
    mark = getattr(error, "problem_mark", None)
    at = At(file, mark.line + 1, mark.column + 1) if mark else At(file, 1, 1)
    said = getattr(error, "problem", None) or getattr(error, "reason", None) or "a broken document"
    raise Misconfigured((Problem(at, str(said), "YAML or JSON"),)) from None


@dataclass(slots=True)
class _Open:
    """A container under construction, its key in waiting, and how many values it holds in all."""

    value: dict[str, JSON] | list[JSON]
    places: dict[Step, Entry]
    mark: Mark
    anchor: str | None
    key: tuple[str, Mark] | None = None
    merges: list[dict[str, JSON]] = field(default_factory=list)
    count: int = 1


class _Composer:
    """Builds data from libyaml's events, one pass, no recursion: so depth is ours to bound, not the stack's."""

    def __init__(self, text: str, file: str) -> None:
        self._loader = yaml.CSafeLoader(text)
        self._file = file
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[JSON, int]] = {}
        self._result = Document(file, None)
        self._documents = 0

    def document(self) -> Document:
        """Reads to the end of the stream."""
        try:
            while (event := self._loader.get_event()) is not None:
                self._take(event)
        finally:
            self._loader.dispose()
        return self._result

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.MappingStartEvent():
                self._open(_Open({}, {}, _mark(event), event.anchor))
            case yaml.SequenceStartEvent():
                self._open(_Open([], {}, _mark(event), event.anchor))
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close()
            case yaml.AliasEvent():
                self._alias(event)
            case yaml.DocumentStartEvent():
                self._start(event)

    def _start(self, event: yaml.Event) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(event, "a second document", "one document")

    def _stop(self, event: yaml.Event, found: str, expected: str) -> NoReturn:
        raise Misconfigured((*self._result.problems, Problem(self._at(_mark(event)), found, expected)))

    def _at(self, mark: Mark) -> At:
        return At(self._file, mark[0] + 1, mark[1] + 1)

    def _flaw(self, mark: Mark, found: str, expected: str) -> None:
        self._result.problems.append(Problem(self._at(mark), found, expected))

    def _open(self, container: _Open) -> None:
        if len(self._stack) >= DEPTH:
            raise Misconfigured((Problem(self._at(container.mark), "deeper nesting", f"at most {DEPTH} levels"),))
        above = self._stack[-1] if self._stack else None
        if above is not None and isinstance(above.value, dict) and above.key is None:
            self._flaw(container.mark, "a key that is no text", "a name")
            above.key = ("", container.mark)
            container.anchor = None
            self._stack.append(container)
            return
        self._stack.append(container)

    def _close(self) -> None:
        done = self._stack.pop()
        if isinstance(done.value, dict):
            _merge(done)
        self._result.places[id(done.value)] = done.places
        if done.anchor is not None:
            self._anchors[done.anchor] = (done.value, done.count)
        self._put(done.value, done.mark, done.count)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        mark = _mark(event)
        above = self._stack[-1] if self._stack else None
        if above is not None and isinstance(above.value, dict) and above.key is None:
            above.key = (event.value, mark)
            return
        try:
            value = scalar(event.value, plain=event.implicit[0], tag=event.tag)
        except Unusable as error:
            self._flaw(mark, *error.args)
            value = None
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._put(value, mark, 1)

    def _alias(self, event: yaml.AliasEvent) -> None:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            self._stop(event, f"*{event.anchor}, which is not defined before it", "an anchor of what is complete")
        above = self._stack[-1] if self._stack else None
        if above is not None and isinstance(above.value, dict) and above.key is None:
            above.key = (str(known[0]), _mark(event))
            return
        self._put(known[0], _mark(event), known[1])

    def _put(self, value: JSON, mark: Mark, count: int) -> None:
        """Hand a finished value to the container around it; `count` bounds what aliases multiply."""
        if not self._stack:
            self._result.data = value
            return
        above = self._stack[-1]
        above.count += count
        if above.count > VALUES:
            raise Misconfigured((Problem(self._at(mark), "too many values", f"at most {VALUES:,}"),))
        if isinstance(above.value, list):
            above.places[len(above.value)] = Entry(mark, mark)
            above.value.append(value)
        elif above.key is not None:
            self._pair(above, above.value, above.key, value, mark)
            above.key = None

    def _pair(self, above: _Open, into: dict[str, JSON], named: tuple[str, Mark], value: JSON, mark: Mark) -> None:
        name, key_mark = named
        if name == "<<" and isinstance(value, (dict, list)):
            many = value if isinstance(value, list) else [value]
            above.merges.extend(one for one in many if isinstance(one, dict))
        elif name in into:
            self._flaw(key_mark, f"the key {name!r} a second time", "each key once")
            self._result.twice.add((id(into), name))
        else:
            above.places[name] = Entry(key_mark, mark)
            into[name] = value


def _merge(done: _Open) -> None:
    """YAML's merge key: what the mapping itself says comes first, then the merged ones in order."""
    if isinstance(done.value, dict):
        for other in done.merges:
            for name, value in other.items():
                done.value.setdefault(name, value)


def _mark(event: yaml.Event) -> Mark:
    mark = event.start_mark
    return (mark.line, mark.column) if mark is not None else (0, 0)


def _json(text: str, file: str, error: yaml.YAMLError) -> Document:
    """JSON that YAML cannot hold: without places."""
    start = At(file, 1, 1)
    try:
        data, twice = read_json(text, DEPTH)
    except NotJson:
        _refuse(file, error)
    except BadJson as flaw:
        raise Misconfigured((Problem(start, *flaw.args),)) from None
    problems = [Problem(start, f"the key {name!r} a second time", "each key once") for name in twice]
    return Document(file, data, problems=problems)
