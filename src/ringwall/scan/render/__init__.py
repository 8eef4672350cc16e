"""A report as text, JSON, SARIF 2.1.0, JUnit XML, or one HTML file. Renders what it is given, and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ringwall.scan.model import Report
from ringwall.scan.render.html import html
from ringwall.scan.render.junit import junit
from ringwall.scan.render.plain import as_json, text
from ringwall.scan.render.sarif import sarif

FORMATS: Mapping[str, Callable[[Report], str]] = {
    "text": text,
    "json": as_json,
    "sarif": sarif,
    "junit": junit,
    "html": html,
}

__all__ = ["FORMATS"]
