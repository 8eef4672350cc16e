"""The application's own sign-in, refresh and sign-out: guessing held back, its tokens kept, ours given instead."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl, urlencode

from ringwall.contract.logins import UpstreamLogin
from ringwall.contract.model import Operation
from ringwall.contract.upstream import steps, values_at
from ringwall.core.known import Known
from ringwall.core.message import JSON, Request, Response
from ringwall.core.plan import BodyCheck, Guard, Guards, ReplyCheck
from ringwall.core.upstream import (
    BeginSignIn,
    EndSession,
    Held,
    Issued,
    KeepHeld,
    RefreshSession,
    RenewSession,
    Session,
    StartSession,
    Unknown,
)
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Rewritten, Verdict
from ringwall.layers.authentication.credential import Credential, credential_of
from ringwall.layers.authentication.reasons import (
    LAYER,
    UPSTREAM_DIRECT,
    UPSTREAM_PROFILE,
    UPSTREAM_REPLY,
    UPSTREAM_SESSION,
    UPSTREAM_WAIT,
    invalid,
)
from ringwall.layers.authentication.replies import given, jar, put, taken, withheld
from ringwall.layers.authentication.settings import Settings, Upstream, bounded
from ringwall.layers.authentication.upstream import PREFIX, principal_of, put_back_guard

_ACCOUNT: Final = frozenset(
    {"username", "user", "email", "mail", "login", "name", "user_name", "account", "phone", "number", "identifier"}
)
_FORM: Final = "application/x-www-form-urlencoded"
_BECAUSE: Final = "authentication.upstream"


def upstream_guards(operation: Operation, settings: Settings, upstream: Upstream) -> Guards:
    """What the wrapped login adds to an operation, after its credential was judged."""
    login, key = upstream.login, operation.key
    body: list[Guard[BodyCheck]] = []
    reply: list[Guard[ReplyCheck]] = []
    if key in login.login:
        body.append(Guard(LAYER, "sign-in", sign_in_guard(upstream), _BECAUSE))
    elif key in login.refresh and login.refresh_token is not None:
        body.append(Guard(LAYER, "refresh", refresh_guard(upstream, login.refresh_token), _BECAUSE))
    body.append(Guard(LAYER, "put back", put_back_guard(operation, upstream), _BECAUSE))
    if key in login.login | login.refresh:
        reply.append(Guard(LAYER, "keep", keep_guard(settings, upstream), _BECAUSE))
        reply.append(Guard(LAYER, "phantom", phantom_guard(upstream), _BECAUSE))
    if key in login.logout:
        reply.append(Guard(LAYER, "sign-out", sign_out_guard(upstream), _BECAUSE))
    reply.append(Guard(LAYER, "withhold", withhold_guard(upstream), _BECAUSE))
    return Guards(body=tuple(body), reply=tuple(reply))


def delivery_guard(upstream: Upstream) -> ReplyCheck:
    """The last word on a sign-in: our token stands in the reply, also where the document does not declare it."""
    login = upstream.login

    def deliver(response: Response, known: Known) -> Verdict:
        issued = upstream.issued.pop(known.request_id, None)
        if issued is None or login.token.where != "body":
            return PASS
        whole = put(response, login.token.name, issued.token)
        if issued.refresh and login.refresh_token is not None:
            whole = put(whole, login.refresh_token, issued.refresh)
        return PASS if whole is response else Rewritten(whole, "the token put where it belongs")

    return deliver


def sign_in_guard(upstream: Upstream) -> BodyCheck:
    """Hold guessing back before the application sees the try."""

    def hold_back(request: Request, known: Known) -> Verdict:
        names = _names(request, known, upstream.login)
        bounded(upstream.trying, known.request_id, names)
        return Ask(BeginSignIn(names, known.client), _waited)

    return hold_back


def _waited(wait: object) -> Verdict:
    if wait == 0.0:
        return PASS
    seconds = math.ceil(wait) if isinstance(wait, float) else 1
    return Refuse(UPSTREAM_WAIT, headers=((b"retry-after", b"%d" % seconds),))


def keep_guard(settings: Settings, upstream: Upstream) -> ReplyCheck:
    """Take the application's token out of its reply's hands, and learn whom it signed in."""
    login = upstream.login

    def keep(response: Response, known: Known) -> Verdict:
        if response.status >= 400:
            return PASS
        if response.body is None and login.token.where == "body":
            return Refuse(UPSTREAM_REPLY, detail="a reply that cannot be read whole")
        session = upstream.renewing.pop(known.request_id, None) or _own(known, upstream)
        held = taken(response, login, session.held if session else None)
        if held is None:
            return PASS  # no token, so nobody is signed in: an error that calls itself 200, or a second step
        if session is not None:
            rotates = held.refresh not in ("", session.held.refresh)
            return Ask(RenewSession(session.id, held, rotates), lambda answer: settled(answer, known))
        names = upstream.trying.pop(known.request_id, ())
        return Ask(StartSession(held, response.data, names, known.client), lambda answer: settled(answer, known))

    def settled(answer: object, known: Known) -> Verdict:
        if isinstance(answer, Unknown):
            return Refuse(UPSTREAM_PROFILE, detail=answer.why)
        if not isinstance(answer, Issued):
            return invalid(UPSTREAM_SESSION)
        upstream.hold(answer.session)
        bounded(upstream.issued, known.request_id, answer)
        return Learned(known.with_principal(principal_of(answer.session, settings.roles)))

    return keep


def phantom_guard(upstream: Upstream) -> ReplyCheck:
    """Put our tokens where the application's stood."""

    def phantom(response: Response, known: Known) -> Verdict:
        issued = upstream.issued.get(known.request_id)
        if issued is None:
            return PASS
        held = issued.session.held
        return Rewritten(given(response, upstream.login, held, issued, secure=upstream.secure), "a token of ringwall's")

    return phantom


