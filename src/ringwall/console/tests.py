"""What tests of the deployment found: the matrix of the last drill, the last scan's findings, and those of `check`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ringwall.console.desk import Console, Seat
from ringwall.console.render import page
from ringwall.contract.lint import lint, unaccepted
from ringwall.core.message import Response
from ringwall.engines.schema.patterns import linear, portable
from ringwall.state.results import Results


@dataclass(frozen=True, slots=True)
class Row:
    """An attack: what stopped it, and what still stopped it with each layer fooled in turn (None: nothing)."""

    case: str
    kind: str
    operation: str
    stopped_by: str | None
    cells: tuple[str | None, ...]
    depth: int


@dataclass(frozen=True, slots=True)
class Matrix:
    """The last drill, for a table: `layers` are those that were fooled, in order."""

    at: float
    layers: tuple[str, ...]
    rows: tuple[Row, ...]
    single_points: tuple[str, ...]


def show(console: Console, seat: Seat) -> Response:
    """`GET tests`."""
    results = Results(console.runtime.store)
    scan = results.last("scan")
    today = datetime.fromtimestamp(console.now(), UTC).date()
    counting, accepted = unaccepted(console.contract, lint(console.contract, _linear), today)
    return page(
        console, seat, "tests.html", here="tests", matrix=_matrix(results.last("drill")), checked=counting,
        accepted=len(accepted),
        scan=None if scan is None else {"at": scan[1], "findings": _listed(scan[0], "findings")},
    )  # fmt: skip


def _linear(pattern: str) -> bool:
    return linear(portable(pattern))


def _matrix(found: tuple[Mapping[str, object], float] | None) -> Matrix | None:
    if found is None:
        return None
    document, at = found
    attacks = _listed(document, "attacks")
    layers = tuple(str(cell.get("fooled")) for cell in _listed(attacks[0], "cells")) if attacks else ()
    points = document.get("single_points")
    return Matrix(at, layers, tuple(map(_row, attacks)), tuple(map(str, points if isinstance(points, list) else ())))


def _row(attack: Mapping[str, object]) -> Row:
    depth = attack.get("depth")
    return Row(
        str(attack.get("case")), str(attack.get("class")), str(attack.get("operation")),
        _text(attack.get("stopped_by")),
        tuple(_text(cell.get("stopped_by")) for cell in _listed(attack, "cells")),
        depth if isinstance(depth, int) else 0,
    )  # fmt: skip


def _listed(document: Mapping[str, object], name: str) -> list[Mapping[str, object]]:
    found = document.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _text(value: object) -> str | None:
    return str(value) if value else None
