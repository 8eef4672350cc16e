"""Introspection (RFC 7662) and revocation (RFC 7009)."""

from __future__ import annotations

from ringwall.core.known import Known
from ringwall.core.message import JSON, Request, Response
from ringwall.core.oauth import Client, Ticket
from ringwall.core.plan import Serve
from ringwall.engines.tokens import Claims
from ringwall.identity.oauth.answer import Fault, empty, json_reply
from ringwall.identity.oauth.clients import CHALLENGE, authenticate
from ringwall.identity.oauth.form import form_of
from ringwall.identity.oauth.issue import standing
from ringwall.identity.oauth.server import Server, digest

_INACTIVE = {"active": False}
_TOLD = ("iss", "sub", "aud", "client_id", "exp", "iat", "jti", "scope", "acr", "amr", "auth_time", "cnf", "roles",
         "tenant")  # fmt: skip


def introspect(server: Server) -> Serve:
    """`POST /.ringwall/oauth/introspect`: a client learns of its own tokens, a resource server (`introspects`) of those
    for its audiences. Of any other it learns that it is not active, as of one that never was."""

    def serve(request: Request, known: Known) -> Response:
        form = form_of(request)
        if form is None or form.get("token") is None:
            return Fault("invalid_request", "token is needed").reply()
        client = authenticate(server, request, form)
        if isinstance(client, Fault):
            return client.reply()
        if client.proof == "none":
            return Fault("invalid_client", "a client that proves nothing may not ask", 401, (CHALLENGE,)).reply()
        token = form.values["token"]
        return json_reply(_of_access(server, client, token) or _of_refresh(server, client, token) or _INACTIVE)

    return serve


def _of_access(server: Server, client: Client, token: str) -> dict[str, object] | None:
    claims = _claims(server, client, token)
    if claims is None:
        return None
    bound = claims.values.get("cnf")
    kind = "DPoP" if isinstance(bound, dict) and "jkt" in bound else "Bearer"
    return {"active": True, "token_type": kind, **{n: claims.values[n] for n in _TOLD if n in claims.values}}


def _claims(server: Server, client: Client, token: str) -> Claims | None:
    """A token of ours that stands and that this client may know of."""
    for audience in (server.tokens.audience, *sorted(client.resources)):
        claims = server.tokens.read(token, audience)
        if claims is not None:
            known: JSON = claims.values.get("client_id")
            return claims if client.introspects or known == client.client_id else None
    return None


def _of_refresh(server: Server, client: Client, token: str) -> dict[str, object] | None:
    found = _alive(server, server.store.ticket(digest(token), "refresh"))
    if found is None or found.grant.client_id != client.client_id:
        return None
    return {
        "active": True,
        "iss": server.issuer,
        "sub": found.grant.subject,
        "client_id": client.client_id,
        "scope": " ".join(found.scopes),
        "exp": int(found.expires),
    }


def _alive(server: Server, found: Ticket | None) -> Ticket | None:
    if found is None or found.used or found.ended or found.expires <= server.now():
        return None
    return found if standing(server, found.grant) is not None else None


def revoke(server: Server) -> Serve:
    """`POST /.ringwall/oauth/revoke`: whoever holds a token may end it, a client that says who it is only its own; a
    refresh token's end is its family's. Whether there was such a token is not told."""

    def serve(request: Request, known: Known) -> Response:
        form = form_of(request)
        if form is None or form.get("token") is None:
            return Fault("invalid_request", "token is needed").reply()
        named = any(form.get(name) for name in ("client_id", "client_secret", "client_assertion"))
        says = named or "authorization" in request.head.headers
        client = authenticate(server, request, form) if says else None
        if isinstance(client, Fault):
            return client.reply()
        token = form.values["token"]
        return _revoke_refresh(server, client, token) or _revoke_access(server, client, token) or empty()

    return serve


def _revoke_refresh(server: Server, client: Client | None, token: str) -> Response | None:
    with server.store.atomic():
        found = server.store.ticket(digest(token), "refresh")
        if found is None:
            return None
        holder = client or server.client(found.grant.client_id)
        if holder is None or holder.client_id != found.grant.client_id or (client is None and holder.proof != "none"):
            return _foreign()
        server.end("family", found.grant.family)
    return empty()


def _revoke_access(server: Server, client: Client | None, token: str) -> Response | None:
    audiences = (server.tokens.audience, *(sorted(client.resources) if client is not None else ()))
    claims = next((c for c in (server.tokens.read(token, audience) for audience in audiences) if c is not None), None)
    if claims is None:
        return None
    if client is not None and claims.values.get("client_id") != client.client_id:
        return _foreign()
    server.tokens.revoke_id(str(claims.values.get("jti")), claims.expires)
    return empty()


def _foreign() -> Response:
    text = "the token is another client's, or its client has to prove itself"
    return Fault("invalid_client", text, 401, (CHALLENGE,)).reply()
