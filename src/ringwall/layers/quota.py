"""Quota: how often one address and one principal may ask, by the generic cell rate algorithm, in memory.

GCRA (ITU-T I.371) keeps one number a bucket: the time at which it will be empty again. Buckets are bounded;
when there are too many, those that are empty go first, then the oldest.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from ringwall.contract.model import Operation, Rate
from ringwall.core.address import network as network
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
KEY = Reason(
    "quota.key",
    429,
    "Too many requests",
    "Wait as long as Retry-After says.",
    "The API key is over the rate that it was issued with (`ringwall apikeys issue --rate`).",
)
REASONS = (RATE, ADDRESS, KEY)

_BUCKETS = 100_000
_NS = 1_000_000_000
_ROUNDING = 1000
"""Nanoseconds: more than a float of epoch seconds is off by, less than anybody can use."""


class Buckets:
    """Many buckets of one rate. `spend` is a few dictionary operations and needs no lock under the GIL's rules:
    a lost update between threads lets at most one extra request by. The least recently used bucket stands first."""

    __slots__ = ("_burst", "_empty_at", "_interval", "rate")

    def __init__(self, rate: Rate) -> None:
        self.rate = rate
        self._interval = round(rate.seconds * _NS / rate.count)
        self._burst = self._interval * (rate.count - 1)
        self._empty_at: dict[str, int] = {}

    def spend(self, key: str, now: float) -> float:
        """0.0 if the request may pass, else the seconds until one may.

        A full bucket is empty again after the rate's seconds at the latest: what says otherwise was written before
        the clock was set back, and counts as full from now on.
        """
        at = int(now * _NS)
        empty_at = min(max(self._empty_at.pop(key, at), at), at + self._burst + self._interval)
        early = empty_at - at - self._burst
        passes = early <= _ROUNDING
        self._empty_at[key] = empty_at + self._interval if passes else empty_at
        if len(self._empty_at) > _BUCKETS:
            self._sweep(at)
        return 0.0 if passes else early / _NS

    def _sweep(self, at: int) -> None:
        """Other threads may spend meanwhile: what is walked is a copy."""
        kept = [entry for entry in list(self._empty_at.items()) if entry[1] > at]
        self._empty_at = dict(kept[-_BUCKETS // 2 :])


@dataclass(frozen=True, slots=True)
class Settings:
    """Buckets that all operations share: by address (before authentication), by principal (after it), and by rate
    those of credentials with a rate of their own (None where no credential has one)."""

    addresses: Buckets | None
    principals: Buckets | None
    credentials: dict[tuple[int, float], Buckets] | None = None


def settings(by_address: Rate | None, by_principal: Rate | None, *, by_credential: bool = False) -> Settings:
    """The shared buckets of a wall."""
    return Settings(
        Buckets(by_address) if by_address else None,
        Buckets(by_principal) if by_principal else None,
        {} if by_credential else None,
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
    if given.credentials is not None:
        found.append(Guard(LAYER, "credential", _by_credential(given.credentials), "authentication.api_keys"))
    if operation.rule is not None and operation.rule.rate is not None:
        own = Buckets(operation.rule.rate)
        found.append(Guard(LAYER, "operation", _by_caller(own), f"{operation.rule.key}.rate"))
    if given.principals is not None:
        found.append(Guard(LAYER, "principal", _by_caller(given.principals), "limits.rate"))
    return Guards(head=tuple(found))


def _by_caller(buckets: Buckets) -> Callable[[Head, Known], Verdict]:
    def spend(head: Head, known: Known) -> Verdict:
        who = f"={known.principal.subject}" if known.principal else network(known.client)
        return _verdict(buckets, who, known.now, RATE)

    return spend


def _by_credential(credentials: dict[tuple[int, float], Buckets]) -> Callable[[Head, Known], Verdict]:
    """The rate that the credential itself was issued with."""

    def spend(head: Head, known: Known) -> Verdict:
        rate = known.principal.rate if known.principal else None
        if known.principal is None or rate is None:
            return PASS
        buckets = credentials.get(rate)
        if buckets is None:
            buckets = credentials.setdefault(rate, Buckets(Rate(*rate)))
        return _verdict(buckets, known.principal.credential, known.now, KEY)

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
