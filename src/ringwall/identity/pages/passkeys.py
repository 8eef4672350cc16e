"""What the script of the pages asks: options for a passkey, and what an authenticator answered."""

from __future__ import annotations

import json
from typing import Final

from ringwall.core.message import JSON, Response
from ringwall.identity.pages.desk import HOME, Desk, Visit, is_fresh, onward, sign_in_at
from ringwall.identity.pages.render import data, raw, signed_in
from ringwall.identity.passkeys import PasskeyFlaw
from ringwall.identity.signin import SignedIn

_REFUSED: Final = {"error": "The passkey was not accepted."}
_AGAIN: Final = {"error": "Sign in again first.", "next": sign_in_at(HOME, again="1")}


def options(desk: Desk, visit: Visit) -> Response:
    """The options of a ceremony: `{"for": "alone" | "second" | "add"}`."""
    wanted = _object(visit).get("for")
    its, site = desk.identity, visit.site
    if wanted == "alone":
        return raw(200, its.passkeys.request(site).encode())
    if wanted == "second":
        ticket = desk.sign_in.asked(visit.visitor)
        return raw(200, its.passkeys.request(site, ticket.subject).encode()) if ticket else data(403, _AGAIN)
    seated = desk.seated(visit)
    if wanted != "add":
        return data(400, {"error": "Ask for alone, second or add."})
    if seated is None or not is_fresh(desk, seated[0]):
        return data(403, _AGAIN)
    return raw(200, its.passkeys.registration(seated[1], site).encode())


def use(desk: Desk, visit: Visit) -> Response:
    """What an authenticator signed: `{"for": "alone" | "second", "credential": {…}, "next": PATH}`."""
    given = _object(visit)
    visitor = visit.visitor
    second = given.get("for") == "second"
    if second and desk.sign_in.asked(visitor) is None:
        return data(403, _AGAIN)
    then = given.get("next")
    done = desk.sign_in.passkey(visit.site, json.dumps(given.get("credential")), visitor, second=second)
    if not isinstance(done, SignedIn):
        return data(403, _REFUSED)
    return data(200, {"next": onward(then if isinstance(then, str) else None)}, *signed_in(done))


def add(desk: Desk, visit: Visit) -> Response:
    """A passkey that was just made: `{"credential": {…}, "name": TEXT}`. The session goes on as one of two factors."""
    seated, given = desk.seated(visit), _object(visit)
    if seated is None or not is_fresh(desk, seated[0]):
        return data(403, _AGAIN)
    session, account = seated
    name = given.get("name")
    made = desk.identity.passkeys.register(
        account.subject, visit.site, json.dumps(given.get("credential")), name if isinstance(name, str) else ""
    )
    if isinstance(made, PasskeyFlaw):
        desk.note("passkey.refused", account.subject, visit.visitor, {"flaw": made.value})
        return data(403, _REFUSED)
    desk.note("passkey.add", account.subject, visit.visitor, {})
    amr = session.amr | ({"swk"} if made.synced else {"hwk"}) | {"user", "mfa"}
    return data(200, {"next": HOME}, *signed_in(desk.sign_in.reopen(account, amr, visit.visitor)))


def _object(visit: Visit) -> dict[str, JSON]:
    try:
        found = json.loads(visit.request.body or b"{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
