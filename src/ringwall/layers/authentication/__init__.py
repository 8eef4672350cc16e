"""Authentication: which credential, whose, and does it still stand. Turns one credential into one Principal.

One request carries one credential. A token that was verified is remembered by its hash until it ends; whether it
still stands is asked again every `staleness` seconds, so that a revoked one stops within that time.
"""

from __future__ import annotations

from collections.abc import Callable

from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import Head
from ringwall.core.plan import Guard, Guards
from ringwall.core.verdict import PASS, Refuse, Verdict
from ringwall.layers.authentication.bound import Proofs, held
from ringwall.layers.authentication.certificates import certificate_verdict
from ringwall.layers.authentication.credential import KEY_HEADER, SESSION_COOKIE, Credential, credential_of, session_of
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
from ringwall.layers.authentication.sessions import session_verdict
from ringwall.layers.authentication.settings import Own, Settings, Upstream
from ringwall.layers.authentication.signin import delivery_guard, upstream_guards
from ringwall.layers.authentication.tokens import token_verdict
from ringwall.layers.authentication.upstream import PREFIX, presented, upstream_verdict

__all__ = [
    "KEY_HEADER",
    "LAYER",
    "PREFIX",
    "REASONS",
    "SESSION_COOKIE",
    "Own",
    "Proofs",
    "Settings",
    "Upstream",
    "forge",
    "forge_delivery",
]


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guard of one operation: a principal where a credential came, a refusal where one is needed and none did.

    Where the application has a login of its own, what comes to that is no credential yet, and nothing but what was
    issued here is one anywhere else.
    """
    public = operation.rule is not None and "anyone" in operation.rule.allow
    challenges = (BEARER, BASIC) if settings.basic else (BEARER,)
    missing = Refuse(MISSING, headers=challenges)
    unknown: Verdict = PASS if public else Refuse(SCHEME, headers=challenges)
    find, upstream, certificates = _finder(settings), settings.upstream, settings.certificates
    if upstream is not None:
        unknown = invalid(UPSTREAM_DIRECT)
        if public and _signs_in(operation, upstream):
            return upstream_guards(operation, settings, upstream)

    def credential(head: Head, known: Known) -> Verdict:
        found = find(head)
        if found is None and settings.sessions:
            found = session_of(head)
        if found is None and head.certificate is not None and certificates is not None:
            return certificate_verdict(head.certificate, known, settings, certificates, public=public)
        if found is None:
            return PASS if public else missing
        if isinstance(found, Refuse):
            return found
        if found.kind == "session":
            return session_verdict(found, head, known, settings, public=public)
        if upstream is not None and found.text.startswith(PREFIX):
            return upstream_verdict(found, known, settings, upstream)
        verdict = _verdict(found, known, settings) or unknown
        return held(head, found, known, verdict, settings.proofs) if found.kind == "token" else verdict

    own = Guards(head=(Guard(LAYER, "credential", credential, "authentication"),))
    return own + upstream_guards(operation, settings, upstream) if upstream is not None else own


def _finder(settings: Settings) -> Callable[[Head], Credential | Refuse | None]:
    """What finds the credential of a request."""
    places = settings.key_places
    if settings.upstream is not None:
        login = settings.upstream.login
        return lambda head: presented(head, login, places)
    return (lambda head: credential_of(head, places)) if places else credential_of


def _signs_in(operation: Operation, upstream: Upstream) -> bool:
    """Whether an operation gives a token, and takes no credential but what is in its content."""
    login = upstream.login
    return operation.key in login.login or (operation.key in login.refresh and login.refresh_token is not None)


def forge_delivery(operation: Operation, settings: Settings) -> Guards:
    """After all others: what a sign-in at the application's own login gives to the caller."""
    upstream = settings.upstream
    if upstream is None or operation.key not in upstream.login.login | upstream.login.refresh:
        return Guards()
    return Guards(reply=(Guard(LAYER, "delivery", delivery_guard(upstream), "authentication.upstream"),))


def _verdict(found: Credential, known: Known, settings: Settings) -> Verdict | None:
    """The verdict on a credential, or None where the contract does not take its kind."""
    if found.kind == "key":
        return key_verdict(found, known, settings) if settings.api_keys else None
    if found.kind == "token":
        return token_verdict(found, known, settings)
    if found.kind == "basic":
        return password_verdict(found, known, settings) if settings.basic else None
    return None
