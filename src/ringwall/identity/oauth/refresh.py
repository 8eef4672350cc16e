"""The refresh token grant: each token is used once; one that comes again is stolen, and its whole family ends."""

from __future__ import annotations

from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client, Ticket
from ringwall.identity.oauth.answer import Fault
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.issue import Issue, dies, issue
from ringwall.identity.oauth.scopes import narrowed_resources
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import Server, digest

REUSED: Final = "oauth.refresh.reused"
STOLEN: Final = "oauth.refresh.stolen"
_UNKNOWN: Final = Fault("invalid_grant", "the refresh token is unknown or over")


def refresh_grant(
    server: Server, client: Client, sender: Sender, form: Form, request: Request, known: Known
) -> Response:
    """The next tokens of a family (RFC 9700, section 4.14.2)."""
    text = form.get("refresh_token")
    if text is None:
        return Fault("invalid_request", "refresh_token is needed").reply()
    with server.store.atomic():
        found = server.store.ticket(digest(text), "refresh")
        if found is None or found.ended:
            return _UNKNOWN.reply()
        if found.used:
            dies(server, found.grant, known, REUSED)
            return _UNKNOWN.reply()
        if found.grant.client_id != client.client_id:
            dies(server, found.grant, known, STOLEN)
            return _UNKNOWN.reply()
        flaw = _flaw(server, sender, form, found)
        if flaw is not None:
            return flaw.reply()
        scopes = form.words("scope") or found.scopes
        resources = narrowed_resources(found.grant.resources, form.resources)
        if isinstance(resources, Fault):
            return resources.reply()
        server.store.use_ticket(digest(text), server.now())
        return issue(server, Issue(client, found.grant, sender, scopes, resources))


def _flaw(server: Server, sender: Sender, form: Form, found: Ticket) -> Fault | None:
    """What is wrong with the request but leaves the token as it is."""
    if found.expires <= server.now():
        return _UNKNOWN
    if found.grant.bound and sender.name != found.grant.bound:
        return Fault("invalid_grant", "the refresh token is bound to another key")
    wanted = form.words("scope")
    if wanted is not None and not set(wanted) <= set(found.scopes):
        return Fault("invalid_scope", "a scope is not among those that were granted")
    return None
