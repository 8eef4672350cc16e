"""What a document forgot, stated beside it: OpenAPI overlays (Overlay Specification 1.0.0, OpenAPI Initiative).

An overlay is a list of actions. Each names places of the document by a JSONPath (RFC 9535) and merges something into
them, or takes them out. Pure: the documents that go in are not changed, and places in messages are those of the file
that a value came from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from jsonpath import JSONPathEnvironment
from jsonpath.exceptions import JSONPathError

from ringwall.contract.api import JSON
from ringwall.contract.document import Document, Step
from ringwall.contract.model import Misconfigured, Problem

_PATHS = JSONPathEnvironment(strict=True)
_KEYS = {"overlay", "info", "extends", "actions"}
_ACTION = {"target", "description", "update", "remove"}

Path = tuple[Step, ...]


def overlaid(document: Document, overlays: Iterable[Document]) -> tuple[Document, tuple[Problem, ...]]:
    """The document after each overlay's actions, in their order, and warnings about actions that touch nothing.

    Raises Misconfigured with every mistake of the overlays: what they state must be done, or nothing is.
    """
    desk = _Desk(document)
    for overlay in overlays:
        desk.take(overlay)
    if desk.mistakes:
        raise Misconfigured(tuple(desk.mistakes))
    return desk.made, tuple(desk.doubts)


@dataclass(slots=True)
class _Desk:
    """A copy of the document under change, and what was found wrong on the way."""

    document: Document
    made: Document = field(init=False)
    mistakes: list[Problem] = field(default_factory=list)
    doubts: list[Problem] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made = Document(self.document.file, None, problems=self.document.problems)
        self.made.data = self._copy(self.document, self.document.data)

    def take(self, overlay: Document) -> None:
        self.mistakes += overlay.problems
        stated = overlay.data
        if not isinstance(stated, dict) or not str(stated.get("overlay", "")).startswith("1."):
            self._wrong(overlay, (), "no overlay", "`overlay: 1.0.0` and `actions`")
            return
        for name in stated:
            if name not in _KEYS and not name.startswith("x-"):
                self._wrong(overlay, (name,), f"{name!r}", f"one of {', '.join(sorted(_KEYS))}")
        actions = stated.get("actions")
        if not isinstance(actions, list) or not actions:
            self._wrong(overlay, ("actions",), "no actions", "a list of one action or more")
            return
        for index, action in enumerate(actions):
            self._act(overlay, ("actions", index), action)

    def _act(self, overlay: Document, at: Path, action: JSON) -> None:
        target = action.get("target") if isinstance(action, dict) else None
        if not isinstance(action, dict) or not isinstance(target, str):
            self._wrong(overlay, at, "an action without a target", "`target`, a JSONPath, with `update` or `remove`")
            return
        for name in action:
            if name not in _ACTION and not name.startswith("x-"):
                self._wrong(overlay, (*at, name), f"{name!r}", f"one of {', '.join(sorted(_ACTION))}")
        removes = action.get("remove") is True
        if not removes and "update" not in action:
            self._wrong(overlay, at, "an action that does nothing", "`update`, or `remove: true`")
            return
        found = self._found(overlay, (*at, "target"), target)
        if found is None:
            return
        if not found:
            self._warn(overlay, (*at, "target"), f"{target}, which is not in the document", "a place that is there")
        for place in sorted(found, key=_last_first) if removes else found:
            if removes:
                self._remove(overlay, at, place)
            else:
                self._update(overlay, (*at, "update"), place, action["update"])

    def _found(self, overlay: Document, at: Path, target: str) -> list[Path] | None:
        try:
            return [tuple(match.parts) for match in _PATHS.finditer(target, self.made.data)]
        except (JSONPathError, RecursionError) as error:
            self._wrong(overlay, at, f"a path that cannot be read ({_said(error)})", "a JSONPath as RFC 9535 has it")
            return None

    def _remove(self, overlay: Document, at: Path, place: Path) -> None:
        if not place:
            self._wrong(overlay, at, "the whole document", "a part of it, to be removed")
            return
        above = self._at(place[:-1])
        if isinstance(above, dict) and isinstance(place[-1], str):
            above.pop(place[-1], None)
        elif isinstance(above, list) and isinstance(place[-1], int):
            del above[place[-1]]
            self.made.places.pop(id(above), None)  # what follows has moved: its place is then told as the list's

    def _update(self, overlay: Document, at: Path, place: Path, update: JSON) -> None:
        found = self._at(place)
        if isinstance(found, list):
            self._append(overlay, at, found, update)
        elif isinstance(found, dict) and isinstance(update, dict):
            self._merge(overlay, at, found, update)
        else:
            said = "a single value" if not isinstance(found, dict) else "an object that gets no object"
            self._wrong(overlay, at, said, "an object to merge, or an element for a list: name what holds the value")

    def _merge(self, overlay: Document, at: Path, into: dict[str, JSON], update: dict[str, JSON]) -> None:
        """Objects are merged member by member, lists are lengthened, all else is replaced (section 4.4.3)."""
        for name, value in update.items():
            held = into.get(name)
            if isinstance(held, dict) and isinstance(value, dict):
                self._merge(overlay, (*at, name), held, value)
            elif isinstance(held, list) and isinstance(value, list):
                for index, one in enumerate(value):
                    self._append(overlay, (*at, name, index), held, one)
            else:
                into[name] = self._copy(overlay, value)
                self._place(overlay, at, into, name, name)

    def _append(self, overlay: Document, at: Path, to: list[JSON], value: JSON) -> None:
        to.append(self._copy(overlay, value))
        self._place(overlay, at[:-1], to, len(to) - 1, at[-1])

    def _place(self, overlay: Document, at: Path, holder: JSON, step: Step, written: Step) -> None:
        """Remember that a member of a container came from the overlay, and where it stands there."""
        entry = overlay.entry(overlay.below(at), written)
        if entry is not None:
            self.made.places.setdefault(id(holder), {})[step] = entry
            self.made.foreign[id(holder), step] = overlay.file

    def _at(self, place: Path) -> JSON:
        found = self.made.data
        for step in place:
            found = found[step]  # type: ignore[index]
        return found

    def _copy(self, of: Document, value: JSON) -> JSON:
        """A copy whose places are known. What one anchor shares becomes separate: an action changes what it names."""
        if not isinstance(value, (dict, list)):
            return value
        copied: JSON
        if isinstance(value, dict):
            copied = {name: self._copy(of, one) for name, one in value.items()}
        else:
            copied = [self._copy(of, one) for one in value]
        self.made.places[id(copied)] = dict(of.places.get(id(value), {}))
        self.made.twice.update((id(copied), name) for name in _twice(of, value))
        return copied

    def _wrong(self, overlay: Document, path: Path, found: str, expected: str) -> None:
        self.mistakes.append(Problem(overlay.at(path), found, expected))

    def _warn(self, overlay: Document, path: Path, found: str, expected: str) -> None:
        self.doubts.append(Problem(overlay.at(path), found, expected, warning=True))


def _said(error: Exception) -> str:
    """What the library found; its own text of it repeats the path, and fails for an empty one."""
    return str(error.args[0]) if error.args else type(error).__name__


def _twice(of: Document, value: JSON) -> Iterator[Step]:
    if of.twice and isinstance(value, dict):
        yield from (name for name in value if (id(value), name) in of.twice)


def _last_first(place: Path) -> tuple[int, tuple[tuple[bool, int, str], ...]]:
    """Removal goes from the back: an element taken out of a list moves those behind it."""
    return -len(place), tuple((isinstance(s, str), -s if isinstance(s, int) else 0, str(s)) for s in place)
