"""A report as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

Status = Literal["not covered", "organisational", "reported", "verified", "enforced"]
STATUSES: tuple[Status, ...] = get_args(Status)
"""In the order in which they are told: what is not covered first."""
MEANING: Mapping[Status, str] = {
    "not covered": "Nothing here backs it: it is outside of ringwall, or what it rests on is missing here.",
    "organisational": "People decide and write it down; no program can show it.",
    "reported": "Ringwall tells what is so, and somebody has to act on it.",
    "verified": "Tests of ringwall's own suite, by name, or a run that is told with its date, show it.",
    "enforced": "A setting of this contract makes the wall hold to it on each request that passes.",
}


@dataclass(frozen=True, slots=True)
class Proof:
    """One thing that backs a line. `at` is when a run was (RFC 3339, UTC); None for settings and tests."""

    kind: Literal["setting", "run", "test"]
    what: str
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One id of a framework. `missing` says why it is less than it could be."""

    id: str
    section: str
    status: Status
    says: str
    proofs: tuple[Proof, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """Something that was done. `holds` is None where it was not done; `flaws` are what it found."""

    name: str
    holds: bool | None
    what: str
    at: str | None = None
    flaws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hidden:
    """A place that looks like a secret in clear: never its value."""

    file: str
    line: int
    kind: str


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """One property in the record of processing: who may read it, in the contract's words."""

    name: str
    data_class: str
    encrypted: bool
    masked: str | None
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """One resource in the record of processing. `unstated` are properties that the contract says nothing of."""

    resource: str
    subject: str
    fields: tuple[FieldRecord, ...]
    unstated: tuple[str, ...]
    operations: tuple[str, ...]
    kept: str


@dataclass(frozen=True, slots=True)
class Processing:
    """The draft of a record of processing (GDPR Art. 30). `blanks` is what only people can fill in: (id, what)."""

    activities: tuple[Activity, ...]
    blanks: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report; lines in the framework's order. `titles` are those of its sections."""

    framework: str
    title: str
    api: str
    contract: str
    at: str
    titles: Mapping[str, str]
    lines: tuple[Line, ...]
    runs: tuple[Run, ...]
    secrets: tuple[Hidden, ...]
    searched: tuple[str, ...]
    record: Processing | None

    @property
    def counts(self) -> dict[Status, int]:
        """How many lines have each status."""
        return {status: sum(line.status == status for line in self.lines) for status in STATUSES}

    @property
    def told(self) -> tuple[Line, ...]:
        """The lines in the order in which they are told: what is not covered first."""
        return tuple(sorted(self.lines, key=lambda line: STATUSES.index(line.status)))
