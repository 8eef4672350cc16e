"""Requests of those who signed in at the application's own login: ringwall's token judged, the application's put back.

A token of the application's that comes from a caller is never believed and never passed on; nor are cookies, which
are credentials too: the application gets those that it gave to this session, and those that its document declares.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ringwall.contract.logins import UpstreamLogin
from ringwall.contract.model import Operation
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head, Header, Headers, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.upstream import FindUpstream, Held, Session, SessionNamed
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Rewritten, Verdict
from ringwall.engines.crypto.apikeys import PREFIX as KEY_PREFIX
from ringwall.engines.policy import Roles
from ringwall.layers.authentication.credential import Credential, credential_of
from ringwall.layers.authentication.reasons import AMBIGUOUS, UPSTREAM_SESSION, invalid
from ringwall.layers.authentication.settings import Remembered, Settings, Upstream

PREFIX: Final = "rwu_"
"""How ringwall's own token for a session begins, so that secret scanners can tell it from noise."""
NOTE: Final = "the application's own token put back"


def presented(head: Head, login: UpstreamLogin, places: tuple[str, ...] = ()) -> Credential | Refuse | None:
    """The credential of a request: where the application would look for one, or where ringwall's clients put it.

    What stands in the application's own place beside another credential counts only if it is a token of ours.
    """
    usual, text = credential_of(head, places), _in_place(head, login)
    if isinstance(usual, Refuse):
        return usual
    if usual is not None and usual.text.startswith(PREFIX):
        usual = Credential("token", usual.text, usual.header)
    if text is None:
        return usual
    own = Credential(
        "key" if text.startswith(KEY_PREFIX) else "token",
        text,
        "cookie" if login.carrier.where == "cookie" else login.carrier.name,
    )
    if usual is None or (usual.header == own.header and usual.kind in ("other", "basic")):
        return own
    if usual.header == own.header or usual.text == text or not text.startswith(PREFIX):
        return usual
    return Refuse(AMBIGUOUS)


def upstream_verdict(found: Credential, known: Known, settings: Settings, upstream: Upstream) -> Verdict:
    """The principal behind one of our tokens; the store is asked again every `staleness` seconds."""
    digest = found.digest()
    before = settings.memory.get(digest, known.now)
    if before is not None and before.principal.credential in upstream.sessions:
        return Learned(known.with_principal(before.principal))

    def judge(answer: object) -> Verdict:
        if not isinstance(answer, Session):
            settings.memory.forget(digest)
            return invalid(UPSTREAM_SESSION)
        principal = principal_of(answer, settings.roles)
        upstream.hold(answer)
        until = min(answer.expires, known.now + settings.staleness_s)
        settings.memory.keep(digest, Remembered(principal, until, known.now))
        return Learned(known.with_principal(principal))

    return Ask(FindUpstream(digest), judge)


def principal_of(session: Session, roles: Roles) -> Principal:
    """Who a session is. The header that carried its token is taken out here, not by the adapter."""
    held, pending = roles.effective(session.roles, mfa=False)
    return Principal(
        subject=session.subject,
        roles=held,
        method="upstream",
        tenant=session.tenant,
        credential=f"upstream:{session.id}",
        pending=pending,
        granted=session.roles,
    )


def put_back_guard(operation: Operation, upstream: Upstream) -> BodyCheck:
    """Give the application what it gave to this session, and nothing of the kind that a caller made up."""
    login = upstream.login
    declared = frozenset(p.name for p in operation.api.parameters if p.where == "cookie") - {login.carrier.name}
    signing_in = operation.key in login.login
    watching = upstream.watching or (operation.rule is not None and operation.rule.observe)

    def put_back(request: Request, known: Known) -> Verdict:
        principal, renewing = known.principal, upstream.renewing.get(known.request_id)
        if renewing is not None and presented(request.head, login) is not None:
            return _with(request, renewing)
        if principal is None or principal.method != "upstream":
            return PASS if watching and not signing_in else _without(request, known)
        session = upstream.sessions.get(principal.credential)
        if session is not None:
            return _with(request, session)
        return Ask(SessionNamed(principal.credential.partition(":")[2]), lambda answer: _told(request, answer))

    def _told(request: Request, answer: object) -> Verdict:
        return _with(request, answer) if isinstance(answer, Session) else invalid(UPSTREAM_SESSION)

    def _with(request: Request, session: Session) -> Verdict:
        own = carried(login, session.held, _cookies(request.head, declared))
        names = frozenset({b"authorization", b"cookie", login.carrier.name.encode()})
        return Rewritten(request.with_headers((*_kept(request.headers, names), *own)), NOTE)

    def _without(request: Request, known: Known) -> Verdict:
        names = {b"cookie"}
        basic = request.head.headers.get("authorization", "").lower().startswith("basic ")
        if login.carrier.where == "header" and (signing_in or known.principal is not None or not watching):
            names.add(login.carrier.name.encode())
        if signing_in and not basic:
            names.add(b"authorization")
        elif signing_in:
            names.discard(b"authorization")
        cookies = _cookies(request.head, declared)
        own: Headers = ((b"cookie", written(cookies)),) if cookies else ()
        headers = (*_kept(request.headers, names), *own)
        return PASS if headers == request.headers else Rewritten(request.with_headers(headers), "credentials left out")

    return put_back


def carried(login: UpstreamLogin, held: Held, more: Iterable[tuple[str, str]] = ()) -> Headers:
    """The headers by which the application knows the caller."""
    cookies = [*more, *held.cookies.items()]
    if login.carrier.where == "cookie":
        return ((b"cookie", written([*cookies, (login.carrier.name, held.token)])),)
    value = f"{login.scheme} {held.token}" if login.scheme else held.token
    own: Header = (login.carrier.name.encode(), value.encode("latin-1", "replace"))
    return (own, (b"cookie", written(cookies))) if cookies else (own,)


def written(cookies: Iterable[tuple[str, str]]) -> bytes:
    """A Cookie header (RFC 6265, section 4.2.1); of one name, the last counts."""
    return "; ".join(f"{name}={value}" for name, value in dict(cookies).items()).encode("latin-1", "replace")


def _in_place(head: Head, login: UpstreamLogin) -> str | None:
    """What stands where the application expects its token."""
    if login.carrier.where == "cookie":
        return next((value for name, value in head.cookies if name == login.carrier.name), None)
    value = head.headers.get(login.carrier.name)
    if value is None or not login.scheme:
        return value
    scheme, _, text = value.partition(" ")
    return text.strip(" ") if scheme.lower() == login.scheme.lower() else None


def _kept(headers: Headers, names: frozenset[bytes] | set[bytes]) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() not in names)


def _cookies(head: Head, declared: frozenset[str]) -> list[tuple[str, str]]:
    return [pair for pair in head.cookies if pair[0] in declared]
