"""The console's pages as the router takes them: closed to whoever is not signed in with a second factor and a rank."""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple
from urllib.parse import urlencode

from ringwall.build.own_accounts import pages
from ringwall.build.router import Router
from ringwall.build.runtime import Runtime
from ringwall.build.settings import Running, roles_of
from ringwall.console import alerts, journal, live, overview, principals, tests
from ringwall.console.desk import HOME, Console, Page, Persons, Seat
from ringwall.console.render import asset, note, redirect
from ringwall.contract.model import Contract
from ringwall.contract.model_console import Rank
from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Limits, Plan, Serve
from ringwall.core.ports import Unavailable
from ringwall.identity.pages.desk import Visit, sign_in_at, visit_of
from ringwall.state.journal_files import JournalDamaged

_LIMITS: Final = Limits(body=16_384, reply=8 << 20, seconds=60.0)


class _Route(NamedTuple):
    method: str
    path: str
    name: str
    least: Rank
    page: Page


_ROUTES: Final = (
    _Route("GET", "", "overview", "viewer", overview.show),
    _Route("GET", "live", "live", "viewer", live.show),
    _Route("GET", "alerts", "alerts", "viewer", alerts.show_all),
    _Route("GET", "alert", "alert", "viewer", alerts.show_one),
    _Route("POST", "alert/close", "alert.close", "responder", alerts.close),
    _Route("POST", "respond", "respond", "responder", alerts.respond),
    _Route("POST", "undo", "undo", "responder", alerts.undo),
    _Route("GET", "journal", "journal", "viewer", journal.show_search),
    _Route("GET", "request", "request", "viewer", journal.show_request),
    _Route("GET", "principals", "principals", "viewer", principals.show),
    _Route("GET", "tests", "tests", "viewer", tests.show),
)


def declare(router: Router, contract: Contract, runtime: Runtime, given: Running) -> None:
    """Add the console's endpoints, where the contract has a console; else there are none."""
    if contract.console is None:
        return
    own = pages(contract, runtime, given)
    console = Console(own.desk, runtime, contract, roles_of(contract), Persons(runtime))
    for route in _ROUTES:
        writes = route.method == "POST"
        guards = own.writing if writes else own.reading
        path = f"{HOME}/{route.path}"
        router.add_own(route.method, path, Plan(
            f"ringwall console.{route.name}", path, guards, _LIMITS, "whole" if writes else "none",
            serve=_serve(console, route),
        ))  # fmt: skip
    begin = redirect(f"{HOME}/")
    for path, reply in (*((f"{HOME}/{name}", asset(name)) for name in ("console.css", "console.js")), (HOME, begin)):
        plan = Plan("ringwall console.style", path, own.reading, _LIMITS, "none", serve=_always(reply))
        router.add_own("GET", path, plan)


def _always(reply: Response) -> Serve:
    return lambda request, known: reply


def _serve(console: Console, route: _Route) -> Serve:
    def serve(request: Request, known: Known) -> Response:
        visit = visit_of(request, known, console.desk)
        if visit is None:
            return note(console, None, 400, "Not a form", "Send one form.")
        try:
            seat = _seat(console, visit, route)
            if isinstance(seat, Response):
                return live.ended() if route.page is live.show else seat
            return route.page(console, seat)
        except JournalDamaged:
            text = "A record is not what was written. `ringwall audit verify` names it."
            return note(console, None, 503, "The journal is damaged", text)
        except (Unavailable, sqlite3.DatabaseError, OSError):
            return note(console, None, 503, "Not now", "A store does not answer. Try again in a few seconds.")

    return serve


def _seat(console: Console, visit: Visit, route: _Route) -> Seat | Response:
    """Who may go on, or what is answered instead."""
    seated = console.desk.seated(visit, used=route.page is not live.show)
    if seated is None or not seated[0].mfa:
        if route.method == "POST":
            return note(console, None, 403, "Not signed in", "Sign in, and do it again.")
        asked = f"?{urlencode(visit.query)}" if visit.query else ""
        return redirect(sign_in_at(f"{HOME}/{route.path}{asked}", acr="mfa"))
    session, account = seated
    held = {each.action: each for each in console.runtime.alerts.in_force(console.now())
            if (each.kind, each.value) == ("principal", account.subject)}  # fmt: skip
    if "block" in held:
        return note(console, None, 403, "Blocked", "This account is blocked. `ringwall respond list` says why.")
    if "challenge" in held and session.signed_in < held["challenge"].since:
        return redirect(sign_in_at(f"{HOME}/", again="1", acr="mfa"))
    rank = console.rank(session, account)
    if rank is None:
        return note(
            console, None, 403, "Not for this account", "The contract gives this account no part of the console."
        )
    seat = Seat(visit, account, rank)
    if not seat.may(route.least):
        return note(console, seat, 403, "Not with this rank", f"That takes a {route.least}; this account is a {rank}.")
    return seat
