"""The device grant (RFC 8628): a device without a browser shows a code, a person types it where they are signed in.

The code is short, so guessing it is held back by account and network (section 5.1), and what it grants is always shown
before it is granted: a person may have been talked into typing another's code (section 5.4).
"""

from __future__ import annotations

import re
import secrets
from dataclasses import replace
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client, Device
from ringwall.core.plan import Serve
from ringwall.core.ports import Account
from ringwall.identity.guessing import Caller
from ringwall.identity.oauth import pages, scopes
from ringwall.identity.oauth.answer import Fault, json_reply, redirect
from ringwall.identity.oauth.authorize import grant_for
from ringwall.identity.oauth.clients import asking_client
from ringwall.identity.oauth.form import Form, form_of, query_of
from ringwall.identity.oauth.issue import FAMILY_S, Issue, issue
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import BASE, Server, Told, digest, fresh
from ringwall.identity.sessions import Session

DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"
DEVICE_S: Final = 600.0
"""For how long a device waits."""
INTERVAL_S: Final = 5.0
"""How long it waits between two questions, and how much longer after each that came too soon."""
_LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so no words (RFC 8628, section 6.1): 20^8 codes
_NOT_LETTER: Final = re.compile(f"[^{_LETTERS}]")
_WRONG: Final = "No device waits with this code. Look again, or let the device show a new one."


def device_authorization(server: Server) -> Serve:
    """`POST /.ringwall/oauth/device_authorization`."""

    def serve(request: Request, known: Known) -> Response:
        asked_by = asking_client(server, request)
        if isinstance(asked_by, Fault):
            return asked_by.reply()
        form, client = asked_by
        if "device_code" not in client.grants:
            return Fault("unauthorized_client", "this client may not use the device grant").reply()
        granted = scopes.granted(server, client, form.words("scope"), person=True)
        wanted = scopes.resources(server, client, form.resources)
        if isinstance(granted, Fault) or isinstance(wanted, Fault):
            return (granted if isinstance(granted, Fault) else wanted).reply()  # type: ignore[union-attr] # one is
        code, user_code, now = fresh(), _user_code(), server.now()
        device = Device(client.client_id, granted, wanted, now + DEVICE_S, INTERVAL_S, 0.0)
        while not server.devices.add_device(digest(code), digest(user_code), device, now):
            user_code = _user_code()
        shown = f"{user_code[:4]}-{user_code[4:]}"
        return json_reply(
            {
                "device_code": code,
                "user_code": shown,
                "verification_uri": server.url("device"),
                "verification_uri_complete": f"{server.url('device')}?user_code={shown}",
                "expires_in": int(DEVICE_S),
                "interval": int(INTERVAL_S),
            }
        )

    return serve


def device_page(server: Server) -> Serve:
    """`GET /.ringwall/oauth/device`: where the code is typed, and then what it would grant."""

    def serve(request: Request, known: Known) -> Response:
        form, found = query_of(request.head), server.signed_in(request.head)
        typed = _typed(form)
        if found is None:
            back = f"{BASE}/device" + (f"?user_code={typed}" if typed else "")
            return redirect("/.ringwall/account/signin", {"next": back})
        if typed is None:
            return pages.device_entry()
        session, account = found
        if _guessed(server, typed, account, known):
            return pages.device_entry("Too many wrong codes. Wait a while.", 429)
        waiting = _waiting(server, typed)
        if waiting is None:
            return pages.device_entry(_WRONG, 400)
        _, device, client = waiting
        csrf = pages.token(server.secret, session.id, typed)
        return pages.device_consent(client, device.scopes, account.name, typed, csrf)

    return serve


def device_decision(server: Server) -> Serve:
    """`POST /.ringwall/oauth/device`: what the person decided."""

    def serve(request: Request, known: Known) -> Response:
        form, found = form_of(request), server.signed_in(request.head)
        typed = _typed(form)
        if form is None or found is None or typed is None:
            return pages.error("This page is over. Type the code again.")
        session, account = found
        if not pages.same_token(form.get("token"), pages.token(server.secret, session.id, typed)):
            return pages.error("This page was not the one that was shown to you. Type the code again.")
        with server.store.atomic():
            waiting = _waiting(server, typed)
            if waiting is None:
                return pages.device_entry(_WRONG, 400)
            name, device, client = waiting
            allowed = form.get("decision") == "allow"
            server.devices.change_device(name, _decided(server, device, session, account, allowed=allowed))
        if not allowed:
            return pages.done("The device was turned away", "You can close this page.")
        server.tell(Told("consent.given", client.client_id, account.subject), known)
        return pages.done("The device is connected", "You can close this page and go on there.")

    return serve


def device_grant(
    server: Server, client: Client, sender: Sender, form: Form, request: Request, known: Known
) -> Response:
    """What the device is told when it asks (RFC 8628, section 3.5)."""
    code = form.get("device_code")
    if code is None:
        return Fault("invalid_request", "device_code is needed").reply()
    with server.store.atomic():
        name, now = digest(code), server.now()
        device = server.devices.device(name)
        if device is None or device.client_id != client.client_id or device.state == "used":
            return Fault("invalid_grant", "the device code is unknown or was used").reply()
        if device.expires <= now:
            return Fault("expired_token", "nobody typed the code in time").reply()
        if device.state == "denied":
            return Fault("access_denied", "the person said no").reply()
        if device.state == "granted" and device.grant is not None:
            server.devices.change_device(name, replace(device, state="used"))
            server.store.open_family(device.grant, now + FAMILY_S)
            return issue(server, Issue(client, device.grant, sender, device.scopes, device.resources))
        soon = now < device.polled + device.interval
        longer = device.interval + INTERVAL_S if soon else device.interval
        server.devices.change_device(name, replace(device, polled=now, interval=longer))
        return Fault("slow_down" if soon else "authorization_pending", "nobody has typed the code yet").reply()


def _decided(server: Server, device: Device, session: Session, account: Account, *, allowed: bool) -> Device:
    if not allowed:
        return replace(device, state="denied")
    grant = grant_for(server, device.client_id, device.scopes, session, account)
    return replace(device, state="granted", grant=replace(grant, resources=device.resources))


def _waiting(server: Server, typed: str) -> tuple[bytes, Device, Client] | None:
    """The device that waits with this code."""
    found = server.devices.device_of_user(digest(typed))
    client = server.client(found[1].client_id) if found is not None else None
    if found is None or client is None or found[1].state != "waiting" or found[1].expires <= server.now():
        return None
    return found[0], found[1], client


def _guessed(server: Server, typed: str, account: Account, known: Known) -> bool:
    """Whether too many wrong codes came before this one, by this account or network. Each counts."""
    name, caller, now = f"device {account.subject}", Caller(server.network(known.client)), server.now()
    if server.guessing.begin(name, caller, now) > 0.0:
        return True
    if _waiting(server, typed) is not None:
        server.guessing.succeeded(name, caller, now)
    return False


def _user_code() -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(8))


def _typed(form: Form | None) -> str | None:
    """A user code as it is compared, letters alone and in upper case; None where none was sent. What is no code stays
    wrong."""
    text = form.get("user_code") if form is not None else None
    return None if text is None else _NOT_LETTER.sub("", text[:40].upper())
