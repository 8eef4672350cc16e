"""Quota: how often one address and one principal may ask, by the generic cell rate algorithm, in memory.

GCRA (ITU-T I.371) keeps one number a bucket: the time at which it will be empty again. Buckets are bounded;
when there are too many, those that are empty go first, then the oldest.
"""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass

from ringwall.contract.model import Operation, Rate
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Refuse, Verdict

LAYER = Layer.QUOTA

RATE = Reason(
    "quota.rate",
    429,
    "Too many requests",
    "Wait as long as Retry-After says.",
    "The caller is over the rate of this operation (`rate`) or of all operations (`limits.rate`).",
)
ADDRESS = Reason(
    "quota.address",
    429,
    "Too many requests",
    "Wait as long as Retry-After says.",
    "The address is over `limits.anonymous_rate`. Behind a proxy, name it under `trusted_proxies`.",
)
REASONS = (RATE, ADDRESS)

_BUCKETS = 100_000


class Buckets:
    """Many buckets of one rate. `spend` is a few dictionary operations and needs no lock under the GIL's rules:
    a lost update between threads lets at most one extra request by."""

    __slots__ = ("_burst", "_empty_at", "_interval", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._interval = rate.seconds / rate.count
        self._burst = rate.seconds - self._interval
        self._empty_at: dict[str, float] = {}

    def spend(self, key: str, now: float) -> float:
        """0.0 if the request may pass, else the seconds until one may."""
        free_at = max(self._empty_at.get(key, now), now)
        early = free_at - now - self._burst
        if early > 1e-9:
            return early
        if len(self._empty_at) >= _BUCKETS:
            self._sweep(now)
        self._empty_at[key] = free_at + self._interval
        return 0.0

    def _sweep(self, now: float) -> None:
        self._empty_at = {key: at for key, at in self._empty_at.items() if at > now}
        for key in list(self._empty_at)[: max(0, len(self._empty_at) - _BUCKETS // 2)]:
            del self._empty_at[key]


@dataclass(frozen=True, slots=True)
class Settings:
    """Buckets that all operations share: by address (before authentication) and by principal (after it)."""

    addresses: Buckets | None
    principals: Buckets | None


def settings(by_address: Rate | None, by_principal: Rate | None) -> Settings:
    """The shared buckets of a wall."""
    return Settings(
        Buckets(by_address) if by_address else None,
        Buckets(by_principal) if by_principal else None,
    )


def forge(operation: Operation | None, given: Settings) -> Guards:
    """Before authentication: the rate of the caller's address."""
    buckets = given.addresses
    if buckets is None:
        return Guards()

    def address(head: Head, known: Known) -> Verdict:
        return _verdict(buckets, network(known.client), known.now, ADDRESS)

    return Guards(head=(Guard(LAYER, "address", address, "limits.anonymous_rate"),))


def forge_principal(operation: Operation, given: Settings) -> Guards:
    """After authentication: the rate of the principal, for this operation and for all."""
    found: list[Guard[Callable[[Head, Known], Verdict]]] = []
    if operation.rule is not None and operation.rule.rate is not None:
        own = Buckets(operation.rule.rate)
        found.append(Guard(LAYER, "operation", _by_caller(own), f"{operation.rule.key}.rate"))
    if given.principals is not None:
        found.append(Guard(LAYER, "principal", _by_caller(given.principals), "limits.rate"))
    return Guards(head=tuple(found))


def _by_caller(buckets: Buckets) -> Callable[[Head, Known], Verdict]:
    def spend(head: Head, known: Known) -> Verdict:
        who = known.principal.subject if known.principal else network(known.client)
        return _verdict(buckets, who, known.now, RATE)

    return spend


def _verdict(buckets: Buckets, key: str, now: float, reason: Reason) -> Verdict:
    wait = buckets.spend(key, now)
    if wait == 0.0:
        return PASS
    seconds = math.ceil(wait)
    policy = f'"default";q={buckets.rate.count};w={math.ceil(buckets.rate.seconds)}'
    return Refuse(
        reason,
        headers=(
            (b"retry-after", b"%d" % seconds),
            (b"ratelimit-policy", policy.encode()),
            (b"ratelimit", b'"default";r=0;t=%d' % seconds),
        ),
    )


def network(address: str) -> str:
    """What counts as one caller: an IPv4 address, or the /64 of an IPv6 one (what one subscriber holds)."""
    if ":" not in address:
        return address
    try:
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    except ValueError:
        return address
