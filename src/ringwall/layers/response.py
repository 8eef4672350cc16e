"""Response: what was decided about a caller, an address or an operation, held on the request path at little cost.

Decisions come from elsewhere and are swapped in whole; here they are looked up, and each ends by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ringwall.contract.model import Operation
from ringwall.core.address import network
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Refuse, Verdict

LAYER: Final = Layer.MONITORING

ADDRESS: Final = Reason(
    "monitoring.blocked.address",
    403,
    "Forbidden",
    "Wait as long as Retry-After says, or ask the operator.",
    "The caller's address is blocked for a time. `ringwall respond list` says why, `ringwall respond undo ID` ends it.",
)
PRINCIPAL: Final = Reason(
    "monitoring.blocked.principal",
    403,
    "Forbidden",
    "Wait as long as Retry-After says, or ask the operator.",
    "The principal is blocked for a time. `ringwall respond list` says why, `ringwall respond undo ID` ends it.",
)
CHALLENGE: Final = Reason(
    "monitoring.challenge",
    401,
    "Sign in again",
    "Sign in again with a second factor.",
    "The principal has to prove itself anew, with a second factor (RFC 9470), after an alert. An API key cannot.",
)
SLOWED: Final = Reason(
    "monitoring.slowed",
    429,
    "Too many requests",
    "Wait as long as Retry-After says.",
    "The caller is held to a lower rate for a time after an alert. `ringwall respond list` says why.",
)
FROZEN: Final = Reason(
    "monitoring.frozen",
    503,
    "Temporarily unavailable",
    "Try again after the stated time.",
    "The operation is frozen for everybody after an alert. `ringwall respond undo ID` opens it again.",
)
REASONS: Final = (ADDRESS, PRINCIPAL, CHALLENGE, SLOWED, FROZEN)

_MANY = 10_000


@dataclass(frozen=True, slots=True)
class Restraint:
    """Something that holds from `since` to `until` (epoch seconds); `rate` is what `slow` leaves: so many requests in
    so many seconds."""

    id: str
    since: float
    until: float
    rate: tuple[int, float] | None = None


Restrained = Mapping[str, Restraint]


@dataclass(slots=True)
class Restraints:
    """What holds now, by what it is about: addresses as `network` writes them, subjects, operations' keys. Each mapping
    is replaced and never changed, so that no reader needs a lock."""

    addresses: Restrained = field(default_factory=dict)
    slow_addresses: Restrained = field(default_factory=dict)
    principals: Restrained = field(default_factory=dict)
    challenged: Restrained = field(default_factory=dict)
    slow_principals: Restrained = field(default_factory=dict)
    frozen: Restrained = field(default_factory=dict)


def forge_address(restraints: Restraints) -> Guards:
    """Before anything else: the caller's address."""
    spend = _Allowance().spend

    def address(head: Head, known: Known) -> Verdict:
        if not restraints.addresses and not restraints.slow_addresses:
            return PASS
        place = network(known.client)
        blocked = restraints.addresses.get(place)
        if blocked is not None and blocked.until > known.now:
            return _until(ADDRESS, blocked, known.now)
        return _slow(restraints.slow_addresses.get(place), place, known.now, spend)

    return Guards(head=(Guard(LAYER, "restraint", address, "monitoring.respond"),))


def forge(operation: Operation, restraints: Restraints) -> Guards:
    """After authentication: the principal, and the operation itself."""
    key, spend = operation.key, _Allowance().spend

    def standing(head: Head, known: Known) -> Verdict:
        if restraints.frozen:
            frozen = restraints.frozen.get(key)
            if frozen is not None and frozen.until > known.now:
                return _until(FROZEN, frozen, known.now)
        principal = known.principal
        return PASS if principal is None else _judged(principal, known.now, restraints, spend)

    return Guards(head=(Guard(LAYER, "standing", standing, "monitoring.respond"),))


def _judged(principal: Principal, now: float, held: Restraints, spend: Spend) -> Verdict:
    subject = principal.subject
    if held.principals:
        blocked = held.principals.get(subject)
        if blocked is not None and blocked.until > now:
            return _until(PRINCIPAL, blocked, now)
    if held.challenged:
        asked = held.challenged.get(subject)
        if asked is not None and asked.until > now and not _proved(principal, asked.since):
            return Refuse(CHALLENGE, headers=((b"www-authenticate", _step_up(asked, now)),), detail=asked.id)
    return _slow(held.slow_principals.get(subject), subject, now, spend) if held.slow_principals else PASS


def _proved(principal: Principal, since: float) -> bool:
    """Whether the principal signed in with a second factor after it was asked to."""
    when = principal.claims.get("auth_time", principal.claims.get("iat"))
    return principal.mfa and isinstance(when, (int, float)) and when >= math.floor(since)


def _step_up(asked: Restraint, now: float) -> bytes:
    """RFC 9470, section 3."""
    age = max(1, math.floor(now - asked.since))
    return (
        b'Bearer realm="ringwall", error="insufficient_user_authentication", '
        b'error_description="sign in again with a second factor", max_age="%d"' % age
    )


def _until(reason: Reason, held: Restraint, now: float) -> Refuse:
    return Refuse(reason, headers=((b"retry-after", b"%d" % math.ceil(held.until - now)),), detail=held.id)


Spend = Callable[[str, Restraint, float], float]


class _Allowance:
    """What slowed callers have left: when each may ask next. Bounded, the longest unused out first."""

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def spend(self, who: str, held: Restraint, now: float) -> float:
        """Seconds to wait, 0.0 where the request may pass (GCRA, as for any rate)."""
        count, seconds = held.rate or (1, 1.0)
        interval = seconds / count
        due = min(max(self._next.pop(who, now), now), now + seconds)
        early = due - now - interval * (count - 1)
        self._next[who] = due if early > 1e-6 else due + interval
        if len(self._next) > _MANY:
            del self._next[next(iter(self._next))]
        return early if early > 1e-6 else 0.0


def _slow(held: Restraint | None, who: str, now: float, spend: Spend) -> Verdict:
    if held is None or held.until <= now:
        return PASS
    wait = spend(who, held, now)
    if wait == 0.0:
        return PASS
    return Refuse(SLOWED, headers=((b"retry-after", b"%d" % math.ceil(wait)),), detail=held.id)
