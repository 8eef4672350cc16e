"""One drill held against an earlier one: which attacks lost a wall, and which single points are new."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ringwall.drill.matrix import Matrix

NAME: Final = "drill.json"
"""The file that a git revision is asked for: a drill's `--json`, committed."""


class NoEarlier(ValueError):
    """There is no earlier drill to hold this one against; says why."""


def earlier(stated: str) -> Mapping[str, Any]:
    """An earlier drill's JSON: a file, or `drill.json` as a git revision has it. Raises NoEarlier."""
    path = Path(stated)
    text = path.read_text("utf-8") if path.is_file() else _of_revision(stated)
    try:
        found = json.loads(text)
        return {attack["case"]: attack for attack in found["attacks"]}
    except (ValueError, KeyError, TypeError):
        raise NoEarlier(f"{stated} holds no drill's --json") from None


def _of_revision(revision: str) -> str:
    if revision.startswith("-"):
        raise NoEarlier(f"{revision!r} is neither a file nor a revision")
    asked = ["git", "show", f"{revision}:./{NAME}"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as failure:
        raise NoEarlier(f"git could not be asked for {revision}:{NAME}: {type(failure).__name__}") from None
    if done.returncode != 0:
        raise NoEarlier(f"{revision} is no file, and git has no {NAME} at it: commit a drill's --json as {NAME}")
    return done.stdout


def fallen(now: Matrix, before: Mapping[str, Any]) -> list[str]:
    """What got worse, a line each: less depth, a new single point of failure, an attack that is not stopped."""
    lines = []
    for row in now.rows:
        old = before.get(row.case)
        if old is None:
            continue
        if row.depth < old["depth"]:
            lines.append(f"{row.case}: depth {old['depth']} before, {row.depth} now")
        known = {cell["fooled"] for cell in old["cells"] if cell["stopped_by"] is None}
        lines += [f"{row.case}: {layer} is a single point of failure now" for layer in row.single_points
                  if layer not in known]  # fmt: skip
        if old["stopped_by"] is not None and row.stopped_by is None:
            lines.append(f"{row.case}: the whole wall does not stop it any more")
    return lines
