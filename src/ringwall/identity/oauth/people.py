"""OpenID Connect: who somebody is (userinfo), and the end of a session that a client asks for (RP-initiated logout)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from ringwall.core.known import Known
from ringwall.core.message import Header, Request, Response
from ringwall.core.oauth import Client
from ringwall.core.plan import Serve
from ringwall.engines.tokens import Expectation, Refused, verify
from ringwall.engines.tokens.encoding import decode
from ringwall.identity.oauth import pages
from ringwall.identity.oauth.answer import Fault, json_reply, redirect
from ringwall.identity.oauth.form import Form, form_of, query_of
from ringwall.identity.oauth.server import Server, Told
from ringwall.identity.sessions import COOKIE

_SCOPE: Header = (b"www-authenticate", b'Bearer realm="ringwall", error="insufficient_scope", scope="openid"')
_GONE: Header = (b"set-cookie", f"{COOKIE}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax".encode())
_PAST_S = 90 * 86_400.0


def userinfo(server: Server) -> Serve:
    """`GET` or `POST /.ringwall/oauth/userinfo` (OpenID Connect Core 1.0, section 5.3), for an access token whose
    scope has `openid`."""

    def serve(request: Request, known: Known) -> Response:
        who = known.principal
        scope = who.claims.get("scope") if who is not None and who.method == "token" else None
        words = scope.split(" ") if isinstance(scope, str) else []
        account = server.account(who.subject) if who is not None else None
        if who is None or account is None or "openid" not in words:
            return Fault(
                "insufficient_scope", "an access token with the scope openid is needed", 403, (_SCOPE,)
            ).reply()
        named = {"preferred_username": account.name} if "profile" in words else {}
        return json_reply({"sub": account.subject, **named})

    return serve


def logout(server: Server) -> Serve:
    """`GET` or `POST /.ringwall/oauth/logout` (OpenID Connect RP-Initiated Logout 1.0). A client proves that it is the
    person's own by an id_token of theirs; else the person is asked."""

    def serve(request: Request, known: Known) -> Response:
        form = query_of(request.head) if request.head.method == "GET" else form_of(request)
        if form is None:
            return pages.error("The request is not well-formed.")
        hint = _hint(server, form.get("id_token_hint"))
        client = server.client(_named(form, hint))
        to = form.get("post_logout_redirect_uri")
        if to is not None and (client is None or to not in client.logout_uris):
            return pages.error("The application wants you to be sent to an address that is not registered for it.")
        found = server.signed_in(request.head)
        if found is None:
            return _after(to, form)
        session, account = found
        proved = hint is not None and hint.get("sub") == account.subject and hint.get("sid") in (None, session.id)
        if not proved and not pages.same_token(form.get("token"), pages.token(server.secret, session.id, "logout")):
            return pages.sign_out(pages.token(server.secret, session.id, "logout"), _carried(form, client, to))
        with server.store.atomic():
            server.end("session", session.id)
        server.sessions.end(session.id)
        server.tell(Told("session.ended", client.client_id if client else "", account.subject), known)
        return _after(to, form).with_headers((*_after(to, form).headers, _GONE))

    return serve


def _hint(server: Server, token: str | None) -> Mapping[str, object] | None:
    """What an id_token of ours says, also when its time is over: it only says who asks."""
    if token is None:
        return None
    now = server.now()
    expect = Expectation(issuer=server.issuer, audience=_audience(token), typ=frozenset({"jwt"}), leeway_s=_PAST_S)
    found = verify(token, server.tokens.identity_keys(), expect, now)
    return None if isinstance(found, Refused) else found.values


def _audience(token: str) -> str | None:
    """The client that an id_token names: it is verified against that very word, so only its keys count."""
    parts = token.split(".")
    data = decode(parts[1]) if len(parts) == 3 else None
    try:
        claims = json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None
    found = claims.get("aud") if isinstance(claims, dict) else None
    return found if isinstance(found, str) else None


def _named(form: Form, hint: Mapping[str, object] | None) -> str | None:
    """The client that asks: the id_token's, and no other beside it."""
    stated, proved = form.get("client_id"), hint.get("aud") if hint is not None else None
    if not isinstance(proved, str):
        return stated
    return proved if stated in (None, proved) else None


def _carried(form: Form, client: Client | None, to: str | None) -> dict[str, str]:
    given = {
        "client_id": client.client_id if client is not None else None,
        "post_logout_redirect_uri": to,
        "state": form.get("state"),
    }
    return {name: value for name, value in given.items() if value is not None}


def _after(to: str | None, form: Form) -> Response:
    if to is None:
        return pages.done("You are signed out", "You can close this page.")
    return redirect(to, {"state": form.get("state")})
