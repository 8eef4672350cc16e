"""Passwords: changed with the old one, set by an invitation, or anew after a recovery code."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ringwall.core.message import Response
from ringwall.core.ports import Account
from ringwall.identity.accounts import TooSoon
from ringwall.identity.guessing import Caller
from ringwall.identity.pages.account import overview
from ringwall.identity.pages.desk import HOME, Desk, Visit, sign_in_at
from ringwall.identity.pages.render import page, redirect, signed_in, stepping
from ringwall.identity.signin import PASSWORD, NeedsSecond
from ringwall.identity.tickets import INVITATION
from ringwall.identity.words import Unacceptable, canonical

RECOVERY: Final = "recovery"
_OVER: Final = "This invitation is not good any more: it was used, or its time is over."
_WRONG: Final = "The name or the recovery code is wrong."


def confirmed(desk: Desk, visit: Visit, account: Account, password: str) -> Account | TooSoon | None:
    """Whether the holder's password is this; held back as a sign-in is."""
    known = desk.identity.devices.known(visit.visitor.device, account.name)
    return desk.accounts.prove(account.name, password, Caller(visit.visitor.network, known))


def change(desk: Desk, visit: Visit) -> Response:
    """Another password, by the old one: other sessions and all tokens end."""
    seated = desk.seated(visit)
    if seated is None:
        return redirect(sign_in_at(HOME))
    session, account = seated
    flaw = _flaw_of_pair(visit)
    if flaw is None:
        found = confirmed(desk, visit, account, visit.field("current"))
        flaw = f"Too many tries. Wait {math.ceil(found.seconds)} seconds." if isinstance(found, TooSoon) else (
            "The present password is wrong." if found is None else _set(desk, account, visit.field("password"))
        )  # fmt: skip
    if flaw is not None:
        return overview(desk, session, account, status=422, alert=flaw)
    desk.end_everything(account)
    desk.note("password.change", account.subject, visit.visitor, {})
    return redirect(HOME, *signed_in(desk.sign_in.reopen(account, session.amr, visit.visitor)))


def show_invitation(desk: Desk, visit: Visit) -> Response:
    """The form of an invitation that stands."""
    return _invited(desk, visit.query.get("code", ""))


def accept(desk: Desk, visit: Visit) -> Response:
    """The invited holder's password. The code is good once."""
    code = visit.field("code")
    ticket = desk.identity.tickets.read(INVITATION, code)
    account = desk.accounts.of(ticket.subject) if ticket else None
    if account is None:
        return _invited(desk, code)
    flaw = _flaw_of_pair(visit) or _acceptable(desk, account, visit.field("password"))
    if flaw is not None:
        return _invited(desk, code, status=422, alert=flaw)
    if desk.identity.tickets.take(INVITATION, code) is None:
        return _invited(desk, code)
    return _begin_anew(desk, visit, account, "invitation.accept")


def show_recover(desk: Desk, visit: Visit) -> Response:
    """The form for who lost the password."""
    return page(200, "recover.html", service=desk.service)


def recover(desk: Desk, visit: Visit) -> Response:
    """A name and a recovery code, then the new password, and another proof where the account has a second factor."""
    if "ticket" in visit.form:
        return _renew(desk, visit)
    its, now = desk.identity, desk.identity.now()
    name, caller = canonical(visit.field("name")), Caller(visit.visitor.network)
    wait = its.guessing.begin(name, caller, now)
    if wait > 0.0:
        seconds = math.ceil(wait)
        alert, after = f"Too many tries. Wait {seconds} seconds.", (b"retry-after", b"%d" % seconds)
        return page(429, "recover.html", after, service=desk.service, alert=alert)
    account = desk.accounts.named(name)
    subject = account.subject if account else ""
    if not its.factors.spend_recovery(subject, visit.field("code")) or account is None:
        desk.note("signin.wrong", subject, visit.visitor, {"method": "recovery"})
        return page(403, "recover.html", service=desk.service, alert=_WRONG)
    its.guessing.succeeded(name, caller, now)
    desk.note("recovery.begin", subject, visit.visitor, {"left": its.factors.recovery_left(subject)})
    return _renewal(desk, account, its.tickets.issue(RECOVERY, subject))


def _renew(desk: Desk, visit: Visit) -> Response:
    its, secret = desk.identity, visit.field("ticket")
    ticket = its.tickets.read(RECOVERY, secret)
    account = desk.accounts.of(ticket.subject) if ticket else None
    if account is None:
        return page(403, "recover.html", service=desk.service, alert="That took too long. Begin again.")
    flaw = _flaw_of_pair(visit) or _acceptable(desk, account, visit.field("password"))
    if flaw is not None:
        return _renewal(desk, account, secret, status=422, alert=flaw)
    second = its.factors.has_second(account.subject)
    if second and not desk.sign_in.proves_second(account.subject, visit.field("second")):
        its.tickets.strike(secret)
        return _renewal(desk, account, secret, status=403, alert="The code is wrong or was used.")
    if its.tickets.take(RECOVERY, secret) is None:
        return page(403, "recover.html", service=desk.service, alert="That took too long. Begin again.")
    return _begin_anew(desk, visit, account, "recovery.end", second=second)


def _begin_anew(desk: Desk, visit: Visit, account: Account, what: str, *, second: bool = False) -> Response:
    """Set the password that was found acceptable, end whatever there was, and sign in with what was proved."""
    flaw = _set(desk, account, visit.field("password"))
    if flaw is not None:
        return page(422, "recover.html", service=desk.service, alert=flaw)
    desk.end_everything(account)
    desk.note(what, account.subject, visit.visitor, {})
    if not second and desk.identity.factors.has_second(account.subject):
        begun = NeedsSecond(desk.sign_in.ask_second(account.subject, PASSWORD))
        return redirect(sign_in_at(HOME).replace("/signin?", "/second?", 1), stepping(begun))
    amr = PASSWORD | {"rc", "mfa"} if second else PASSWORD
    return redirect(HOME, *signed_in(desk.sign_in.reopen(account, amr, visit.visitor)))


def _invited(desk: Desk, code: str, *, status: int = 200, alert: str | None = None) -> Response:
    ticket = desk.identity.tickets.read(INVITATION, code)
    account = desk.accounts.of(ticket.subject) if ticket else None
    if account is None:
        return page(403, "note.html", service=desk.service, title="Invitation", text=_OVER)
    return page(status, "invitation.html", service=desk.service, code=code, name=account.name, alert=alert)


def _renewal(desk: Desk, account: Account, ticket: str, *, status: int = 200, alert: str | None = None) -> Response:
    second = desk.identity.factors.has_second(account.subject)
    return page(
        status, "renew.html", service=desk.service, ticket=ticket, name=account.name, second=second, alert=alert
    )


def _flaw_of_pair(visit: Visit) -> str | None:
    return None if visit.field("password") == visit.field("again") else "The two new passwords are not the same."


def _acceptable(desk: Desk, account: Account, password: str) -> str | None:
    return _flaw(lambda: desk.accounts.check_password(account, password, context=(desk.service,)))


def _set(desk: Desk, account: Account, password: str) -> str | None:
    return _flaw(lambda: desk.accounts.set_password(account.name, password, context=(desk.service,)))


def _flaw(do: Callable[[], object]) -> str | None:
    """Why a password is not taken, as a sentence."""
    try:
        do()
    except Unacceptable as flaw:
        text = str(flaw)
        return f"{text[0].upper()}{text[1:]}."
    return None
