"""The matrix as people and programs read it: text, JSON, `THREATS.md`."""

from __future__ import annotations

from itertools import groupby

from ringwall.attacks.case import ROWS
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
    lines += [f"honest twin broken: {name}" for name in broken]
    lines += [f"does not hurt the bare application: {name}" for name in unhurt]
    lines += [f"on the wire, played by the tests against a socket: {name}" for name in matrix.skipped]
    return lines


def threats(matrix: Matrix) -> str:
    """`THREATS.md`: each threat, its attacks, the layers that stop them, and the gaps by name."""
    by_kind = {kind: threat for threat, kinds in ROWS.items() for kind in kinds}
    rows = sorted(matrix.rows, key=lambda row: (list(ROWS).index(by_kind[row.kind]), row.case))
    lines = [
        "# Threats",
        "",
        "Written by `ringwall drill --threats THREATS.md` from a run on the bundled clinic; not to be edited.",
        "Each attack hurts the bare clinic. *Walls* are the layers that were seen to stop it: the first with all",
        "layers up, the others when one before them was fooled (it passed, and believed the attacker's claim).",
        "",
        f"{len(matrix.rows)} attacks · {len(FOOLABLE)} layers fooled in turn · "
        f"{len(matrix.gaps)} single points of failure",
    ]
    for threat, group in groupby(rows, key=lambda row: by_kind[row.kind]):
        lines += ["", f"## {threat.capitalize()}", "", "| attack | operation | walls | depth | single point |"]
        lines += ["|---|---|---|---|---|"]
        lines += [_line(row) for row in group]
    if matrix.gaps:
        lines += ["", "## Gaps", ""] + [f"- {gap}" for gap in matrix.gaps]
    return "\n".join(lines) + "\n"


def _line(row: Row) -> str:
    points = ", ".join(row.single_points) or "none"
    return f"| {row.case} | `{row.operation}` | {' · '.join(row.walls)} | {row.depth} | {points} |"
