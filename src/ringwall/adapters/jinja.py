"""Jinja2: the source of a template that does not come from a file is shown before it is compiled."""

from __future__ import annotations

import functools
from typing import Any

from jinja2 import Environment

from ringwall.adapters.effects import show
from ringwall.core.effect import Effect


def install() -> None:
    """Watch every environment's compiler."""
    plain = Environment.compile

    @functools.wraps(plain)
    def compile_shown(
        self: Environment, source: Any, name: Any = None, filename: Any = None, *args: Any, **kwargs: Any
    ) -> Any:
        if filename is None and isinstance(source, str):
            show(Effect("template", source, "jinja"))
        return plain(self, source, name, filename, *args, **kwargs)

    Environment.compile = compile_shown  # type: ignore[method-assign]
