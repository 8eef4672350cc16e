"""The pages of accounts under `/.ringwall/account`: server-rendered, usable without scripts but for passkeys.

Each page is a function from a request to a reply; `routes` lists them all. Every POST comes from a page of our own
origin (its guard stands before it), and a page never tells whether an account exists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ringwall.core.message import Request, Response
from ringwall.identity.pages import account, assets, factors, passkeys, password, signin
from ringwall.identity.pages.desk import HOME, Desk, Page

__all__ = ["Desk", "Route", "routes"]


class Route(NamedTuple):
    """One page: its method and path below `/.ringwall/account`, its name in the journal, and what answers."""

    method: str
    path: str
    name: str
    page: Page


def routes() -> tuple[Route, ...]:
    """All pages but the account's own, which API clients ask too."""
    return (
        Route("GET", f"{HOME}/signin", "signin.page", signin.show),
        Route("POST", f"{HOME}/signin", "signin", signin.password),
        Route("GET", f"{HOME}/second", "second.page", signin.show_second),
        Route("POST", f"{HOME}/second", "second", signin.code),
        Route("POST", f"{HOME}/signout", "signout", signin.sign_out),
        Route("POST", f"{HOME}/signout/everywhere", "signout.everywhere", signin.sign_out_everywhere),
        Route("POST", f"{HOME}/sessions/end", "sessions.end", account.end_session),
        Route("POST", f"{HOME}/password", "password", password.change),
        Route("GET", f"{HOME}/invitation", "invitation.page", password.show_invitation),
        Route("POST", f"{HOME}/invitation", "invitation", password.accept),
        Route("GET", f"{HOME}/recover", "recover.page", password.show_recover),
        Route("POST", f"{HOME}/recover", "recover", password.recover),
        Route("GET", f"{HOME}/totp", "totp.page", factors.show_totp),
        Route("POST", f"{HOME}/totp", "totp", factors.enrol_totp),
        Route("POST", f"{HOME}/totp/remove", "totp.remove", factors.remove_totp),
        Route("POST", f"{HOME}/codes", "codes", factors.new_codes),
        Route("POST", f"{HOME}/passkey/options", "passkey.options", passkeys.options),
        Route("POST", f"{HOME}/passkey/use", "passkey.use", passkeys.use),
        Route("POST", f"{HOME}/passkey/add", "passkey.add", passkeys.add),
        Route("POST", f"{HOME}/passkey/remove", "passkey.remove", factors.remove_passkey),
        Route("GET", f"{HOME}/pages.css", "style", assets.style),
        Route("GET", f"{HOME}/icon.svg", "icon", assets.icon),
        Route("GET", f"{HOME}/passkeys.js", "script", assets.script),
    )


def account_page(desk: Desk, otherwise: Callable[[Request], Response]) -> Page:
    """The account's own page, for a browser; `otherwise` answers who asks for no page."""
    return account.page(desk, otherwise)
