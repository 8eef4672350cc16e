"""The client credentials grant: a client that speaks for itself, by its own roles and scopes."""

from __future__ import annotations

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client
from ringwall.core.ports import Account
from ringwall.identity.oauth import scopes
from ringwall.identity.oauth.answer import Fault, json_reply
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import Server
from ringwall.identity.tokens import LIFETIME_S, Granted


def machine_grant(
    server: Server, client: Client, sender: Sender, form: Form, request: Request, known: Known
) -> Response:
    """An access token of the client's own (OAuth 2.1, section 4.2). There is no refresh token: it asks again."""
    if client.proof == "none":
        return Fault("unauthorized_client", "a client that proves nothing speaks for nobody").reply()
    granted = scopes.granted(server, client, form.words("scope"), person=False)
    if isinstance(granted, Fault):
        return granted.reply()
    wanted = scopes.resources(server, client, form.resources)
    if isinstance(wanted, Fault):
        return wanted.reply()
    token, _ = server.tokens.access(
        Account(client.subject, client.name, client.roles, client.tenant),
        Granted(client.client_id, (), scopes.audience(server, wanted), granted, cnf=sender.cnf or None),
    )
    answer = {
        "access_token": token,
        "token_type": sender.kind,
        "expires_in": int(LIFETIME_S),
        "scope": " ".join(granted),
    }
    return json_reply(answer, headers=sender.headers)
