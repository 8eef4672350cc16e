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
from ringwall.layers.authentication.bound import Proofs, held
from ringwall.layers.authentication.credential import Credential, credential_of, session_of
from ringwall.layers.authentication.keys import key_verdict
from ringwall.layers.authentication.passwords import password_verdict
from ringwall.layers.authentication.reasons import BASIC, BEARER, LAYER, MISSING, REASONS, SCHEME
from ringwall.layers.authentication.sessions import session_verdict
from ringwall.layers.authentication.settings import Own, Settings
from ringwall.layers.authentication.tokens import token_verdict

__all__ = ["LAYER", "REASONS", "Own", "Proofs", "Settings", "forge"]


def forge(operation: Operation, settings: Settings) -> Guards:
    """The guard of one operation: a principal where a credential came, a refusal where one is needed and none did."""
    public = operation.rule is not None and "anyone" in operation.rule.allow
    challenges = (BEARER, BASIC) if settings.basic else (BEARER,)
    missing = Refuse(MISSING, headers=challenges)
    unknown = PASS if public else Refuse(SCHEME, headers=challenges)

    def credential(head: Head, known: Known) -> Verdict:
        found = credential_of(head)
        if found is None and settings.sessions:
            found = session_of(head)
        if found is None:
            return PASS if public else missing
        if isinstance(found, Refuse):
            return found
        if found.kind == "session":
            return session_verdict(found, head, known, settings, public=public)
        verdict = _verdict(found, known, settings) or unknown
        return held(head, found, known, verdict, settings.proofs) if found.kind == "token" else verdict

    return Guards(head=(Guard(LAYER, "credential", credential, "authentication"),))


def _verdict(found: Credential, known: Known, settings: Settings) -> Verdict | None:
    """The verdict on a credential, or None where the contract does not take its kind."""
    if found.kind == "key":
        return key_verdict(found, known, settings) if settings.api_keys else None
    if found.kind == "token":
        return token_verdict(found, known, settings)
    if found.kind == "basic":
        return password_verdict(found, known, settings) if settings.basic else None
    return None
