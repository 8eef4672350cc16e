"""Conditions on the time, the network and the caller, worked out once at start. What cannot be told does not hold."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to hold, each part where it is stated: minutes of the day from `hours[0]` up to `hours[1]` (past
    midnight where that is less), days of the week (Monday is 0, of the day on which such hours began), both in
    `zone`; the networks of the client; how the caller proved who it is; and values of its claims, by dotted path."""

    hours: tuple[int, int] | None
    days: frozenset[int]
    zone: tzinfo
    networks: tuple[Network, ...]
    methods: frozenset[str]
    claims: Mapping[str, frozenset[str]]

    def failing(self, now: float, client: str, method: str, claims: Mapping[str, Any]) -> str | None:
        """The first part that does not hold (`time`, `network`, `method`, `claims`), or None."""
        if (self.hours is not None or self.days) and not self._now(now):
            return "time"
        if self.networks and not _within(client, self.networks):
            return "network"
        if self.methods and method not in self.methods:
            return "method"
        if not all(wanted & _texts(claim_at(claims, path)) for path, wanted in self.claims.items()):
            return "claims"
        return None

    def _now(self, now: float) -> bool:
        here = datetime.fromtimestamp(now, self.zone)
        minute, day = here.hour * 60 + here.minute, here.weekday()
        if self.hours is not None:
            begin, end = self.hours
            if begin < end and not begin <= minute < end:
                return False
            if begin >= end:
                if end <= minute < begin:
                    return False
                day = (day - 1) % 7 if minute < end else day
        return not self.days or day in self.days


def claim_at(claims: Mapping[str, Any], path: str) -> Any:
    """The claim of that very name, else the one at a dotted path (`realm_access.roles`); None where there is none."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _texts(value: Any) -> frozenset[str]:
    """A claim's value as texts: itself, or what a list of them holds. True and false are told as JSON has them."""
    items: Iterable[Any] = value if isinstance(value, list) else [value]
    return frozenset(
        str(item).lower() if isinstance(item, bool) else str(item) for item in items if isinstance(item, (str, int))
    )


def _within(client: str, networks: tuple[Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return any((mapped or address) in network for network in networks)
