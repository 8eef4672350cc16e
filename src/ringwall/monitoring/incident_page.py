"""An incident as one page for people: no script, a style that its policy names by hash, every value escaped."""

from __future__ import annotations

import base64
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, StrictUndefined

from ringwall.monitoring.incident import CAVEAT, Incident

_STYLE: Final = (
    ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1rem}"
    "main{max-width:70rem;margin:auto}table{border-collapse:collapse;width:100%;display:block;overflow-x:auto}"
    "th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #8886;vertical-align:top}"
    "dt{font-weight:600}dd{margin:0 0 .5rem}code{overflow-wrap:anywhere}"
)


def page(incident: Incident) -> str:
    """The page as HTML."""
    source = (files(__package__) / "assets" / "incident.html").read_text("utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(source)
    digest = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
    return template.render(incident=incident, style=_STYLE, style_hash=digest, caveat=CAVEAT)
