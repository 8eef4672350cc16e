"""The account's own page: who it is, its sessions, its factors; JSON for clients that are no browser."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from ringwall.core.message import Header, Request, Response
from ringwall.core.ports import Account
from ringwall.identity.pages.desk import HOME, Desk, Page, Visit, is_fresh, sign_in_at
from ringwall.identity.pages.render import page as rendered
from ringwall.identity.pages.render import redirect
from ringwall.identity.sessions import Session


def page(desk: Desk, otherwise: Callable[[Request], Response]) -> Page:
    """`GET /.ringwall/account`: the page where a page is asked for."""

    def show(desk: Desk, visit: Visit) -> Response:
        if "text/html" not in visit.request.head.headers.get("accept", ""):
            return otherwise(visit.request)
        seated = desk.seated(visit)
        return overview(desk, *seated) if seated else redirect(sign_in_at(HOME))

    return show


def overview(
    desk: Desk, session: Session, account: Account, *headers: Header, status: int = 200,
    alert: str | None = None, notice: str | None = None,
) -> Response:  # fmt: skip
    """The page of an account, as it stands now."""
    its = desk.identity
    second = its.factors.has_second(account.subject)
    return rendered(
        status,
        "account.html",
        *headers,
        service=desk.service,
        account=account,
        alert=alert,
        notice=notice,
        mfa=session.mfa,
        second=second,
        fresh=is_fresh(desk, session),
        again=sign_in_at(HOME, again="1"),
        step_up=sign_in_at(HOME, acr="mfa"),
        totp=its.factors.has_totp(account.subject),
        codes=its.factors.recovery_left(account.subject),
        passkeys=[
            {"id": p.id.hex(), "name": p.name, "synced": p.synced, "created": _when(p.created),
             "used": _when(p.used) if p.used else "never"}
            for p in its.passkeys.of(account.subject)
        ],
        sessions=[
            {"id": s.id, "here": s.id == session.id, "agent": browser_name(s.agent), "network": s.network,
             "signed_in": _when(s.signed_in), "seen": _when(s.seen)}
            for s in its.sessions.list(account.subject)
        ],
    )  # fmt: skip


def end_session(desk: Desk, visit: Visit) -> Response:
    """End one of the holder's own sessions."""
    seated = desk.seated(visit)
    if seated is None:
        return redirect(sign_in_at(HOME))
    session, account = seated
    wanted = visit.field("id")
    if wanted not in {each.id for each in desk.identity.sessions.list(account.subject)}:
        return overview(desk, session, account, status=404, alert="There is no such session any more.")
    desk.note("session.end", account.subject, visit.visitor, {"session": wanted})
    desk.identity.sessions.end(wanted)
    return redirect(HOME)


def browser_name(agent: str) -> str:
    """What people call a browser and its system, as far as it can be told: for the holder's eyes alone."""
    browser = next((name for mark, name in _BROWSERS if mark in agent), "a browser")
    system = next((f" on {name}" for mark, name in _SYSTEMS if mark in agent), "")
    return f"{browser}{system}"


_BROWSERS: Final = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"),
    ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"),
)  # fmt: skip
_SYSTEMS: Final = (
    ("Windows", "Windows"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"), ("Linux", "Linux"),
)  # fmt: skip


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
