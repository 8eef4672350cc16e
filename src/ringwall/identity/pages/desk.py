"""What every page works with: who is there, what the form says, where to go next."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlencode

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.ports import Account
from ringwall.identity import devices, sessions
from ringwall.identity.accounts import Accounts
from ringwall.identity.passkeys import Site
from ringwall.identity.sessions import Session
from ringwall.identity.signin import Identity, Note, SignIn, Visitor

HOME: Final = "/.ringwall/account"
STEP_COOKIE: Final = "__Host-ringwall-step"
FRESH_S: Final = 900.0
"""How long after a sign-in an account's factors may be changed without another."""
_FORM: Final = "application/x-www-form-urlencoded"
_NEXT: Final = re.compile(r"/\.ringwall(?:/[A-Za-z0-9._~!$&'()*+,=:@-]+)+/?(?:\?[!$-;=?-Z_a-z~%]*)?")
_AGENT: Final = 200


@dataclass(frozen=True, slots=True)
class Desk:
    """What the pages of one deployment share. `service` is the name that people know it by; `end_tokens` ends all
    tokens of a subject."""

    identity: Identity
    sign_in: SignIn
    note: Note
    service: str
    network: Callable[[str], str]
    end_tokens: Callable[[str], None]

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        return self.identity.accounts

    def end_everything(self, account: Account) -> None:
        """End every session and token of an account and whatever it has begun; no browser is known any more."""
        self.identity.sessions.end_all(account.subject)
        self.identity.tickets.end_all(account.subject)
        self.identity.devices.forget(account.name)
        self.end_tokens(account.subject)

    def seated(self, visit: Visit, *, used: bool = True) -> tuple[Session, Account] | None:
        """Whose session the visitor's is; `used`: this is somebody's doing, and counts against the session's idling."""
        return self.identity.sessions.whose(visit.visitor.session, used=used)


@dataclass(frozen=True, slots=True)
class Visit:
    """One request of a page's: the visitor, the form's fields (each once), the query's, and the site."""

    request: Request
    visitor: Visitor
    form: Mapping[str, str]
    query: Mapping[str, str]
    site: Site

    def field(self, name: str) -> str:
        """A field of the form; empty where it is not there."""
        return self.form.get(name, "")


Page = Callable[[Desk, Visit], Response]


def visit_of(request: Request, known: Known, desk: Desk) -> Visit | None:
    """What a request says, or None where its form is no form."""
    form = _form(request)
    if form is None:
        return None
    head = request.head
    kept = dict(head.cookies)
    visitor = Visitor(
        client=known.client,
        network=desk.network(known.client),
        agent=head.headers.get("user-agent", "")[:_AGENT],
        request_id=known.request_id,
        session=kept.get(sessions.COOKIE, "") if _once(request, sessions.COOKIE) else "",
        device=kept.get(devices.COOKIE, "") if _once(request, devices.COOKIE) else "",
        step=kept.get(STEP_COOKIE, "") if _once(request, STEP_COOKIE) else "",
    )
    query = {pair.name: pair.value for pair in head.query}
    return Visit(request, visitor, form, query, Site.of(head.host, secure=head.secure))


def onward(asked: str | None) -> str:
    """Where to go after signing in: a path of ringwall's own, and nothing that a browser could read as elsewhere."""
    if asked is None or len(asked) > 4000 or not _NEXT.fullmatch(asked):
        return HOME
    path = asked.partition("?")[0]
    return HOME if any(part in (".", "..") for part in path.split("/")) else asked


def sign_in_at(then: str, **more: str) -> str:
    """The sign-in page that leads to `then`."""
    return f"{HOME}/signin?{urlencode({'next': then, **more})}"


def is_fresh(desk: Desk, session: Session) -> bool:
    """Whether the factors may be changed: signed in a short while ago, with all that the account asks for."""
    recent = 0.0 <= desk.identity.now() - session.signed_in < FRESH_S
    return recent and (session.mfa or not desk.identity.factors.has_second(session.subject))


def _once(request: Request, name: str) -> bool:
    """Whether a cookie came once: of two, one was put there by somebody else."""
    return sum(1 for cookie, _ in request.head.cookies if cookie == name) == 1


def _form(request: Request) -> dict[str, str] | None:
    """The fields of a form, each once (URL Standard, section 5.1); none where there is no content."""
    if not request.body or request.head.media_type == "application/json":
        return {}
    if request.head.media_type != _FORM:
        return None
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"), keep_blank_values=True, strict_parsing=True, errors="strict",
            max_num_fields=20,
        )  # fmt: skip
    except (UnicodeDecodeError, ValueError):
        return None
    fields = dict(pairs)
    return fields if len(fields) == len(pairs) else None
