"""Second factors: the authenticator app with its QR code, recovery codes that are shown once, and taking them off."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import segno
from markupsafe import Markup

from ringwall.core.message import Response
from ringwall.core.ports import Account
from ringwall.identity.accounts import TooSoon
from ringwall.identity.factors import enrolment_uri
from ringwall.identity.pages.account import overview
from ringwall.identity.pages.desk import HOME, Desk, Visit, is_fresh, sign_in_at
from ringwall.identity.pages.password import confirmed
from ringwall.identity.pages.render import page, redirect, signed_in
from ringwall.identity.sessions import Session
from ringwall.identity.words import long_enough_alone

ENROLMENT: Final = "totp"
_SHORT: Final = "Without a second factor your password has to be longer: set one of 15 characters first."


def show_totp(desk: Desk, visit: Visit) -> Response:
    """A new secret, as a QR code and as text."""
    found = _may_change(desk, visit)
    if isinstance(found, Response):
        return found
    _, account = found
    sealed = desk.identity.factors.offer_totp(account.subject)
    ticket = desk.identity.tickets.issue(ENROLMENT, account.subject, {"sealed": sealed})
    return _enrolment(desk, account, sealed, ticket)


def enrol_totp(desk: Desk, visit: Visit) -> Response:
    """A code of the new secret: the app is enrolled, and this session has two factors from now on."""
    found = _may_change(desk, visit)
    if isinstance(found, Response):
        return found
    session, account = found
    its, secret = desk.identity, visit.field("ticket")
    ticket = its.tickets.read(ENROLMENT, secret)
    if ticket is None or ticket.subject != account.subject:
        return redirect(f"{HOME}/totp")
    sealed = ticket.facts["sealed"]
    if not its.factors.enrol_totp(account.subject, sealed, visit.field("code")):
        its.tickets.strike(secret)
        return _enrolment(desk, account, sealed, secret, status=403, alert="That is not the code of now. Try the next.")
    its.tickets.take(ENROLMENT, secret)
    desk.note("totp.add", account.subject, visit.visitor, {})
    done = desk.sign_in.reopen(account, session.amr | {"otp", "mfa"}, visit.visitor)
    if its.factors.recovery_left(account.subject):
        return redirect(HOME, *signed_in(done))
    desk.note("codes.new", account.subject, visit.visitor, {})
    codes = its.factors.new_recovery(account.subject)
    return page(200, "codes.html", *signed_in(done), service=desk.service, codes=codes)


def new_codes(desk: Desk, visit: Visit) -> Response:
    """A new set of recovery codes, shown this once."""
    found = _may_change(desk, visit)
    if isinstance(found, Response):
        return found
    _, account = found
    desk.note("codes.new", account.subject, visit.visitor, {})
    return page(200, "codes.html", service=desk.service, codes=desk.identity.factors.new_recovery(account.subject))


def remove_totp(desk: Desk, visit: Visit) -> Response:
    """Take the app off, by the password."""
    its = desk.identity
    return _remove(desk, visit, "totp.remove", lambda a: len(its.passkeys.of(a.subject)),
                   lambda a: its.factors.drop_totp(a.subject))  # fmt: skip


def remove_passkey(desk: Desk, visit: Visit) -> Response:
    """Take a passkey off, by the password."""
    its = desk.identity
    try:
        passkey_id = bytes.fromhex(visit.field("id"))
    except ValueError:
        passkey_id = b""
    return _remove(
        desk, visit, "passkey.remove",
        lambda a: sum(p.id != passkey_id for p in its.passkeys.of(a.subject)) + its.factors.has_totp(a.subject),
        lambda a: its.passkeys.drop(a.subject, passkey_id),
    )  # fmt: skip


def _remove(
    desk: Desk, visit: Visit, what: str, left: Callable[[Account], int], drop: Callable[[Account], bool]
) -> Response:
    """Take a factor off. With the last, the password has to be one that can stand alone."""
    found = _may_change(desk, visit)
    if isinstance(found, Response):
        return found
    session, account = found
    password = visit.field("password")
    proved = confirmed(desk, visit, account, password)
    alert = None
    if isinstance(proved, TooSoon):
        alert = f"Too many tries. Wait {math.ceil(proved.seconds)} seconds."
    elif proved is None:
        alert = "The password is wrong."
    elif not left(account) and not long_enough_alone(password):
        alert = _SHORT
    elif not drop(account):
        alert = "There is no such factor any more."
    if alert is not None:
        return overview(desk, session, account, status=422, alert=alert)
    desk.note(what, account.subject, visit.visitor, {})
    return redirect(HOME)


def _may_change(desk: Desk, visit: Visit) -> tuple[Session, Account] | Response:
    """Whose factors may be changed: who signed in a short while ago, with all factors there are."""
    seated = desk.seated(visit)
    if seated is None:
        return redirect(sign_in_at(HOME))
    return seated if is_fresh(desk, seated[0]) else redirect(sign_in_at(HOME, again="1"))


def _enrolment(
    desk: Desk, account: Account, sealed: str, ticket: str, *, status: int = 200, alert: str | None = None
) -> Response:
    secret = desk.identity.factors.offered(account.subject, sealed)
    if secret is None:
        return redirect(HOME)
    drawn = segno.make(enrolment_uri(secret, account.name, desk.service), micro=False)
    code = Markup(drawn.svg_inline(border=4, light="#fff", omitsize=True, title="QR code for an authenticator app"))  # noqa: S704 - drawn by segno from modules alone
    spelled = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return page(status, "totp.html", service=desk.service, code=code, secret=spelled, ticket=ticket, alert=alert)
