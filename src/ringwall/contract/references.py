"""`$ref` (RFC 3986 fragments, RFC 6901 pointers) within a document and to files beside it. Fetches no URL."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

from ringwall.contract.api import JSON
from ringwall.contract.document import SIZE, Document, Step, parse
from ringwall.contract.model import Misconfigured

_FILES = 200
_CHAIN = 32


class Unresolved(Exception):
    """A reference that leads nowhere; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Place:
    """A value in a document."""

    document: Document
    path: tuple[Step, ...]
    value: JSON

    def below(self, *steps: Step) -> Place:
        """A place further down; its value is None where there is none."""
        value = self.value
        for step in steps:
            value = _step(value, step)
        return Place(self.document, (*self.path, *steps), value)

    @property
    def line(self) -> int:
        """The line of its key."""
        return self.document.at(self.path, key=True).line


@dataclass(slots=True)
class Library:
    """The root document and the files it refers to, which must lie in `directory` or below it."""

    root: Document
    directory: Path | None
    _known: dict[Path, Document] = field(default_factory=dict)
    _homes: dict[int, Path] = field(default_factory=dict)

    def follow(self, reference: JSON, base: Document) -> Place:
        """Where a reference in `base` leads. Raises Unresolved."""
        if not isinstance(reference, str):
            raise Unresolved("a `$ref` that is no text")
        where, _, fragment = reference.partition("#")
        document = self._document(where, base) if where else base
        return _descend(document, pointer(fragment), reference)

    def resolve(self, place: Place) -> Place:
        """The place itself or, where it holds a `$ref`, where that finally leads. Raises Unresolved."""
        for _ in range(_CHAIN):
            if not isinstance(place.value, dict) or "$ref" not in place.value:
                return place
            place = self.follow(place.value["$ref"], place.document)
        raise Unresolved("a `$ref` that leads back to itself")

    def _document(self, where: str, base: Document) -> Document:
        if "://" in where or where.startswith("//"):
            raise Unresolved(f"{_short(where)}: URLs are not fetched")
        if self.directory is None:
            raise Unresolved(f"{_short(where)}: there is no directory to look in")
        path = self._path(unquote(where), base, self.directory)
        if path not in self._known:
            if len(self._known) >= _FILES:
                raise Unresolved(f"{_short(where)}: more than {_FILES} files")
            self._known[path] = document = _read(path, where)
            self._homes[id(document)] = path.parent
        return self._known[path]

    def _path(self, where: str, base: Document, directory: Path) -> Path:
        try:
            top = directory.resolve()
            path = (self._homes.get(id(base), top) / where).resolve()
        except (OSError, ValueError, RuntimeError):
            raise Unresolved(f"{_short(where)}: no such file") from None
        if not path.is_relative_to(top):
            raise Unresolved(f"{_short(where)}: outside the document's directory")
        return path


def _read(path: Path, where: str) -> Document:
    try:
        with path.open("rb") as file:
            return parse(file.read(SIZE + 1), str(path))
    except (OSError, ValueError):
        raise Unresolved(f"{_short(where)}: no such file") from None
    except Misconfigured as error:
        raise Unresolved(f"{_short(where)}: {error.problems[0].found}") from None


def pointer(fragment: str) -> tuple[str, ...]:
    """The steps of a JSON pointer in a URI fragment (RFC 6901, section 6)."""
    if not fragment:
        return ()
    steps = unquote(fragment.removeprefix("/")).split("/")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in steps)


def _descend(document: Document, steps: tuple[str, ...], reference: str) -> Place:
    value, path = document.data, []
    for step in steps:
        exact: Step = int(step) if isinstance(value, list) and step.isdecimal() and len(step) < 10 else step
        if not _has(value, exact):
            raise Unresolved(f"{_short(reference)!r}, which leads nowhere")
        value = _step(value, exact)
        path.append(exact)
    return Place(document, tuple(path), value)


def _has(value: JSON, step: Step) -> bool:
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and step < len(value)


def _step(value: JSON, step: Step) -> JSON:
    if isinstance(value, dict) and isinstance(step, str):
        return value.get(step)
    return value[step] if isinstance(value, list) and isinstance(step, int) and step < len(value) else None


def _short(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:117]}..."
