"""What a rule may call a field: the members of a record, a few that are worked out, and Sigma's names for web logs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

Record = Mapping[str, Any]
Getter = Callable[[Record], object]

MEMBERS: Final = frozenset(
    {
        "kind", "id", "at", "operation", "method", "path", "client", "decision", "status", "reason", "layer", "detail",
        "principal", "roles", "credential", "objects", "faults", "notes", "suspects", "us", "app_us", "trace",
        "account", "outcome", "target", "reasons", "bytes_in", "bytes_out",
    }
)  # fmt: skip

WEB: Final[Mapping[str, str]] = {
    "cs-method": "method",
    "sc-status": "status",
    "c-ip": "client",
    "clientip": "client",
    "src_ip": "client",
    "cs-username": "principal",
    "cs-bytes": "bytes_in",
    "sc-bytes": "bytes_out",
}
"""The fields of Sigma's `webserver` and `proxy` log sources that a record answers."""


def getter(field: str) -> Getter | None:
    """How to read a field of a record; None for one that no record has."""
    name = WEB.get(field.lower(), field)
    worked = _WORKED.get(name)
    if worked is not None:
        return worked
    return (lambda record: record.get(name)) if name in MEMBERS else None


def _reasons(record: Record) -> object:
    """Every reason that was given, also by layers that only observe."""
    verdicts = record.get("verdicts")
    said = [v.get("reason") for v in verdicts if isinstance(v, Mapping)] if isinstance(verdicts, list) else []
    return list(dict.fromkeys(r for r in (record.get("reason"), *said) if isinstance(r, str) and r))


def _size(place: int) -> Getter:
    def size(record: Record) -> object:
        sizes = record.get("sizes")
        return sizes[place] if isinstance(sizes, (list, tuple)) and len(sizes) == 2 else None

    return size


def _target(record: Record) -> object:
    """The first of the objects: of an administrative act, what it was done to."""
    objects = record.get("objects")
    return objects[0] if isinstance(objects, (list, tuple)) and objects else None


_WORKED: Final[Mapping[str, Getter]] = {
    "reasons": _reasons,
    "bytes_in": _size(0),
    "bytes_out": _size(1),
    "target": _target,
}
