"""Pushed authorization requests (RFC 9126): the request comes from the client itself, and is used once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Asked, Client
from ringwall.core.plan import Serve
from ringwall.identity.oauth import asking
from ringwall.identity.oauth.answer import Fault, json_reply
from ringwall.identity.oauth.asking import Refused
from ringwall.identity.oauth.clients import asking_client
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.sender import Sender, proved
from ringwall.identity.oauth.server import Server, digest, fresh

PREFIX: Final = "urn:ietf:params:oauth:request_uri:"
PUSHED_S: Final = 90.0
"""For how long a pushed request waits for the browser."""


def par(server: Server) -> Serve:
    """`POST /.ringwall/oauth/par`."""

    def serve(request: Request, known: Known) -> Response:
        asked_by = asking_client(server, request)
        if isinstance(asked_by, Fault):
            return asked_by.reply()
        form, client = asked_by
        sender = _sender(server, request, form)
        if isinstance(sender, Fault):
            return sender.reply()
        asked = _asked(server, client, form)
        if isinstance(asked, Fault):
            return asked.reply()
        name, now = fresh(), server.now()
        bound = _with_key(asked, sender)
        server.store.keep_request(digest(name), "pushed", asking.document(bound), now, now + PUSHED_S)
        answer = {"request_uri": f"{PREFIX}{name}", "expires_in": int(PUSHED_S)}
        return json_reply(answer, 201, sender.headers)

    return serve


def _sender(server: Server, request: Request, form: Form) -> Sender | Fault:
    """The key of a DPoP proof, to which the code is then bound (RFC 9449, section 10.1)."""
    text = request.head.headers.get("dpop")
    if text is None:
        return Sender({})
    found = proved(server, request, text)
    stated = form.get("dpop_jkt")
    if isinstance(found, Sender) and stated is not None and stated != found.jkt:
        return Fault("invalid_dpop_proof", "dpop_jkt names another key than the proof's", headers=found.headers)
    return found


def _asked(server: Server, client: Client, form: Form) -> Asked | Fault:
    if form.get("request_uri") is not None:
        return Fault("invalid_request", "request_uri has no place in a pushed request")
    uri = asking.redirect_of(client, form)
    if uri is None:
        return Fault("invalid_request", "redirect_uri is not registered for this client")
    asked = asking.read(server, client, form, uri)
    return asked.fault if isinstance(asked, Refused) else asked


def _with_key(asked: Asked, sender: Sender) -> Asked:
    return replace(asked, dpop_jkt=sender.jkt) if sender.jkt is not None else asked


def pushed(server: Server, client: Client, form: Form) -> Asked | Fault | None:
    """The pushed request that an authorization request speaks of, this one time; None where it speaks of none."""
    uri = form.get("request_uri")
    if uri is None:
        return None
    if not uri.startswith(PREFIX):
        return Fault("invalid_request_uri", "request_uri is not one of ours")
    text = server.store.take_request(digest(uri.removeprefix(PREFIX)), "pushed", server.now())
    asked = asking.of_document(text) if text is not None else None
    if asked is None or asked.client_id != client.client_id:
        return Fault("invalid_request_uri", "request_uri is unknown, over, used, or another client's")
    return asked
