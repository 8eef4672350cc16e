"""The JSON Schema of what a report is for machines; kept stable."""

from __future__ import annotations

import json
from importlib.resources import files


def report_schema() -> dict[str, object]:
    """The schema (2020-12) of `ringwall report --json`."""
    schema: dict[str, object] = json.loads(files(__name__).joinpath("report.json").read_text(encoding="utf-8"))
    return schema
