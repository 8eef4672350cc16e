"""Options of the form NAME=VALUE, as `scan` and `drill` say of whom they act as."""

from __future__ import annotations

import click


def pair(stated: str) -> tuple[str, str]:
    """Both sides, neither empty. Raises UsageError."""
    name, equals, value = stated.partition("=")
    if not (name and equals and value):
        raise click.UsageError(f"{stated!r} is not NAME=VALUE")
    return name, value
