"""The password grant of the accounts' own holders (docs/oauth.md says why it is there): no client has part in it."""

from __future__ import annotations

import math
from collections.abc import Callable

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.identity.accounts import Accounts, TooSoon
from ringwall.identity.oauth.answer import Fault, json_reply
from ringwall.identity.oauth.form import Form
from ringwall.identity.tokens import LIFETIME_S, Tokens


def password_grant(
    accounts: Accounts, tokens: Tokens, network: Callable[[str], str]
) -> Callable[[Form, Request, Known], Response]:
    """`grant_type=password` with `username` and `password`."""

    def serve(form: Form, request: Request, known: Known) -> Response:
        name, password = form.get("username"), form.get("password")
        if not name or not password:
            return Fault("invalid_request", "username and password are needed").reply()
        found = accounts.sign_in(name, password, network(known.client))
        if isinstance(found, TooSoon):
            wait = (b"retry-after", b"%d" % math.ceil(found.seconds))
            return Fault("invalid_grant", "too many tries; wait", 429, (wait,)).reply()
        if found is None:
            return Fault("invalid_grant", "name or password is wrong").reply()
        answer = {"access_token": tokens.issue(found), "token_type": "Bearer", "expires_in": int(LIFETIME_S)}
        return json_reply(answer)

    return serve
