"""The matrix: each attack, whole wall and each layer fooled, and what stopped it each time."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from multiprocessing import get_context
from pathlib import Path
from tempfile import mkdtemp

from ringwall.attacks.case import Case
from ringwall.attacks.run import Outcome
from ringwall.core.event import Event
from ringwall.core.reasons import Layer
from ringwall.drill.fool import FOOLABLE
from ringwall.drill.sandbox import Sandbox

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cell:
    """One attack with one layer fooled: what stopped it (None: nothing did), and whether the honest twin passed."""

    fooled: str
    honest_passes: bool
    stopped_by: str | None


@dataclass(frozen=True, slots=True)
class Row:
    """One attack. `stopped_by` is what stops it first with the whole wall up; `alone` are the layers that stop it with
    every other one fooled; `depth` is how many. `pairs` are the two layers whose failure together lets it through
    though neither alone does (None: not tried). `seen` is whether the journal tells of the attempt. `only` says why one
    wall is all there can be, where it is."""

    kind: str
    case: str
    operation: str
    hurts_bare: bool
    honest_passes: bool
    stopped_by: str | None
    seen: bool
    cells: tuple[Cell, ...]
    alone: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...] | None
    only: str = ""

    @property
    def depth(self) -> int:
        """How many layers stop it alone."""
        return len(self.alone)

    @property
    def single_points(self) -> tuple[str, ...]:
        """The layers whose failure alone lets it through."""
        return tuple(cell.fooled for cell in self.cells if cell.stopped_by is None)


@dataclass(frozen=True, slots=True)
class Matrix:
    """A whole drill, and how long it took in seconds."""

    rows: tuple[Row, ...]
    skipped: tuple[str, ...]
    seconds: float

    @property
    def gaps(self) -> tuple[str, ...]:
        """Every single point of failure, `case: layer`."""
        return tuple(f"{row.case}: {layer}" for row in self.rows for layer in row.single_points)

    @property
    def holds(self) -> bool:
        """Whether every attack is stopped by the whole wall and by what is left when one layer is fooled."""
        return not self.gaps and all(row.stopped_by and row.hurts_bare and row.honest_passes for row in self.rows)


def run(cases: Iterable[Case], root: Path, progress: Progress, *, pairs: bool = False) -> Matrix:
    """Play every case bare, protected, with each layer fooled and with each left alone, on all cores; with `pairs`,
    with every two fooled too. Cases on the wire need a socket and are skipped here."""
    began = time.monotonic()
    chosen = list(cases)
    played = [case for case in chosen if not case.wire]
    with ProcessPoolExecutor(_cores(len(played)), mp_context=get_context("spawn"), initializer=_settle_in,
                             initargs=(root,)) as pool:  # fmt: skip
        rows: list[Row] = []
        for done in pool.map(partial(_row_here, pairs=pairs), played):
            rows.append(done)
            progress(done.case)
    skipped = tuple(case.name for case in chosen if case.wire)
    return Matrix(tuple(rows), skipped, round(time.monotonic() - began, 1))


def _cores(most: int) -> int:
    return max(1, min(len(os.sched_getaffinity(0)), most))


_HERE: list[Sandbox] = []


def _settle_in(root: Path) -> None:
    """Give a worker process its own sandbox; what the walls say of each refusal is in the matrix."""
    logging.getLogger("ringwall").setLevel(logging.CRITICAL + 1)
    _HERE.append(Sandbox(Path(mkdtemp(dir=root))))


def _row_here(case: Case, *, pairs: bool) -> Row:
    return row(case, _HERE[0], pairs=pairs)


def row(case: Case, sandbox: Sandbox, *, pairs: bool = False) -> Row:
    """One attack bare, protected, with each layer fooled and with each left alone."""
    bare = sandbox.bare(case)
    whole, events = sandbox.protected(case)
    cells = tuple(_cell(case, sandbox, layer) for layer in FOOLABLE)
    return Row(
        kind=case.kind,
        case=case.name,
        operation=case.operation,
        hurts_bare=bare.hurt and bare.honest_ok,
        honest_passes=whole.honest_ok,
        stopped_by=_stopper(whole, events, case, frozenset()),
        seen=any(event.decision != "allow" or event.notes for event in events),
        cells=cells,
        alone=tuple(layer.value for layer in FOOLABLE if _stops_alone(case, sandbox, layer)),
        pairs=tuple(_weak_pairs(case, sandbox, cells)) if pairs else None,
        only=case.only,
    )


def _cell(case: Case, sandbox: Sandbox, layer: Layer) -> Cell:
    outcome, events = sandbox.protected(case, {layer})
    return Cell(layer.value, outcome.honest_ok, _stopper(outcome, events, case, frozenset({layer})))


def _stops_alone(case: Case, sandbox: Sandbox, layer: Layer) -> bool:
    """Whether the layer stops it with every other one fooled, and lets its honest twin pass."""
    outcome, _ = sandbox.protected(case, set(FOOLABLE) - {layer})
    return outcome.honest_ok and not outcome.hurt


def _weak_pairs(case: Case, sandbox: Sandbox, cells: tuple[Cell, ...]) -> Iterator[tuple[str, str]]:
    """The pairs of layers that only together let it through."""
    strong = [layer for layer, cell in zip(FOOLABLE, cells, strict=True) if cell.stopped_by is not None]
    for one, other in combinations(strong, 2):
        if sandbox.protected(case, {one, other})[0].hurt:
            yield one.value, other.value


def _stopper(outcome: Outcome, events: list[Event], case: Case, fooled: frozenset[Layer]) -> str | None:
    """The layer that stopped it: the first that refused, else of those aimed at the last that rewrote, else the first
    that stands. Others rewrite too (a mask, confined rows), and what dresses a reply leaves no note."""
    if outcome.hurt:
        return None
    for event in events:
        if event.decision == "refuse" and event.layer:
            return layer_named(event.layer)
    for event in events:
        rewrote = [layer for note in event.notes if (layer := note.partition(":")[0]) in case.aims]
        if rewrote:
            return rewrote[-1]
    standing = [layer for layer in case.aims if layer not in fooled]
    return (standing or case.aims)[0]


def layer_named(name: str) -> str:
    """A layer by its whole name, from an event's short one."""
    return {"authn": "authentication", "authz": "authorization"}.get(name, name)
