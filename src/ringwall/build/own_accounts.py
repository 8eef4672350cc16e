"""The pages of accounts as plans: each behind its address's rate, and every POST from a page of our own alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

from ringwall.build.runtime import Runtime, request_id
from ringwall.build.seats import noting
from ringwall.build.settings import Running
from ringwall.contract.model import Contract, Rate
from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Guards, Limits, Plan, Serve
from ringwall.engines.crypto.passwords import Busy
from ringwall.identity.pages import Desk, account_page, routes
from ringwall.identity.pages.desk import Page, visit_of
from ringwall.identity.pages.render import page as rendered
from ringwall.identity.sessions import Limits as SessionLimits
from ringwall.identity.signin import SignIn
from ringwall.layers import quota, response, transport
from ringwall.layers.quota import network

_LIMITS: Final = Limits(body=16_384, reply=1 << 20, seconds=30.0)
_RATE: Final = Rate(600, 60.0)
"""Of one address, whatever the contract states: a challenge or a ticket is a row for some minutes."""


class Own(NamedTuple):
    """One page as the router takes it."""

    method: str
    path: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class Pages:
    """All pages of one wall."""

    desk: Desk
    reading: Guards
    writing: Guards

    def account(self, otherwise: Serve) -> Serve:
        """`GET /.ringwall/account`, answered by `otherwise` where no page is asked for."""

        def serve(request: Request, known: Known) -> Response:
            return _serve(self.desk, account_page(self.desk, lambda asked: otherwise(asked, known)))(request, known)

        return serve

    def all(self) -> Iterator[Own]:
        """Every other page."""
        for route in routes():
            writes = route.method == "POST"
            guards = self.writing if writes else self.reading
            plan = Plan(f"ringwall {route.name}", route.path, guards, _LIMITS, "whole" if writes else "none",
                        serve=_serve(self.desk, route.page))  # fmt: skip
            yield Own(route.method, route.path, plan)


def pages(contract: Contract, runtime: Runtime, given: Running) -> Pages:
    """The pages of a contract that has accounts. Sessions are held to its limits from now on."""
    stated = contract.authentication.sessions
    if stated is not None:
        runtime.sessions.limits = SessionLimits(stated.idle_s, stated.absolute_s)
    note = noting(runtime.journal, runtime.persons, request_id, required=contract.journal == "required")
    desk = Desk(
        identity=runtime.identity,
        sign_in=SignIn(runtime.identity, note),
        note=note,
        service=contract.api.title,
        network=network,
        end_tokens=runtime.tokens.revoke_subject,
    )
    public = (*response.forge_address(given.restraints).head, *quota.forge(None, given.quota).head)
    own_rate = quota.forge(None, quota.settings(_RATE, None)).head
    return Pages(desk, Guards(head=public), Guards(head=(*public, *own_rate, *transport.own_page())))


def _serve(desk: Desk, page: Page) -> Serve:
    def serve(request: Request, known: Known) -> Response:
        visit = visit_of(request, known, desk)
        if visit is None:
            return rendered(400, "note.html", service=desk.service, title="Not a form", text="Send one form.")
        try:
            return page(desk, visit)
        except Busy:
            later = (b"retry-after", b"5")
            text = "Many sign in just now. Try again in a few seconds."
            return rendered(503, "note.html", later, service=desk.service, title="Busy", text=text)

    return serve
