"""Signing in and out: the form, the second factor, here and everywhere."""

from __future__ import annotations

import math
from typing import Final

from ringwall.core.message import Header, Response
from ringwall.identity.accounts import TooSoon
from ringwall.identity.pages.desk import HOME, Desk, Visit, onward, sign_in_at
from ringwall.identity.pages.render import go_on, page, redirect, signed_in, signed_out, stepping
from ringwall.identity.signin import NeedsSecond, Outcome, SignedIn

_WRONG: Final = "The name or the password is wrong."
_WRONG_CODE: Final = "The code is wrong or was used. A recovery code is good once."
_HELD: Final = "Too many tries. Wait {} seconds, or sign in with a passkey."


def show(desk: Desk, visit: Visit) -> Response:
    """The sign-in form, or onward where the visitor is signed in already, as far as is asked for."""
    then, second = onward(visit.query.get("next")), visit.query.get("acr") == "mfa"
    seated = None if visit.query.get("again") else desk.seated(visit)
    if seated is None:
        return _form(desk, then, second=second)
    session, account = seated
    if session.mfa or not second:
        return go_on(then)
    if not desk.identity.factors.has_second(account.subject):
        return page(200, "needs.html", service=desk.service, then=then)
    ticket = desk.sign_in.ask_second(account.subject, session.amr)
    return redirect(_second_at(then), stepping(NeedsSecond(ticket)))


def password(desk: Desk, visit: Visit) -> Response:
    """A name and a password came, and perhaps a code."""
    then, second = onward(visit.form.get("next")), visit.field("acr") == "mfa"
    name, given = visit.field("name"), visit.field("password")
    if not name or not given:
        return _form(desk, then, second=second, status=400, alert="Type the name and the password.")
    done = desk.sign_in.password(name, given, visit.field("code"), visit.visitor)
    if isinstance(done, NeedsSecond):
        return redirect(_second_at(then), stepping(done))
    if isinstance(done, SignedIn):
        lacking = second and not desk.identity.factors.has_second(done.account.subject)
        if lacking:
            return page(200, "needs.html", *signed_in(done), service=desk.service, then=then)
        return go_on(then, *signed_in(done))
    status, alert, extra = _refused(done, _WRONG)
    return _form(desk, then, *extra, second=second, status=status, alert=alert, held=isinstance(done, TooSoon))


def show_second(desk: Desk, visit: Visit) -> Response:
    """The form of the second factor; without a first, back to the beginning."""
    then = onward(visit.query.get("next"))
    ticket = desk.sign_in.asked(visit.visitor)
    return _second(desk, ticket.subject, then) if ticket else redirect(sign_in_at(then))


def code(desk: Desk, visit: Visit) -> Response:
    """A code of the app or a recovery code came."""
    then = onward(visit.form.get("next"))
    done = desk.sign_in.code(visit.field("code"), visit.visitor)
    if isinstance(done, SignedIn):
        return go_on(then, *signed_in(done))
    ticket = desk.sign_in.asked(visit.visitor)
    if ticket is None:
        return redirect(sign_in_at(then))
    status, alert, extra = _refused(done, _WRONG_CODE)
    return _second(desk, ticket.subject, then, *extra, status=status, alert=alert)


def sign_out(desk: Desk, visit: Visit) -> Response:
    """Out, here."""
    seated = desk.seated(visit)
    if seated is not None:
        desk.note("signout", seated[0].subject, visit.visitor, {"session": seated[0].id})
        desk.identity.sessions.end(seated[0].id)
    return redirect(sign_in_at(HOME), *signed_out())


def sign_out_everywhere(desk: Desk, visit: Visit) -> Response:
    """Out, in every browser and application; no browser is known any more."""
    seated = desk.seated(visit)
    if seated is not None:
        desk.note("signout.everywhere", seated[1].subject, visit.visitor, {})
        desk.end_everything(seated[1])
    return redirect(sign_in_at(HOME), *signed_out())


def _form(desk: Desk, then: str, *headers: Header, second: bool, status: int = 200, alert: str | None = None,
          held: bool = False) -> Response:  # fmt: skip
    return page(
        status, "signin.html", *headers, service=desk.service, then=then, acr="mfa" if second else "", alert=alert,
        held=held,
    )  # fmt: skip


def _second(
    desk: Desk, subject: str, then: str, *headers: Header, status: int = 200, alert: str | None = None
) -> Response:
    its = desk.identity
    return page(
        status, "second.html", *headers, service=desk.service, then=then, alert=alert,
        totp=its.factors.has_totp(subject), passkeys=bool(its.passkeys.of(subject)),
    )  # fmt: skip


def _second_at(then: str) -> str:
    return sign_in_at(then).replace("/signin?", "/second?", 1)


def _refused(done: Outcome, wrong: str) -> tuple[int, str, tuple[Header, ...]]:
    """The status, the sentence and the headers of a try that was not taken."""
    if isinstance(done, TooSoon):
        seconds = math.ceil(done.seconds)
        return 429, _HELD.format(seconds), ((b"retry-after", b"%d" % seconds),)
    return 403, wrong, ()
