"""From hits to alerts: one alert for a rule and its group as long as it goes on holding, told once."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ringwall.monitoring.rules.engine import Hit
from ringwall.state.alerts import REQUESTS, Alert, Alerts

MOST: Final = 10_000
QUIET_S: Final = 300.0
"""Seconds without a hit after which the next one is a new alert; a rule's own window where that is longer."""

Record = Mapping[str, object]
Key = tuple[str, tuple[tuple[str, str], ...]]


class Raised:
    """The alerts of one store. The open ones are kept here, at most `MOST` of them, those that held last: a flood of
    hits is no flood of reads, and in the store they cannot be found by whom they are about, which is sealed there."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._open: dict[Key, Alert] = {}
        self._changed: dict[Key, tuple[Alert, Hit, Record, float]] = {}
        for alert in reversed(alerts.alerts(open_only=True, limit=MOST)):
            self._keep(_key(alert.rule, alert.group), alert)

    def take(self, hit: Hit, record: Record, at: float) -> tuple[Alert, bool]:
        """The alert that a hit belongs to, and whether it is new. Raises Unavailable."""
        group = hit.group or _natural(record)
        key = _key(hit.rule, group)
        known = self._open.get(key)
        if known is not None and at - known.last <= self._quiet(hit):
            again = replace(
                known,
                last=max(at, known.last),
                count=known.count + 1,
                explanation=hit.explanation or known.explanation,
                requests=_requests(known.requests, record),
            )
            self._keep(key, again)
            self._changed[key] = (again, hit, record, at)
            return again, False
        new = made(hit, group, record, at)
        self._alerts.add(new)
        self._keep(key, new)
        return new, True

    def settle(self) -> list[tuple[Hit, Record, float]]:
        """Write what went on; the hits that came for alerts which somebody had closed, to be taken anew. Raises
        Unavailable."""
        changed, self._changed = self._changed, {}
        anew = []
        for key, (alert, hit, record, at) in changed.items():
            if not self._alerts.again(alert):
                self._open.pop(key, None)
                anew.append((hit, record, at))
        return anew

    def forget(self, rule: str) -> None:
        """What holds no more: its next hit is a new alert."""
        self._open = {key: alert for key, alert in self._open.items() if key[0] != rule}

    def _keep(self, key: Key, alert: Alert) -> None:
        self._open.pop(key, None)
        self._open[key] = alert
        if len(self._open) > MOST:
            del self._open[next(iter(self._open))]

    @staticmethod
    def _quiet(hit: Hit) -> float:
        return max(QUIET_S, min(hit.window_s, 86_400.0))


def _key(rule: str, group: Mapping[str, str]) -> Key:
    return rule, tuple(sorted(group.items()))


def _natural(record: Record) -> dict[str, str]:
    """Who a hit without a group is about: the principal, else the address."""
    for name in ("principal", "client"):
        value = record.get(name)
        if isinstance(value, str) and value:
            return {name: value}
    return {}


def made(hit: Hit, group: Mapping[str, str], record: Record, at: float) -> Alert:
    """A new alert."""
    return Alert(
        id=f"a-{secrets.token_hex(6)}",
        rule=hit.rule,
        title=hit.title,
        level=hit.level,
        first=at,
        last=at,
        count=1,
        group=group,
        explanation=hit.explanation or _told(record),
        principal=_text(group.get("principal") or record.get("principal")),
        client=_text(group.get("client") or record.get("client")),
        operation=_text(group.get("operation") or record.get("operation")),
        requests=_requests((), record),
    )


def _told(record: Record) -> str:
    parts = [str(record[name]) for name in ("reason", "operation") if record.get(name)]
    suspects = record.get("suspects")
    looks = f", which looks like {', '.join(map(str, suspects))}" if isinstance(suspects, list) and suspects else ""
    return " at ".join(parts) + looks


def _text(value: object) -> str | None:
    return str(value) if value else None


def _requests(known: tuple[str, ...], record: Record) -> tuple[str, ...]:
    """The first requests concerned and the latest; those between are found by the journal's own search."""
    request = record.get("id")
    if not isinstance(request, str) or request in known:
        return known
    kept = known if len(known) < REQUESTS else (*known[: REQUESTS // 2], *known[REQUESTS // 2 + 1 :])
    return (*kept, request)
