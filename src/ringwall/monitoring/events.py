"""What the monitor does, as records of the journal, and an alert as others are told of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from ringwall.core.event import Event
from ringwall.state.alerts import Alert, Response


def told(alert: Alert, done: Iterable[Response], now: float) -> dict[str, object]:
    """An alert as others are told of it."""
    from_document = alert.document()
    return {
        "type": "ringwall.alert",
        "at": datetime.fromtimestamp(now).astimezone().isoformat(timespec="milliseconds"),
        **{key: value for key, value in from_document.items() if value not in (None, [], {})},
        "responses": [each.document() for each in done],
    }


def alert_event(alert: Alert, now: float) -> Event:
    return _event("alert", alert.id, now, f"alert.{alert.rule}", (f"alert:{alert.id}",), alert.principal, {
        "title": alert.title, "level": alert.level, "explanation": alert.explanation,
        "requests": list(alert.requests), "group": _impersonal(alert.group),
    })  # fmt: skip


def _impersonal(group: Mapping[str, str]) -> list[str]:
    """What of a group tells of no person: who it is about is the event's principal, which is sealed."""
    return [f"{name}={value}" for name, value in sorted(group.items()) if name not in ("principal", "client")]


def response_event(response: Response, verb: str, now: float, whose: str | None) -> Event:
    """A response as the journal has it: what was done, to whom, until when, and because of which alert. `whose` address
    it is held against, where that is known."""
    about = {"principal": response.value, "address": whose}.get(response.kind)
    target = f"{response.kind}:{response.value}"
    return _event("response", response.id, now, f"{verb}.{response.action}", (target,), None, {
        "alert": response.alert or None, "rule": response.rule, "until": response.until, "dry_run": response.dry,
    }, (about,))  # fmt: skip


def spared_event(alert: Alert, why: str, now: float) -> Event:
    return _event("response", alert.id, now, "respond.spared", (f"alert:{alert.id}",), None, {"explanation": why})


def _event(
    kind: str, identity: str, now: float, operation: str, objects: tuple[str, ...], principal: str | None,
    facts: dict[str, str | int | float | bool | list[str] | None], owners: tuple[str | None, ...] = (),
) -> Event:  # fmt: skip
    return Event(
        kind=kind, id=identity, at=now, operation=operation, method="", path="", client="", decision="allow",
        status=0, principal=principal, objects=objects, owners=owners, facts=facts,
    )  # fmt: skip
