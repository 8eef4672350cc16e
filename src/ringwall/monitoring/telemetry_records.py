"""What a record is to OpenTelemetry: its attributes and its time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

QUEUE: Final = 20_000
Record = Mapping[str, Any]
Attributes = dict[str, str | int | float | bool | Sequence[str]]

_ATTRIBUTES: Final = {
    "id": "ringwall.request.id", "operation": "ringwall.operation", "decision": "ringwall.decision",
    "reason": "ringwall.reason", "layer": "ringwall.layer", "principal": "enduser.id", "method": "http.request.method",
    "path": "http.route", "status": "http.response.status_code", "client": "client.address",
    "level": "ringwall.alert.level", "title": "ringwall.alert.title",
}  # fmt: skip


def attributes(record: Record) -> Attributes:
    """What a record says, under the names of OpenTelemetry's conventions where there are any."""
    return {name: record[key] for key, name in _ATTRIBUTES.items() if record.get(key) not in (None, "")}


def nanoseconds(record: Record) -> int:
    """When a record says that it began."""
    try:
        return int(datetime.fromisoformat(str(record["at"])).timestamp() * 1e9)
    except (KeyError, ValueError, OverflowError):
        return 0
