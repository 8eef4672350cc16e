"""The reasons of tokens that are bound to their sender."""

from __future__ import annotations

from ringwall.core.reasons import Reason
from ringwall.engines.tokens.dpop import PROOF_SENTENCES, ProofFlaw


def _reason(code: str, title: str, operator: str) -> Reason:
    return Reason(
        code, 401, title, "Send a DPoP proof of the key that the token is bound to, made for this request.", operator
    )


PROOF: dict[ProofFlaw, Reason] = {
    flaw: _reason(flaw.value, "Invalid proof", sentence) for flaw, sentence in PROOF_SENTENCES.items()
}
MISSING = _reason("authn.proof.missing", "Proof required", "The token is bound to a DPoP key and came without a proof.")
FOREIGN = _reason("authn.proof.foreign", "Invalid proof", "The proof is of another key than the token is bound to.")
NONCE = _reason("authn.proof.nonce", "Fresh proof required", "The proof has no nonce of ours, or one that is over.")
REPLAY = _reason("authn.proof.replay", "Invalid proof", "The proof was used before.")
UNBOUND = _reason("authn.proof.unbound", "Invalid credential", "A token that is bound to no key came as a DPoP token.")
CERTIFICATE = Reason(
    "authn.certificate",
    401,
    "Certificate required",
    "Call over TLS with the certificate that the token is bound to.",
    "The token is bound to a TLS certificate, and the connection showed none or another (RFC 8705).",
)
REASONS = (MISSING, FOREIGN, NONCE, REPLAY, UNBOUND, CERTIFICATE, *PROOF.values())
