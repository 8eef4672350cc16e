"""The roles that a caller holds here and now: its credential's, its groups', those granted to it for a time, less what
separation of duties takes away. And the conditions of a rule, which are of the moment too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ringwall.contract.model import Operation, When
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Head
from ringwall.core.plan import HeadCheck
from ringwall.core.ports import Granted, GrantsOf
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Verdict
from ringwall.engines.policy import Condition, Roles, claim_at
from ringwall.layers.authorization.reasons import CONDITION

_MANY = 20_000
_NO_CLAIMS: Mapping[str, JSON] = {}


@dataclass(frozen=True, slots=True)
class Standing:
    """What roles there are, the claim that holds the groups of each issuer, and how old an answer about grants may be
    (s). Remembers what callers came to hold; bounded, oldest out first."""

    roles: Roles
    groups: Mapping[str, str]
    staleness_s: float
    memory: dict[tuple[str, str], tuple[Principal, float, Principal]] = field(default_factory=dict)


def standing_guard(settings: Standing) -> HeadCheck:
    """Establish the caller's roles anew from everything that brings one. The answer about one proven principal is
    good for `staleness` seconds, and never past the end of a grant."""
    memory = settings.memory

    def check(head: Head, known: Known) -> Verdict:
        principal = known.principal
        if principal is None or principal.method == "claimed":
            return PASS
        named = principal.credential, principal.subject  # not its `id`: that raises an audit event, which has a hook
        before = memory.get(named)
        if before is not None and before[0] is principal and before[1] > known.now:
            return PASS if before[2] is principal else Learned(known.with_principal(before[2]))

        def judge(answer: object) -> Verdict:
            granted = answer if isinstance(answer, Granted) else Granted(frozenset(), known.now)
            made = _standing(principal, granted.roles, settings)
            if len(memory) >= _MANY:
                memory.pop(next(iter(memory)), None)
            memory[named] = principal, min(granted.until, known.now + settings.staleness_s), made
            return PASS if made is principal else Learned(known.with_principal(made))

        return Ask(GrantsOf(principal.subject, known.now), judge)

    return check


def _standing(principal: Principal, granted: frozenset[str], settings: Standing) -> Principal:
    roles = settings.roles
    claim = settings.groups.get(principal.issuer)
    groups = _words(claim_at(principal.claims, claim)) if claim is not None else frozenset[str]()
    own = principal.granted or principal.roles | (principal.pending & roles.mfa)
    every = own | granted | roles.of_groups(groups)
    held = roles.held(every, mfa=principal.mfa)
    kept = held.roles | principal.roles.difference(roles.includes)
    if (kept, held.pending, held.barred, groups) == (principal.roles, principal.pending, frozenset(), frozenset()):
        return principal
    return replace(principal, roles=kept, pending=held.pending, barred=held.barred, groups=groups)


def _words(value: object) -> frozenset[str]:
    items = value if isinstance(value, list) else [value]
    return frozenset(item for item in items if isinstance(item, str))


def condition_guard(operation: Operation) -> HeadCheck | None:
    """Hold the operation to `when`; None where its rule states none."""
    when = operation.rule.when if operation.rule else None
    if when is None:
        return None
    condition = condition_of(when)

    def check(head: Head, known: Known) -> Verdict:
        principal = known.principal
        method, claims = (principal.method, principal.claims) if principal else ("", _NO_CLAIMS)
        failing = condition.failing(known.now, known.client, method, claims)
        return Refuse(CONDITION, detail=failing) if failing else PASS

    return check


def condition_of(when: When) -> Condition:
    """The conditions as the policy engine takes them."""
    return Condition(when.hours, when.days, when.zone, when.networks, when.methods, dict(when.claims))
