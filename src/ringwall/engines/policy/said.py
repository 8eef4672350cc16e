"""What an object says of itself, at the name of a property or a dotted path of them (`author.email`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def said(value: Mapping[str, Any], name: str | None) -> Any:
    """The value at a property, or at the path that its name is where there is none of this very name; None where there
    is neither."""
    if name is None:
        return None
    found = value.get(name)
    return found if found is not None or "." not in name else _below(value, name)


def _below(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def speaks(value: Mapping[str, Any], name: str | None) -> bool:
    """Whether an object has a word there: of a path, its first property."""
    return name is not None and (name in value or ("." in name and name.partition(".")[0] in value))


def name_of(value: Any) -> str | None:
    """An id as text: strings and integers name things (`42.0` is one, as in JSON Schema), nothing else."""
    if value.__class__ is str:
        return value
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, (str, int)) else None
