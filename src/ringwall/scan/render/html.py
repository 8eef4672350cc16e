"""A report as one HTML file: no script, nothing loaded from anywhere, every value escaped by the template engine."""

from __future__ import annotations

from importlib.resources import files

from jinja2 import Environment, StrictUndefined

from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.model import Report
from ringwall.scan.render.plain import summary

_MARKS = {"proved": "✗", "refuted": "✓", "not tested": "·"}


def html(report: Report) -> str:
    """The whole page."""
    source = files("ringwall.scan.render").joinpath("report.html").read_text("utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)
    kinds = list(dict.fromkeys(v.kind for v in report.verdicts))
    cells = {(v.operation, v.kind): v for v in report.verdicts}
    operations = list(dict.fromkeys(v.operation for v in report.verdicts))
    return template.render(
        report=report, summary=summary(report), weaknesses=WEAKNESSES, kinds=kinds, cells=cells,
        operations=operations, marks=_MARKS,
    )  # fmt: skip
