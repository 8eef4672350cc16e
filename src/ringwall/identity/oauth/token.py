"""The token endpoint: which grant, by which client, bound to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client
from ringwall.core.plan import Serve
from ringwall.identity.oauth.answer import NO_FORM, Fault
from ringwall.identity.oauth.clients import authenticate
from ringwall.identity.oauth.codes import code_grant
from ringwall.identity.oauth.device import DEVICE_CODE, device_grant
from ringwall.identity.oauth.form import Form, form_of
from ringwall.identity.oauth.machine import machine_grant
from ringwall.identity.oauth.refresh import refresh_grant
from ringwall.identity.oauth.sender import Sender, sender_of
from ringwall.identity.oauth.server import Server

Grants = Callable[[Server, Client, Sender, Form, Request, Known], Response]
GRANTS: Final[dict[str, Grants]] = {
    "authorization_code": code_grant,
    "refresh_token": refresh_grant,
    "client_credentials": machine_grant,
    DEVICE_CODE: device_grant,
}
SHORT: Final = {DEVICE_CODE: "device_code"}
"""How a grant with a long name is called where clients are registered."""


def token(server: Server, password: Callable[[Form, Request, Known], Response]) -> Serve:
    """`POST /.ringwall/oauth/token`. `password` serves the accounts' own grant, which no client has part in."""

    def serve(request: Request, known: Known) -> Response:
        form = form_of(request)
        if form is None:
            return NO_FORM.reply()
        kind = form.get("grant_type")
        if kind is None:
            return Fault("invalid_request", "grant_type is needed").reply()
        if kind == "password":
            return _password(form, request, known)
        grant = GRANTS.get(kind)
        if grant is None:
            return Fault("unsupported_grant_type", "grant_type is not one of the metadata's").reply()
        client = authenticate(server, request, form)
        if isinstance(client, Fault):
            return client.reply()
        if SHORT.get(kind, kind) not in client.grants:
            return Fault("unauthorized_client", "this client may not use this grant_type").reply()
        sender = sender_of(server, request, client)
        return sender.reply() if isinstance(sender, Fault) else grant(server, client, sender, form, request, known)

    def _password(form: Form, request: Request, known: Known) -> Response:
        """For the holder of an account alone: whoever comes as a client is a third party to the password."""
        named = [form.get(name) for name in ("client_id", "client_secret", "client_assertion")]
        if any(named) or "authorization" in request.head.headers:
            return Fault("unauthorized_client", "no client is given passwords; use authorization_code").reply()
        return password(form, request, known)

    return serve
