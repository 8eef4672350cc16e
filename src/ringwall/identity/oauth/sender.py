"""Tokens bound to their sender: by a DPoP key (RFC 9449) or by the client's TLS certificate (RFC 8705)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringwall.core.message import Headers, Request
from ringwall.core.oauth import Client
from ringwall.core.peer import thumbprint
from ringwall.engines.tokens.dpop import FUTURE_S, PAST_S, ProofFlaw, Target, verify_proof
from ringwall.identity.oauth.answer import Fault
from ringwall.identity.oauth.server import Server


@dataclass(frozen=True, slots=True)
class Sender:
    """What a token is to be bound to (`cnf`; nothing: a bearer token), and what goes with the reply."""

    cnf: Mapping[str, str]
    headers: Headers = ()

    @property
    def kind(self) -> str:
        """`token_type` of the reply."""
        return "DPoP" if "jkt" in self.cnf else "Bearer"

    @property
    def name(self) -> str:
        """What a refresh token of a public client is bound to; empty for nothing."""
        return next((f"{method}:{value}" for method, value in self.cnf.items()), "")

    @property
    def jkt(self) -> str | None:
        """The thumbprint of the DPoP key, where there is one."""
        return self.cnf.get("jkt")


def sender_of(server: Server, request: Request, client: Client) -> Sender | Fault:
    """Whom the tokens of this request are bound to. A proof or a certificate that is there counts; one that the client
    is registered for has to be."""
    text = request.head.headers.get("dpop")
    if text is not None:
        return proved(server, request, text)
    if client.bound == "dpop":
        return Fault("invalid_dpop_proof", "this client's requests carry a DPoP proof", headers=nonce_of(server))
    shown = thumbprint(request.head)
    if client.bound == "mtls" or (shown is not None and client.proof == "certificate"):
        if shown is None:
            return Fault("invalid_request", "this client's requests come over TLS with its certificate")
        return Sender({"x5t#S256": shown})
    return Sender({})


def proved(server: Server, request: Request, text: str) -> Sender | Fault:
    """Check a DPoP proof at one of our own endpoints: its nonce is ours, and it is used this one time."""
    now, head = server.now(), request.head
    proof = verify_proof(text, Target(head.method, f"{server.issuer}{head.path}"), now)
    if isinstance(proof, ProofFlaw):
        return Fault("invalid_dpop_proof", "the DPoP proof is not right for this request", headers=nonce_of(server))
    if not server.nonces.good(proof.nonce, now):
        return Fault("use_dpop_nonce", "put the nonce of DPoP-Nonce into the proof", headers=nonce_of(server))
    if not server.store.once("dpop", proof.name, now, now + PAST_S + FUTURE_S):
        return Fault("invalid_dpop_proof", "the DPoP proof was used before", headers=nonce_of(server))
    return Sender({"jkt": proof.jkt}, nonce_of(server))


def nonce_of(server: Server) -> Headers:
    """The header that hands out the nonce of now."""
    return ((b"dpop-nonce", server.nonces.now(server.now()).encode()),)
