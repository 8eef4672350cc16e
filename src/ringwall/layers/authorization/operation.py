"""The operation's rule: which words may call it at all."""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import HeadCheck
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.authorization.reasons import DUTIES, OPERATION, STEP_UP
from ringwall.layers.authorization.references import decided_by_reference
from ringwall.layers.authorization.settings import Settings, words_of

_CHALLENGE = ((b"www-authenticate", b'Bearer error="insufficient_user_authentication", acr_values="urn:ringwall:mfa"'),)


def operation_guard(operation: Operation, settings: Settings) -> HeadCheck:
    """Deny by default: a word of `allow` must hold, or be one that only an object can decide."""
    allowed = words_of(operation)
    by_owner, by_member = _decided_by_object(operation, settings, allowed)
    refused = Refuse(OPERATION)

    def check(head: Head, known: Known) -> Verdict:
        if "anyone" in allowed:
            return PASS
        principal = known.principal
        if principal is None:
            return refused
        if by_owner or (by_member and principal.tenant) or not principal.words.isdisjoint(allowed):
            return PASS
        if not principal.pending.isdisjoint(allowed):
            return Refuse(STEP_UP, headers=_CHALLENGE)
        if not principal.barred.isdisjoint(allowed):
            return Refuse(DUTIES)
        return refused

    return check


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