def refresh_guard(upstream: Upstream, pointer: str) -> BodyCheck:
    """The refresh token of a body is ours: put the application's in its place, for the session that it belongs to."""

    def refresh(request: Request, known: Known) -> Verdict:
        value = next(values_at(known.input.body, pointer), None) if known.input else None
        if not isinstance(value, str) or not value.startswith(PREFIX):
            return invalid(UPSTREAM_DIRECT)

        def judge(session: object) -> Verdict:
            if not isinstance(session, Session):
                return invalid(UPSTREAM_SESSION, "no refresh token that stands")
            bounded(upstream.renewing, known.request_id, session)
            body = _with_value(request, pointer, session.held.refresh)
            if body is None:
                return Refuse(UPSTREAM_SESSION, detail="a body of a kind that cannot be written again")
            return Rewritten(request.with_body(body), "the application's own refresh token put back")

        return Ask(RefreshSession(Credential("token", value, "body").digest()), judge)

    return refresh


def sign_out_guard(upstream: Upstream) -> ReplyCheck:
    """The session ends here whatever the application answered."""

    def sign_out(response: Response, known: Known) -> Verdict:
        session = _own(known, upstream)
        if session is None:
            return PASS
        upstream.sessions.pop(f"upstream:{session.id}", None)
        return Ask(EndSession(session.id), lambda done: PASS)

    return sign_out


def withhold_guard(upstream: Upstream) -> ReplyCheck:
    """Keep what the application gives a session: cookies it sets, a token it changes, and its token where repeated."""
    login = upstream.login

    def withhold(response: Response, known: Known) -> Verdict:
        session = _own(known, upstream)
        if session is None or known.request_id in upstream.issued:
            return PASS
        kept = withheld(response, login, session.held)
        if response.get(b"set-cookie") is None and login.token.where != "header":
            return PASS if kept is response else Rewritten(kept, "the application's token withheld")
        held = taken(response, login, session.held) if login.token.where != "body" else None
        held = held or Held(session.held.token, session.held.refresh, jar(session.held.cookies, response, login))
        if held == session.held:
            return PASS if kept is response else Rewritten(kept, "the application's cookies withheld")
        upstream.hold(replace(session, held=held))
        whole = withheld(kept, login, held)
        return Ask(KeepHeld(session.id, held), lambda done: Rewritten(whole, "the application's new credentials kept"))

    return withhold


def _own(known: Known, upstream: Upstream) -> Session | None:
    principal = known.principal
    return upstream.sessions.get(principal.credential) if principal and principal.method == "upstream" else None


def _names(request: Request, known: Known, login: UpstreamLogin) -> tuple[str, ...]:
    """Whom a sign-in could mean: what stands where the contract says, else whatever is called like an account."""
    return tuple(dict.fromkeys(name.strip().casefold()[:256] for name in _named(request, known, login)))


def _named(request: Request, known: Known, login: UpstreamLogin) -> Iterator[str]:
    sources: tuple[JSON, ...] = (known.input.body, dict(known.input.query)) if known.input else ()
    for source in sources:
        if login.account is not None:
            yield from (str(v) for v in values_at(source, login.account) if isinstance(v, str | int))
        else:
            yield from _likely(source)
    found = credential_of(request.head)
    if isinstance(found, Credential) and found.kind == "basic":
        yield found.name


def _likely(source: JSON) -> Iterator[str]:
    """Texts of members that are called like an account, here and one level below (`{"user": {"email": …}}`)."""
    for name, value in source.items() if isinstance(source, dict) else ():
        if isinstance(value, dict):
            yield from (v for n, v in value.items() if isinstance(v, str) and n.lower() in _ACCOUNT)
        elif isinstance(value, str) and name.lower() in _ACCOUNT:
            yield value


def _with_value(request: Request, pointer: str, text: str) -> bytes | None:
    """The body with a text at a pointer; None where it is neither JSON nor a form."""
    path = steps(pointer)
    if request.head.media_type == _FORM and len(path) == 1:
        pairs = parse_qsl((request.body or b"").decode("ascii"), keep_blank_values=True)
        return urlencode([(n, text if n == path[0] else v) for n, v in pairs]).encode()
    if not request.head.media_type.endswith("json"):
        return None
    whole: JSON = json.loads(request.body or b"null")
    below: JSON = whole
    for step in path[:-1]:
        below = below[step] if isinstance(below, dict) else below[int(step)] if isinstance(below, list) else None
    if not isinstance(below, dict):
        return None
    below[path[-1]] = text
    return json.dumps(whole).encode()
