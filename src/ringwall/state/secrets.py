"""Secrets that a setting names and never holds: `env:NAME`, or `file:PATH` of a file that only its owner reads."""

from __future__ import annotations

import os
from pathlib import Path

from ringwall.core.ports import Unavailable
from ringwall.state.keyfiles import read_secret


def named_secret(where: str, what: str) -> str:
    """The text behind a name. Raises Unavailable, which says `what` it is for and never the text."""
    kind, _, name = where.partition(":")
    if kind == "env" and name:
        value = os.environ.get(name)
        if not value:
            raise Unavailable(f"{what} is to come from the environment's {name}, which is not set")
        return value
    if kind == "file" and name:
        return read_secret(Path(name)).decode("utf-8", "surrogateescape").rstrip("\r\n")
    raise Unavailable(f"{what} is named as env:NAME or file:PATH")
