"""The authorization endpoint: from a client's request, by way of sign-in and consent, to a code at its redirect URI.

A request is checked once, at its beginning, and kept under an unguessable name until it is granted or denied. A client
or a redirect URI that is not right ends on a page of our own, never at the URI (RFC 6749, section 4.1.2.1).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Asked, Client, Grant
from ringwall.core.plan import Serve
from ringwall.core.ports import Account
from ringwall.identity.oauth import asking, pages
from ringwall.identity.oauth.answer import Fault, redirect
from ringwall.identity.oauth.asking import Refused
from ringwall.identity.oauth.codes import CODE_S
from ringwall.identity.oauth.form import form_of, query_of
from ringwall.identity.oauth.issue import FAMILY_S
from ringwall.identity.oauth.par import pushed
from ringwall.identity.oauth.server import BASE, Server, Told, digest, fresh
from ringwall.identity.sessions import Session

ON_ITS_WAY_S: Final = 900.0
"""For how long a request waits for its person."""


def authorize(server: Server) -> Serve:
    """`GET /.ringwall/oauth/authorize`."""

    def serve(request: Request, known: Known) -> Response:
        form = query_of(request.head)
        client = server.client(form.get("client_id")) if form is not None else None
        if form is None or client is None:
            return pages.error("The application that sent you here is not known, or its request is not well-formed.")
        taken = pushed(server, client, form)
        if isinstance(taken, Fault):
            return pages.error("The application's request is unknown or over. Start again from the application.")
        if isinstance(taken, Asked):
            return _begin(server, request, client, taken)
        uri = asking.redirect_of(client, form)
        if uri is None:
            return pages.error("The application wants you to be sent to an address that is not registered for it.")
        if client.pushed:
            return _refused(server, Refused(uri, form.get("state"), Fault("invalid_request", "push the request first")))
        asked = asking.read(server, client, form, uri)
        return _refused(server, asked) if isinstance(asked, Refused) else _begin(server, request, client, asked)

    return serve


def proceed(server: Server) -> Serve:
    """`GET /.ringwall/oauth/continue?request=NAME`: where the sign-in page sends the browser back to."""

    def serve(request: Request, known: Known) -> Response:
        form = query_of(request.head)
        name = form.get("request") if form is not None else None
        found = _kept(server, name)
        if name is None or found is None:
            return pages.error("This request is unknown or over. Start again from the application.")
        return _onward(server, request, name, *found)

    return serve


def decide(server: Server) -> Serve:
    """`POST /.ringwall/oauth/consent`: what the person decided on the consent page."""

    def serve(request: Request, known: Known) -> Response:
        form, found = form_of(request), server.signed_in(request.head)
        name = form.get("request") if form is not None else None
        kept = _kept(server, name)
        if form is None or name is None or kept is None or found is None:
            return pages.error("This request is unknown or over. Start again from the application.")
        session, account = found
        if not pages.same_token(form.get("token"), pages.token(server.secret, session.id, name)):
            return pages.error("This page was not the one that was shown to you. Start again from the application.")
        client, asked = kept
        if not _suffices(session, asked):
            return _sign_in(name, asked, again=True)
        if form.get("decision") != "allow":
            return _denied(server, name, asked)
        with server.store.atomic():
            server.store.consent(account.subject, client.client_id, frozenset(asked.scopes), server.now())
        server.tell(Told("consent.given", client.client_id, account.subject), known)
        return _granted(server, name, asked, session, account)

    return serve


def _begin(server: Server, request: Request, client: Client, asked: Asked) -> Response:
    if asked.silent:
        return _silently(server, request, client, asked)
    name, now = fresh(), server.now()
    server.store.keep_request(digest(name), "asked", asking.document(asked), now, now + ON_ITS_WAY_S)
    return _onward(server, request, name, client, asked)


def _silently(server: Server, request: Request, client: Client, asked: Asked) -> Response:
    """`prompt=none`: as it stands, or not at all."""
    found = server.signed_in(request.head)
    if found is None or not _suffices(found[0], asked):
        return _refused(server, Refused(asked.redirect_uri, asked.state, Fault("login_required", "sign in first")))
    if _asks(server, client, asked, found[1]):
        return _refused(server, Refused(asked.redirect_uri, asked.state, Fault("consent_required", "consent first")))
    return _code(server, asked, *found)


def _onward(server: Server, request: Request, name: str, client: Client, asked: Asked) -> Response:
    """The next step: sign in, consent, or the code."""
    found = server.signed_in(request.head)
    if found is None or not _suffices(found[0], asked):
        return _sign_in(name, asked, again=found is not None and found[0].signed_in < asked.since)
    session, account = found
    if _asks(server, client, asked, account):
        return pages.consent(client, asked, account.name, name, pages.token(server.secret, session.id, name))
    return _granted(server, name, asked, session, account)


def _suffices(session: Session, asked: Asked) -> bool:
    """Whether a sign-in is as recent and as strong as was asked for."""
    return session.signed_in >= asked.since and (session.mfa or not asked.mfa)


def _asks(server: Server, client: Client, asked: Asked, account: Account) -> bool:
    """Whether the person has to be asked: always for a third party that has not been let have all this, and for any
    third party's application that proves nothing and whose address anyone's could take (RFC 8252, section 8.6)."""
    if client.first_party:
        return False
    if client.proof == "none" and not asked.redirect_uri.startswith("https:"):
        return True
    return asked.consent or not set(asked.scopes) <= server.store.consented(account.subject, client.client_id)


def _sign_in(name: str, asked: Asked, *, again: bool) -> Response:
    """To the sign-in page and back; `again`: whoever is signed in has to prove it anew."""
    back = f"{BASE}/continue?request={name}"
    given: Mapping[str, str | None] = {
        "next": back,
        "acr": "mfa" if asked.mfa else None,
        "again": "1" if again else None,
    }
    return redirect("/.ringwall/account/signin", given)


def _granted(server: Server, name: str, asked: Asked, session: Session, account: Account) -> Response:
    """The code; the request is over. Of two browsers that get here at once, one does."""
    if server.store.take_request(digest(name), "asked", server.now()) is None:
        return pages.error("This request is unknown or over. Start again from the application.")
    return _code(server, asked, session, account)


def _denied(server: Server, name: str, asked: Asked) -> Response:
    server.store.take_request(digest(name), "asked", server.now())
    return _refused(server, Refused(asked.redirect_uri, asked.state, Fault("access_denied", "the person said no")))


def grant_for(server: Server, client_id: str, scopes: tuple[str, ...], session: Session, account: Account) -> Grant:
    """What a person who is signed in grants a client now."""
    return Grant(
        family=secrets.token_urlsafe(16),
        client_id=client_id,
        subject=account.subject,
        scopes=scopes,
        resources=(),
        amr=tuple(sorted(session.amr | ({"mfa"} if session.mfa else frozenset()))),
        auth_time=session.signed_in,
        created=server.now(),
        session=session.id,
    )


def _code(server: Server, asked: Asked, session: Session, account: Account) -> Response:
    code, now = fresh(), server.now()
    grant = replace(
        grant_for(server, asked.client_id, asked.scopes, session, account),
        resources=asked.resources,
        redirect_uri=asked.redirect_uri,
        challenge=asked.challenge,
        nonce=asked.nonce,
        dpop_jkt=asked.dpop_jkt,
    )
    with server.store.atomic():
        server.store.open_family(grant, now + FAMILY_S)
        server.store.add_ticket(digest(code), "code", grant, grant.scopes, now + CODE_S)
    return redirect(asked.redirect_uri, {"code": code, "state": asked.state, "iss": server.issuer})


def _refused(server: Server, refused: Refused) -> Response:
    """The error at the redirect URI, with the issuer that says it (RFC 9207)."""
    given = {
        "error": refused.fault.error,
        "error_description": refused.fault.text,
        "state": refused.state,
        "iss": server.issuer,
    }
    return redirect(refused.redirect_uri, given)


def _kept(server: Server, name: str | None) -> tuple[Client, Asked] | None:
    text = server.store.request(digest(name), "asked", server.now()) if name else None
    asked = asking.of_document(text) if text is not None else None
    client = server.client(asked.client_id) if asked is not None else None
    return (client, asked) if client is not None and asked is not None else None
