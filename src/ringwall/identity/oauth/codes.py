"""The authorization code grant at the token endpoint (OAuth 2.1, section 4.1.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client, Grant, Ticket
from ringwall.identity.oauth.answer import Fault
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.issue import Issue, dies, issue
from ringwall.identity.oauth.pkce import fits
from ringwall.identity.oauth.scopes import narrowed_resources
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import Server, digest

CODE_S: Final = 60.0
"""For how long a code waits to be used."""
REPLAYED: Final = "oauth.code.replayed"
STOLEN: Final = "oauth.code.stolen"


def code_grant(server: Server, client: Client, sender: Sender, form: Form, request: Request, known: Known) -> Response:
    """Tokens for a code. One that comes again, or from elsewhere than it was given to, ends all that came of it."""
    code = form.get("code")
    if code is None:
        return Fault("invalid_request", "code is needed").reply()
    with server.store.atomic():
        found = server.store.ticket(digest(code), "code")
        flaw = _flaw(server, client, sender, form, found)
        if found is None or flaw == "unknown":
            return Fault("invalid_grant", "the code is unknown or over").reply()
        if found.used:
            dies(server, found.grant, known, REPLAYED)
            return Fault("invalid_grant", "the code was used before").reply()
        server.store.use_ticket(digest(code), server.now())
        if flaw:
            dies(server, found.grant, known, STOLEN)
            return Fault("invalid_grant", flaw).reply()
        resources = narrowed_resources(found.grant.resources, form.resources)
        if isinstance(resources, Fault):
            return resources.reply()
        grant = _bound(server, client, sender, found.grant)
        return issue(server, Issue(client, grant, sender, grant.scopes, resources, grant.nonce))


def _flaw(server: Server, client: Client, sender: Sender, form: Form, found: Ticket | None) -> str:
    """What is wrong with a code for this client and request; empty for nothing."""
    if found is None or found.ended or found.expires <= server.now():
        return "" if found is not None and found.used else "unknown"
    grant, uri = found.grant, form.get("redirect_uri")
    if grant.client_id != client.client_id:
        return "the code was given to another client"
    if uri is not None and uri != grant.redirect_uri:
        return "redirect_uri is not the one that the code was sent to"
    if not fits(form.get("code_verifier"), grant.challenge):
        return "code_verifier does not fit the code_challenge"
    if grant.dpop_jkt is not None and sender.jkt != grant.dpop_jkt:
        return "the DPoP proof is of another key than dpop_jkt named"
    return ""


def _bound(server: Server, client: Client, sender: Sender, grant: Grant) -> Grant:
    """A public client's refresh tokens are bound to the key that it showed first (RFC 9449, section 5)."""
    if client.proof != "none" or not sender.name:
        return grant
    bound = replace(grant, bound=sender.name)
    server.store.change_family(bound)
    return bound
