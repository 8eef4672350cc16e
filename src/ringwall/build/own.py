"""Ringwall's own endpoints under `/.ringwall/`, each with a plan like any operation's, and the CORS preflight."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace

from ringwall.build import own_accounts, own_oauth, own_upstream
from ringwall.build.router import Router
from ringwall.build.runtime import Runtime
from ringwall.build.settings import Running
from ringwall.contract.api import ApiOperation
from ringwall.contract.model import At, Contract, Operation, Rule
from ringwall.core.known import Known
from ringwall.core.message import Head, Request, Response
from ringwall.core.plan import Guards, Limits, Plan, Serve
from ringwall.core.ports import Unavailable
from ringwall.identity import endpoints
from ringwall.layers import authentication, quota, response, transport
from ringwall.monitoring.exposed import exposition
from ringwall.monitoring.metrics import CONTENT_TYPE

Route = Callable[[Head], tuple[Plan, Mapping[str, str]]]
Declare = Callable[[Router, Contract, Runtime, Running], None]
"""Adds endpoints of ringwall's own: how a room above this one has its pages served."""
_LIMITS = Limits(body=8192, reply=1 << 20, seconds=10.0)
METRICS_FROM = frozenset({"127.0.0.1", "::1"})


def declare(router: Router, contract: Contract, runtime: Runtime, given: Running) -> None:
    """Add the endpoints. Identity's are there only where the contract has accounts."""
    public = Guards(head=(*response.forge_address(given.restraints).head, *quota.forge(None, given.quota).head))
    add = router.add_own
    unheld = Guards(head=quota.forge(None, given.quota).head)
    add("GET", "/.ringwall/live", _plan("live", unheld, lambda request, known: _text("alive\n")))
    add("GET", "/.ringwall/ready", _plan("ready", unheld, _ready(runtime)))
    add("GET", "/.ringwall/metrics", _plan("metrics", unheld, _metrics(runtime)))
    known = Guards(head=(*public.head, *authentication.forge(_anyone("account"), given.authentication).head))
    pages = own_accounts.pages(contract, runtime, given) if contract.authentication.accounts else None
    account = pages.account(endpoints.account()) if pages else endpoints.account()
    add("GET", "/.ringwall/account", _plan("account", known, account))
    for page in pages.all() if pages else ():
        add(page.method, page.path, page.plan)
    writing = Guards(head=(*public.head, *transport.own_origin(given.transport)))
    if not contract.authentication.accounts:
        keys, ending = own_upstream.keys(runtime), own_upstream.revoking(own_upstream.nothing, runtime, contract)
        add("GET", "/.ringwall/jwks.json", _plan("jwks", public, keys))
        add("POST", "/.ringwall/oauth/revoke", _plan("revoke", writing, ending, body=True))
    else:
        asking = Guards(head=(*public.head, *authentication.forge(_members("userinfo"), given.authentication).head))
        server = own_oauth.server_of(contract, runtime)
        pages_alone = Guards(head=(*public.head, *transport.own_page()))
        planned = own_upstream.planning(_endpoint, runtime, contract)
        own_oauth.declare(router, server, runtime, own_oauth.Doors(public, writing, pages_alone, asking), planned)


def is_own(path: str) -> bool:
    """Whether a path is kept for ringwall: what is not declared there never reaches the application."""
    return path == "/.ringwall" or path.startswith("/.ringwall/")


def with_preflight(route: Route, router: Router, contract: Contract, given: Running) -> Route:
    """Routing that answers a browser's preflight from the contract, before anybody is authenticated."""
    cors = contract.cors
    if cors is None:
        return route
    guards = Guards(head=(*quota.forge(None, given.quota).head, *transport.own_origin(given.transport)))
    plans: dict[tuple[str, ...], Plan] = {}

    def with_cors(head: Head) -> tuple[Plan, Mapping[str, str]]:
        asks = head.method == "OPTIONS" and "origin" in head.headers and "access-control-request-method" in head.headers
        if not asks:
            return route(head)
        methods = router.methods(head)
        if not methods:
            return route(head)
        if methods not in plans:
            plans[methods] = _plan("preflight", guards, transport.preflight(cors, methods))
        return plans[methods], {}

    return with_cors


def _plan(name: str, guards: Guards, serve: Serve, *, body: bool = False) -> Plan:
    return Plan(f"ringwall {name}", f"/.ringwall/{name}", guards, _LIMITS, "whole" if body else "none", serve=serve)


def _endpoint(name: str, guards: Guards, serve: Serve) -> Plan:
    return _plan(name, guards, serve, body=True)


def _members(name: str) -> Operation:
    """An operation of our own that needs a credential, whoever's."""
    open_one = _anyone(name)
    return replace(open_one, rule=replace(open_one.rule, allow=("member",)) if open_one.rule else None)


def _anyone(name: str) -> Operation:
    """An operation of our own that is open to anyone, as the layers take it."""
    api = ApiOperation("GET", f"/.ringwall/{name}", None, (), (), None, {}, 0)
    rule = Rule(api.key, ("anyone",), None, None, None, None, False, None, None, At("ringwall", 0, 0))
    return Operation(api, "", rule, None, (), False, False)


def _ready(runtime: Runtime) -> Serve:
    def serve(request: Request, known: Known) -> Response:
        trouble = runtime.journal.trouble or ("not written" if runtime.health.failing else None)
        body = json.dumps({"ready": trouble is None, "journal": trouble or "ok"}).encode()
        return _reply(200 if trouble is None else 503, b"application/json", body)

    return serve


def _metrics(runtime: Runtime) -> Serve:
    """Metrics, for this machine only: they tell which operations exist and how they are used."""

    def serve(request: Request, known: Known) -> Response:
        if known.client not in METRICS_FROM:
            return _reply(403, b"text/plain; charset=utf-8", b"metrics are for this machine\n")
        return _reply(200, CONTENT_TYPE.encode(), runtime.metrics.exposition() + _watched(runtime))

    return serve


def _watched(runtime: Runtime) -> bytes:
    """What the monitor says of itself; nothing where the store does not answer, which is told elsewhere."""
    alerts, now = runtime.alerts, time.time()
    try:
        actions = Counter(each.action for each in alerts.in_force(now))
        return exposition(alerts.said(), alerts.open_counts(), actions, now)
    except Unavailable:
        return b""


def _text(body: str) -> Response:
    return _reply(200, b"text/plain; charset=utf-8", body.encode())


def _reply(status: int, media_type: bytes, body: bytes) -> Response:
    return Response(status, ((b"content-type", media_type), (b"content-length", b"%d" % len(body))), body)
