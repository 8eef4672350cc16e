"""The matrix as people and programs read it: text, JSON, HTML, `THREATS.md`."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, StrictUndefined

from ringwall.attacks.case import ROWS
from ringwall.drill.advice import ADVICE
from ringwall.drill.fool import FOOLABLE
from ringwall.drill.matrix import Matrix, Row

SHORT = {
    "transport": "trans",
    "quota": "quota",
    "authentication": "authn",
    "authorization": "authz",
    "validation": "valid",
    "detection": "detec",
    "encryption": "encry",
    "sinks": "sinks",
    "disclosure": "discl",
}


def document(matrix: Matrix) -> dict[str, object]:
    """The matrix in its stable JSON form."""
    return {
        "attacks": [_attack(row) for row in matrix.rows],
        "single_points": list(matrix.gaps),
        "skipped": list(matrix.skipped),
        "seconds": matrix.seconds,
    }


def _attack(row: Row) -> dict[str, object]:
    return {
        "class": row.kind,
        "case": row.case,
        "operation": row.operation,
        "hurts_bare": row.hurts_bare,
        "stopped_by": row.stopped_by,
        "depth": row.depth,
        "alone": list(row.alone),
        "pairs": None if row.pairs is None else [list(pair) for pair in row.pairs],
        "seen": row.seen,
        "cells": [
            {"fooled": c.fooled, "honest_passes": c.honest_passes, "stopped_by": c.stopped_by} for c in row.cells
        ],
    }


def text(matrix: Matrix) -> str:
    """A table: attacks down, the fooled layer across, and in each cell what still stopped it."""
    width = max((len(row.case) for row in matrix.rows), default=10)
    head = f"{'attack':<{width}}  bare  whole  " + "  ".join(f"-{SHORT[layer]}" for layer in FOOLABLE) + "  depth"
    lines = [head, "-" * len(head)]
    for row in matrix.rows:
        cells = "  ".join(f"{SHORT.get(cell.stopped_by or '', 'HURT'):<6}" for cell in row.cells)
        bare = "hurt" if row.hurts_bare else "ok??"
        lines.append(f"{row.case:<{width}}  {bare}  {SHORT.get(row.stopped_by or '', 'HURT'):<5}  {cells}  {row.depth}")
    return "\n".join([*lines, "", *_summary(matrix)])


def _summary(matrix: Matrix) -> list[str]:
    broken = [f"{row.case} with {c.fooled} fooled" for row in matrix.rows for c in row.cells if not c.honest_passes]
    unhurt = [row.case for row in matrix.rows if not row.hurts_bare]
    lines = [
        f"{len(matrix.rows)} attacks, {len(FOOLABLE)} layers fooled in turn, {matrix.seconds} s.",
        f"single points of failure: {len(matrix.gaps)}",
        *(f"  {gap}" for gap in matrix.gaps),
    ]
    lines += [f"to add a wall, {what}: {advice}" for what, advice in _advised(matrix.rows)]
    lines += [f"two together let it through: {row.case}: {' and '.join(pair)}"
              for row in matrix.rows for pair in row.pairs or ()]  # fmt: skip
    lines += [f"unseen by the journal: {row.case}" for row in matrix.rows if not row.seen]
    lines += [f"honest twin broken: {name}" for name in broken]
    lines += [f"does not hurt the bare application: {name}" for name in unhurt]
    lines += [f"on the wire, played by the tests against a socket: {name}" for name in matrix.skipped]
    return lines


def _advised(rows: Iterable[Row]) -> list[tuple[str, str]]:
    """What would add a wall to those with a single point: by attack where its case says so, else by threat."""
    gaps = [row for row in rows if row.single_points]
    by: dict[str, list[str]] = {}
    for row in gaps:
        by.setdefault(row.only or ADVICE[_threat(row)], []).append(row.case if row.only else _threat(row))
    return [(", ".join(dict.fromkeys(of)), advice) for advice, of in by.items()]


def _threat(row: Row) -> str:
    return next(threat for threat, kinds in ROWS.items() if row.kind in kinds)


def _by_threat(matrix: Matrix) -> list[tuple[str, list[Row]]]:
    """The rows by threat, in the threats' order."""
    rows = sorted(matrix.rows, key=lambda row: (list(ROWS).index(_threat(row)), row.case))
    return [(threat, list(group)) for threat, group in groupby(rows, key=_threat)]


def html(matrix: Matrix) -> str:
    """One page: no script, nothing loaded from anywhere, every value escaped by the template engine."""
    source = files("ringwall.drill").joinpath("matrix.html").read_text("utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)
    layers = [layer.value for layer in FOOLABLE]
    return template.render(matrix=matrix, layers=layers, groups=_by_threat(matrix), advised=_advised)


def threats(matrix: Matrix) -> str:
    """`THREATS.md`: each threat, its attacks, the layers that stop them, and the gaps by name."""
    lines = [
        "# Threats",
        "",
        "Written by `ringwall drill --threats THREATS.md` from a run on the bundled clinic; not to be edited.",
        "Each attack hurts the bare clinic. *Walls* are the layers that stop it with every other one fooled (which",
        "pass, and believe the attacker's claim); depth is how many. A *single point* is a layer whose failure alone",
        "lets it through.",
        "",
        f"{len(matrix.rows)} attacks · {len(FOOLABLE)} layers fooled in turn · "
        f"{len(matrix.gaps)} single points of failure",
    ]
    for threat, rows in _by_threat(matrix):
        lines += ["", f"## {threat.capitalize()}", "", "| attack | operation | walls | depth | single point |"]
        lines += ["|---|---|---|---|---|"]
        lines += [threat_line(row) for row in rows]
    if matrix.gaps:
        lines += ["", "## Single points of failure", ""]
        lines += [f"- **{what}**: {advice}" for what, advice in _advised(matrix.rows)]
    return "\n".join(lines) + "\n"


def threat_line(row: Row) -> str:
    """One attack's line in `THREATS.md`."""
    points, walls = ", ".join(row.single_points) or "none", " · ".join(row.alone) or "none"
    return f"| {row.case} | `{row.operation}` | {walls} | {row.depth} | {points} |"
