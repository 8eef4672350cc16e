"""The password grant of the accounts' own holders (docs/oauth.md says why it is there): no client has part in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.ports import Account
from ringwall.engines.crypto.passwords import Busy
from ringwall.identity.accounts import TooSoon
from ringwall.identity.guessing import Caller
from ringwall.identity.oauth.answer import Fault, json_reply
from ringwall.identity.oauth.form import Form
from ringwall.identity.signin import Identity
from ringwall.identity.tokens import LIFETIME_S, Tokens

_WRONG: Final = Fault("invalid_grant", "the name, the password or the code is wrong")
_BUSY: Final = Fault("temporarily_unavailable", "too many sign in now; try again", 503, ((b"retry-after", b"1"),))
_SECOND: Final = Fault("invalid_grant", "this account has a second factor: send its code as otp")


def password_grant(
    its: Identity, tokens: Tokens, network: Callable[[str], str]
) -> Callable[[Form, Request, Known], Response]:
    """`grant_type=password` with `username`, `password`, and `otp` where the account has a second factor: a code of its
    app, or a recovery code. Whether it has one is told to those alone who know the password."""

    def serve(form: Form, request: Request, known: Known) -> Response:
        name, password = form.get("username"), form.get("password")
        if not name or not password:
            return Fault("invalid_request", "username and password are needed").reply()
        try:
            found = its.accounts.prove(name, password, Caller(network(known.client)))
        except Busy:
            return _BUSY.reply()
        if isinstance(found, TooSoon):
            return _held(found)
        if found is None:
            return _WRONG.reply()
        proved = _second(its, found, form.get("otp"))
        if isinstance(proved, Fault):
            return proved.reply()
        if isinstance(proved, TooSoon):
            return _held(proved)
        token = tokens.issue(found, amr=("pwd", *proved))
        return json_reply({"access_token": token, "token_type": "Bearer", "expires_in": int(LIFETIME_S)})

    return serve


def _second(its: Identity, account: Account, code: str | None) -> tuple[str, ...] | TooSoon | Fault:
    """The methods that the second factor proves (RFC 8176); none where the account has none."""
    if not its.factors.has_second(account.subject):
        return ()
    if code is None:
        return _SECOND
    wait = its.guessing.begin_code(account.subject, its.now())
    if wait > 0.0:
        return TooSoon(wait)
    totp = its.factors.spend_totp(account.subject, code)
    if not totp and not its.factors.spend_recovery(account.subject, code):
        return _WRONG
    its.guessing.code_succeeded(account.subject, its.now())
    return ("otp" if totp else "rc", "mfa")


def _held(found: TooSoon) -> Response:
    wait = (b"retry-after", b"%d" % math.ceil(found.seconds))
    return Fault("invalid_grant", "too many tries; wait", 429, (wait,)).reply()
