"""A small vocabulary to state a document's structure once: it checks a document, and prints as JSON Schema.

`read` gives back only what is usable, so that what depends on it is checked too and all mistakes are told at once.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from ringwall.contract.api import JSON
from ringwall.contract.document import Step
from ringwall.contract.keywords import kind

Path = tuple[Step, ...]


class Report(Protocol):
    """Where mistakes are told."""

    def __call__(
        self, path: Path, found: str, expected: str, nearest: str | None = None, *, key: bool = False
    ) -> None: ...


class Shape(Protocol):
    """What a value must look like."""

    def schema(self) -> dict[str, JSON]:
        """As JSON Schema 2020-12."""

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        """What of the value is usable, None if nothing is."""


def nearest(found: str, names: Iterable[str]) -> str | None:
    """The valid name that was probably meant."""
    by_fold = {name.lower(): name for name in names}
    close = difflib.get_close_matches(found[:200].lower(), by_fold, 1, 0.6)
    return by_fold[close[0]] if close else None


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def schema(self) -> dict[str, JSON]:
        return {"type": "boolean"}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if isinstance(value, bool):
            return value
        report(path, kind(value), "true or false")
        return None


@dataclass(frozen=True, slots=True)
class Number:
    """A number from `low` on; `whole` without a fraction."""

    low: float
    whole: bool = False
    high: float = 1e15

    def schema(self) -> dict[str, JSON]:
        return {"type": "integer" if self.whole else "number", "minimum": self.low, "maximum": self.high}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and self.low <= value <= self.high:
            if not self.whole:
                return float(value)
            if value == int(value):
                return int(value)
        wanted = "a whole number" if self.whole else "a number"
        report(path, kind(value), f"{wanted} from {self.low:g} to {self.high:g}")
        return None


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a form: `pattern` is matched whole and means the same to Python and to ECMA-262."""

    pattern: str
    noun: str

    def schema(self) -> dict[str, JSON]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$"}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if isinstance(value, str) and re.fullmatch(self.pattern, value):
            return value
        report(path, kind(value), self.noun)
        return None


@dataclass(frozen=True, slots=True)
class Word:
    """One of a few words."""

    words: tuple[str, ...]

    def schema(self) -> dict[str, JSON]:
        return {"enum": list(self.words)}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if isinstance(value, str) and value in self.words:
            return value
        expected = " or ".join(self.words) if len(self.words) < 3 else f"one of {', '.join(self.words)}"
        report(path, kind(value), expected, nearest(value, self.words) if isinstance(value, str) else None)
        return None


@dataclass(frozen=True, slots=True)
class Exactly:
    """One number and no other."""

    value: int

    def schema(self) -> dict[str, JSON]:
        return {"const": self.value}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value == self.value:
            return self.value
        report(path, kind(value), str(self.value))
        return None


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of one shape."""

    item: Shape

    def schema(self) -> dict[str, JSON]:
        return {"type": "array", "items": self.item.schema()}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if not isinstance(value, list):
            report(path, kind(value), "a list")
            return None
        made = (self.item.read(item, (*path, index), report) for index, item in enumerate(value))
        return [item for item in made if item is not None]


@dataclass(frozen=True, slots=True)
class Table:
    """Values of one shape by names of the writer's choice. Nothing at all (a key with no lines below it) is none."""

    name: Text
    value: Shape
    reserved: tuple[str, ...] = ()

    def schema(self) -> dict[str, JSON]:
        names: dict[str, JSON] = {"pattern": f"^(?:{self.name.pattern})$"}
        if self.reserved:
            names["not"] = {"enum": list(self.reserved)}
        return {"type": ["object", "null"], "propertyNames": names, "additionalProperties": self.value.schema()}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if value is None:
            return {}
        if not isinstance(value, dict):
            report(path, kind(value), f"a mapping of {self.name.noun} to what is stated of it")
            return None
        made: dict[str, JSON] = {}
        for name, below in value.items():
            if not re.fullmatch(self.name.pattern, name) or name in self.reserved:
                report((*path, name), kind(name), self.name.noun, key=True)
                continue
            read = self.value.read(below, (*path, name), report)
            if read is not None:
                made[name] = read
        return made


@dataclass(frozen=True, slots=True)
class Record:
    """Named members, each of its own shape. `later` names members that exist, but that this version cannot honour:
    they are refused with the sentence given, never overlooked."""

    about: str
    members: Mapping[str, Shape]
    required: tuple[str, ...] = ()
    later: Mapping[str, str] = field(default_factory=dict)
    notes: Mapping[str, str] = field(default_factory=dict)

    def schema(self) -> dict[str, JSON]:
        members: dict[str, JSON] = {
            name: {**shape.schema(), **({"description": self.notes[name]} if name in self.notes else {})}
            for name, shape in self.members.items()
        }
        return {
            "type": "object",
            "description": self.about,
            "properties": members,
            "required": list(self.required),
            "additionalProperties": False,
        }

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        if not isinstance(value, dict):
            report(path, kind(value), f"a mapping: {self.about}")
            return None
        for name in self.required:
            if name not in value:
                report(path, f"no `{name}`", f"`{name}` in {self.about}")
        made: dict[str, JSON] = {}
        for name, below in value.items():
            shape = self.members.get(name)
            if shape is None:
                self._unknown(name, (*path, name), report)
                continue
            read = shape.read(below, (*path, name), report)
            if read is not None:
                made[name] = read
        return made

    def _unknown(self, name: str, path: Path, report: Report) -> None:
        if name in self.later:
            report(path, f"the key `{name}`", f"{self.later[name]}: not supported by this version", key=True)
            return
        report(
            path,
            f"the unknown key {kind(name)}",
            f"one of {', '.join(self.members)}",
            nearest(name, self.members),
            key=True,
        )


@dataclass(frozen=True, slots=True)
class Either:
    """One shape or another, told apart by the value's own type."""

    when: Callable[[JSON], bool]
    first: Shape
    second: Shape

    def schema(self) -> dict[str, JSON]:
        return {"anyOf": [self.first.schema(), self.second.schema()]}

    def read(self, value: JSON, path: Path, report: Report) -> JSON:
        return (self.first if self.when(value) else self.second).read(value, path, report)


def is_text(value: JSON) -> bool:
    """Whether a value is text."""
    return isinstance(value, str)


def is_flag(value: JSON) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)
