"""Authentication: which credential, whose, and does it still stand. Turns one credential into one Principal.

One request carries one credential. A token that was verified is remembered by its hash until it ends; whether it
still stands is asked again every `staleness` seconds, so that a revoked one stops within that time.
"""

from __future__ import annotations

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.authentication.credential import Credential, credential_of
from ringwall.layers.authentication.keys import key_verdict
from ringwall.layers.authentication.passwords import password_verdict
from ringwall.layers.authentication.reasons import (
    BASIC,
    BEARER,
    LAYER,
    MISSING,
    REASONS,
    SCHEME,
    UPSTREAM_DIRECT,
    invalid,
)
from ringwall.layers.authentication.settings import Own, Settings, Upstream
from ringwall.layers.authentication.signin import delivery_guard, upstream_guards
from ringwall.layers.authentication.tokens import token_verdict
from ringwall.layers.authentication.upstream import PREFIX, presented, session_verdict

__all__ = ["LAYER", "PREFIX", "REASONS", "Own", "Settings", "Upstream", "forge", "forge_delivery"]


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guard of one operation: a principal where a credential came, a refusal where one is needed and none did."""
    public = operation.rule is not None and "anyone" in operation.rule.allow
    challenges = (BEARER, BASIC) if settings.basic else (BEARER,)
    missing = Refuse(MISSING, headers=challenges)
    unknown = PASS if public else Refuse(SCHEME, headers=challenges)
    upstream = settings.upstream
    if upstream is not None:
        return _wrapped(operation, settings, upstream, missing if not public else PASS)

    def credential(head: Head, known: Known) -> Verdict:
        found = credential_of(head)
        if found is None:
            return PASS if public else missing
        if isinstance(found, Refuse):
            return found
        return _verdict(found, known, settings) or unknown

    return Guards(head=(Guard(LAYER, "credential", credential, "authentication"),))


def forge_delivery(operation: Operation, settings: Settings) -> Guards:
    """After all others: what a sign-in at the application's own login gives to the caller."""
    upstream = settings.upstream
    if upstream is None or operation.key not in upstream.login.login | upstream.login.refresh:
        return Guards()
    return Guards(reply=(Guard(LAYER, "delivery", delivery_guard(upstream), "authentication.upstream"),))


def _wrapped(operation: Operation, settings: Settings, upstream: Upstream, without: Verdict) -> Guards:
    """The guards where the application has a login of its own. What comes to its sign-in is no credential yet."""
    login = upstream.login
    ignored = operation.key in login.login or (operation.key in login.refresh and login.refresh_token is not None)
    direct = invalid(UPSTREAM_DIRECT)

    def credential(head: Head, known: Known) -> Verdict:
        found = None if ignored and without is PASS else presented(head, login)
        if found is None:
            return without
        if isinstance(found, Refuse):
            return found
        if found.kind == "token" and found.text.startswith(PREFIX):
            return session_verdict(found, known, settings, upstream)
        return _verdict(found, known, settings) or direct

    head = Guards(head=(Guard(LAYER, "credential", credential, "authentication"),))
    return head + upstream_guards(operation, settings, upstream)


def _verdict(found: Credential, known: Known, settings: Settings) -> Verdict | None:
    """The verdict on a credential, or None where the contract does not take its kind."""
    if found.kind == "key":
        return key_verdict(found, known, settings) if settings.api_keys else None
    if found.kind == "token":
        return token_verdict(found, known, settings)
    if found.kind == "basic":
        return password_verdict(found, known, settings) if settings.basic else None
    return None
