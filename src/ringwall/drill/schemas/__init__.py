"""The JSON Schema of what the drill prints for machines; kept stable."""

from __future__ import annotations

import json
from importlib.resources import files


def matrix_schema() -> dict[str, object]:
    """The schema (2020-12) of `ringwall drill --json`."""
    schema: dict[str, object] = json.loads(files(__name__).joinpath("drill.json").read_text(encoding="utf-8"))
    return schema
