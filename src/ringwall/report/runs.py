"""The JSON of a drill and of a scan, read as runs. Whether they were of this contract their forms do not say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ringwall.report.held import moment
from ringwall.report.model import Run

SIZE = 64 << 20
_SHOWN = 20


class NoRun(Exception):
    """A file that is not what it is given as; the message says which and why."""


def drill(path: Path | None) -> Run:
    """`ringwall drill --json`. Raises NoRun."""
    if path is None:
        return Run("drill", None, "no drill was given (--drill)")
    return _read(path, "ringwall drill --json", _drill)


def scan(path: Path | None) -> Run:
    """`ringwall scan --json`. Raises NoRun."""
    if path is None:
        return Run("scan", None, "no scan was given (--scan)")
    return _read(path, "ringwall scan --json", _scan)


def _read(path: Path, form: str, told: Callable[[Any, str], Run]) -> Run:
    try:
        if path.stat().st_size > SIZE:
            raise NoRun(f"{path}: more than {SIZE >> 20} MiB")
        document, at = json.loads(path.read_bytes()), moment(path.stat().st_mtime)
    except OSError as failure:
        raise NoRun(f"{path}: {failure.strerror}") from None
    except (ValueError, RecursionError):
        raise NoRun(f"{path}: not JSON") from None
    try:
        return told(document, at)
    except (KeyError, TypeError, AttributeError, IndexError):
        raise NoRun(f"{path}: not what `{form}` prints") from None


def _drill(document: Any, at: str) -> Run:
    attacks = [(str(a["case"]), a["stopped_by"], a["hurts_bare"], a["cells"]) for a in document["attacks"]]
    flaws = [f"{case}: not stopped by the whole wall" for case, by, _, _ in attacks if by is None]
    flaws += [f"single point of failure: {point}" for point in list(document["single_points"])]
    flaws += [f"{case}: does not hurt the bare application" for case, _, hurts, _ in attacks if not hurts]
    flaws += [f"{case}: an honest request is turned away" for case, _, _, cells in attacks
              if not all(cell["honest_passes"] for cell in cells)]  # fmt: skip
    depths = [int(attack["depth"]) for attack in document["attacks"]]
    what = f"drill of {len(attacks)} attacks, least depth {min(depths, default=0)}"
    return Run(
        "drill", bool(attacks) and not flaws, what, at, _some(flaws, "it played no attack" if not attacks else None)
    )


def _scan(document: Any, at: str) -> Run:
    findings = [f for f in document["findings"] if not f["accepted"]]
    flaws = [f"{finding['class']}: {finding['operation']}" for finding in findings]
    states = [verdict["verdict"] for verdict in document["verdicts"]]
    tried = sum(state != "not tested" for state in states)
    what = f"scan of {document['url']}: {len(findings)} findings, {tried} of {len(states)} verdicts reached"
    if document["ended"] is not None:
        flaws.append(f"it stopped early: {document['ended']}")
    return Run(
        "scan", bool(tried) and not flaws, what, at, _some(flaws, "it reached no verdict" if not tried else None)
    )


def _some(flaws: list[str], nothing: str | None) -> tuple[str, ...]:
    shown = flaws if nothing is None else [nothing, *flaws]
    more = [f"and {len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    return (*shown[:_SHOWN], *more)
