"""An alert and a response, as the store keeps them and as others are told of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ringwall.state.database import Row

REQUESTS: Final = 50
"""Request ids that an alert keeps: its first and its latest."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule that held for a group, from when to when (epoch seconds) and how often, with the requests concerned."""

    id: str
    rule: str
    title: str
    level: str
    first: float
    last: float
    count: int
    group: Mapping[str, str]
    explanation: str
    principal: str | None
    client: str | None
    operation: str | None
    requests: tuple[str, ...]
    closed: float | None = None

    def document(self) -> dict[str, object]:
        """As `ringwall alerts list --json` prints it."""
        return {
            "id": self.id, "rule": self.rule, "title": self.title, "level": self.level, "first": self.first,
            "last": self.last, "count": self.count, "group": dict(self.group), "explanation": self.explanation,
            "principal": self.principal, "client": self.client, "operation": self.operation,
            "requests": list(self.requests), "closed": self.closed,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Response:
    """Something done about an alert: until when it holds, whether it was only told (`dry`), and when it was undone."""

    id: str
    action: str
    kind: str
    value: str
    since: float
    until: float
    alert: str
    rule: str
    detail: str
    dry: bool
    undone: float | None = None

    def holds(self, now: float) -> bool:
        """Whether it is in force."""
        return not self.dry and self.undone is None and self.until > now

    def document(self) -> dict[str, object]:
        """As `ringwall respond list --json` prints it."""
        return {
            "id": self.id, "action": self.action, "kind": self.kind, "value": self.value, "since": self.since,
            "until": self.until, "alert": self.alert, "rule": self.rule, "detail": self.detail, "dry_run": self.dry,
            "undone": self.undone,
        }  # fmt: skip


def as_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def _texts(value: object) -> str | None:
    return None if value is None else str(value)


def alert_of(row: Row) -> Alert:
    identity, rule, title, level, first, last, count, group, told, principal, client, operation, requests, closed = row
    return Alert(
        str(identity), str(rule), str(title), str(level), number(first), number(last), int(number(count)),
        json.loads(str(group)), str(told), _texts(principal), _texts(client), _texts(operation),
        tuple(json.loads(str(requests))), None if closed is None else number(closed),
    )  # fmt: skip


def response_of(row: Row) -> Response:
    identity, action, kind, value, since, until, alert, rule, detail, dry, undone = row
    return Response(
        str(identity), str(action), str(kind), str(value), number(since), number(until), str(alert), str(rule),
        str(detail), bool(dry), None if undone is None else number(undone),
    )  # fmt: skip
