"""Ringwall: state the security of an API once; concentric layers enforce it.

`protect` wraps an ASGI or WSGI application in one line; everything else is the `ringwall` command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringwall.build.protect import protect

__all__ = ["protect"]


def __getattr__(name: str) -> object:
    """`protect`, imported when it is first asked for: a room's own import stays as small as the room."""
    if name == "protect":
        from ringwall.build.protect import protect

        return protect
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
