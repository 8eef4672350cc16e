"""Tokens bound to their sender (`cnf`, RFC 7800): by a DPoP key (RFC 9449, section 7) or a certificate (RFC 8705).

Whatever a token was verified by, it is worth nothing to whoever cannot show what it is bound to.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from ringwall.core.known import Known, Principal
from ringwall.core.message import Head, Header
from ringwall.core.peer import thumbprint
from ringwall.core.ports import Once
from ringwall.core.verdict import Ask, Learned, Refuse, Verdict
from ringwall.engines.tokens.dpop import (
    ALGORITHMS,
    FUTURE_S,
    PAST_S,
    Nonces,
    Proof,
    ProofFlaw,
    Target,
    verify_proof,
)
from ringwall.layers.authentication.credential import Credential
from ringwall.layers.authentication.proof_reasons import CERTIFICATE, FOREIGN, MISSING, NONCE, PROOF, REPLAY, UNBOUND


@dataclass(frozen=True, slots=True)
class Proofs:
    """What proofs are held to: our nonces, and the origin by which callers know this API."""

    nonces: Nonces
    origin: str


_ALGS = f'algs="{" ".join(ALGORITHMS)}"'


def held(head: Head, found: Credential, known: Known, verdict: Verdict, proofs: Proofs | None) -> Verdict:
    """The verdict on a token, once its sender has shown what it is bound to."""
    if isinstance(verdict, Ask):
        then = verdict.then
        return Ask(verdict.question, lambda answer: held(head, found, known, then(answer), proofs))
    if not isinstance(verdict, Learned) or verdict.known.principal is None:
        return verdict
    bound = _binding(verdict.known.principal)
    if bound is None:
        return Refuse(UNBOUND, headers=(_challenge("invalid_token"),)) if found.scheme == "dpop" else verdict
    if "x5t#S256" in bound:
        return verdict if _shown(head, bound["x5t#S256"]) else Refuse(CERTIFICATE, headers=(_bearer(),))
    if "jkt" not in bound or proofs is None:  # bound to what nobody here can check: nobody holds it
        return Refuse(FOREIGN, headers=(_challenge("invalid_token"),))
    return _proved(head, found, known, verdict, str(bound["jkt"]), proofs)


def _binding(principal: Principal) -> Mapping[str, object] | None:
    """What a token is bound to; None where its issuer bound it to nothing."""
    bound = principal.claims.get("cnf")
    return None if bound is None else bound if isinstance(bound, dict) else {}


def _proved(head: Head, found: Credential, known: Known, verdict: Learned, jkt: str, proofs: Proofs) -> Verdict:
    text, nonces = head.headers.get("dpop"), proofs.nonces
    if found.scheme != "dpop" or text is None:
        return Refuse(MISSING, headers=(_challenge("invalid_token"), _nonce(nonces, known)))
    proof = verify_proof(text, Target(head.method, address(head, proofs.origin), found.text), known.now)
    if isinstance(proof, ProofFlaw):
        return Refuse(PROOF[proof], headers=(_challenge("invalid_dpop_proof"), _nonce(nonces, known)))
    if not hmac.compare_digest(proof.jkt.encode(), jkt.encode()):
        return Refuse(FOREIGN, headers=(_challenge("invalid_token"),))
    if not nonces.good(proof.nonce, known.now):
        return Refuse(NONCE, headers=(_challenge("use_dpop_nonce"), _nonce(nonces, known)))
    return _once(proof, known, verdict, nonces)


def _once(proof: Proof, known: Known, verdict: Learned, nonces: Nonces) -> Verdict:
    """Every worker asks the one store, so that a proof is used once among all of them."""

    def judge(first: object) -> Verdict:
        if first is True:
            return verdict
        return Refuse(REPLAY, headers=(_challenge("invalid_dpop_proof"), _nonce(nonces, known)))

    return Ask(Once("dpop", proof.name, known.now + PAST_S + FUTURE_S), judge)


def address(head: Head, origin: str) -> str:
    """The address that was asked, without its query. Its host is the one that is stated, never the request's: a proof
    made for another's host could else be passed on with that host's name."""
    return origin + head.target.partition(b"?")[0].decode("ascii")


def _shown(head: Head, wanted: object) -> bool:
    shown = thumbprint(head)
    return shown is not None and isinstance(wanted, str) and hmac.compare_digest(shown.encode(), wanted.encode())


def _challenge(error: str) -> Header:
    return b"www-authenticate", f'DPoP error="{error}", {_ALGS}'.encode()


def _bearer() -> Header:
    return b"www-authenticate", b'Bearer realm="ringwall", error="invalid_token"'


def _nonce(nonces: Nonces, known: Known) -> Header:
    return b"dpop-nonce", nonces.now(known.now).encode()
