"""The operation's rule: which words may call it at all, through which clients, and how they must have signed in."""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.contract.stated import Requirement
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.authorization.reasons import BATCH, DUTIES, OPERATION, RECENT, SCOPE, STEP_UP
from ringwall.layers.authorization.references import decided_by_reference
from ringwall.layers.authorization.settings import Settings, words_of

_STEP_UP = 'Bearer error="insufficient_user_authentication"'
_ACR = 'acr_values="urn:ringwall:mfa"'


def operation_guard(operation: Operation, settings: Settings) -> HeadCheck:
    """Deny by default: a word of `allow` must hold, or be one that only an object can decide."""
    allowed = words_of(operation)
    by_owner, by_member = _decided_by_object(operation, settings, allowed)
    refused, no_scope = Refuse(OPERATION), _no_scope(allowed)
    scopes = frozenset(word[6:] for word in allowed if word.startswith("scope:"))
    step_up = Refuse(STEP_UP, headers=_challenge(_ACR))

    def check(head: Head, known: Known) -> Verdict:
        if "anyone" in allowed:
            return PASS
        principal = known.principal
        if principal is None:
            return refused
        if principal.delegated is not None and principal.delegated.isdisjoint(scopes):
            return no_scope
        if by_owner or (by_member and principal.tenant) or not principal.words.isdisjoint(allowed):
            return PASS
        if not principal.pending.isdisjoint(allowed):
            return step_up
        if not principal.barred.isdisjoint(allowed):
            return Refuse(DUTIES)
        return refused

    return check


def required_guard(operation: Operation) -> HeadCheck | None:
    """How the caller must have signed in (RFC 9470); None where nothing is required. Asked of those alone whom the rule
    allows: others are not told what it would take."""
    rule = operation.rule
    if rule is None or rule.requires is None:
        return None
    wanted = rule.requires
    refuse = Refuse(STEP_UP, headers=_challenge(*_wanted(wanted)))
    stale = Refuse(RECENT, headers=_challenge(*_wanted(wanted)))

    def check(head: Head, known: Known) -> Verdict:
        principal = known.principal
        if principal is None or (wanted.mfa and not principal.mfa):
            return refuse
        return PASS if wanted.max_age is None or _recent(principal, known.now, wanted.max_age) else stale

    return check


def batch_guard(operation: Operation) -> HeadCheck | None:
    """Refuse requests that would arrive inside another's body; None where there can be none, or the contract takes
    them."""
    if not operation.carries or (operation.rule is not None and operation.rule.batch):
        return None
    refuse = Refuse(BATCH)
    return lambda head, known: refuse


def _recent(principal: Principal, now: float, max_age: float) -> bool:
    """Whether the sign-in was at most so long ago; one that tells no time was not."""
    when = principal.claims.get("auth_time")
    return isinstance(when, int | float) and not isinstance(when, bool) and now - when <= max_age


def _wanted(wanted: Requirement) -> tuple[str, ...]:
    age = () if wanted.max_age is None else (f'max_age="{int(wanted.max_age)}"',)
    return (_ACR, *age) if wanted.mfa else age


def _challenge(*wanted: str) -> tuple[tuple[bytes, bytes], ...]:
    return ((b"www-authenticate", ", ".join((_STEP_UP, *wanted)).encode()),)


def _no_scope(allowed: frozenset[str]) -> Refuse:
    """The challenge of RFC 6750, section 3.1, with the scopes that would do. Where none would, a client that acts for a
    person may not call it at all."""
    scopes = " ".join(sorted(word[6:] for word in allowed if word.startswith("scope:")))
    if not scopes:
        return Refuse(SCOPE)
    return Refuse(
        SCOPE, headers=((b"www-authenticate", f'Bearer error="insufficient_scope", scope="{scopes}"'.encode()),)
    )


def _decided_by_object(operation: Operation, settings: Settings, allowed: frozenset[str]) -> tuple[bool, bool]:
    """Whether `owner`, and whether `member`, is allowed and there is an object with one to decide it later: in the
    path, in the reply of a read or a list, the one being made, or those that a write names. Otherwise those words open
    nothing."""
    reads = operation.api.method == "GET" or operation.lists or operation.creates
    reads = reads or decided_by_reference(operation, settings) is not None
    spoken = [settings.resources[name] for _, name in operation.objects]
    spoken += [operation.resource] if operation.resource and reads else []
    return (
        "owner" in allowed and any(r.owner for r in spoken),
        "member" in allowed and any(r.tenant for r in spoken),
    )
