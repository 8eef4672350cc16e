"""The OAuth server's endpoints, where the contract has accounts: what it is told, and the plan of each."""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import orjson

from ringwall.build.router import Router
from ringwall.build.runtime import Runtime, request_id
from ringwall.contract.model import At, Contract, Misconfigured, Problem, Rate
from ringwall.contract.reading import scopes_of
from ringwall.contract.stated import StatedClient
from ringwall.core.event import Event
from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.oauth import Client
from ringwall.core.plan import Guards, Plan, Serve
from ringwall.core.ports import Unavailable
from ringwall.engines.tokens import KeySet
from ringwall.engines.tokens.dpop import Nonces
from ringwall.identity.oauth import authorize, device, inspection, metadata, par, people
from ringwall.identity.oauth.password import password_grant
from ringwall.identity.oauth.server import Server, Told
from ringwall.identity.oauth.token import token
from ringwall.layers import quota
from ringwall.layers.quota import network

_RATE: Final = Rate(600, 60.0)
"""Of one address, for what strangers make us keep."""
_KEEPING: Final = frozenset({"authorize", "par", "device_authorization"})
_DECISIONS: Final = frozenset({"consent", "device"})
Planned = Callable[[str, Guards, Serve], Plan]


@dataclass(frozen=True, slots=True)
class Doors:
    """The guards of endpoints: for reading, for what comes from no page of others, for what comes from a page of ours
    alone, and for whoever brings an access token."""

    public: Guards
    writing: Guards
    page: Guards
    known: Guards


def declare(router: Router, server: Server, runtime: Runtime, doors: Doors, plan: Planned) -> None:
    """Add the endpoints."""
    base = "/.ringwall/oauth"
    described, who = metadata.metadata(server), people.userinfo(server)
    reads: dict[str, Serve] = {
        "/.well-known/oauth-authorization-server": described,
        "/.well-known/openid-configuration": described,
        "/.ringwall/jwks.json": metadata.jwks(server),
        f"{base}/authorize": authorize.authorize(server),
        f"{base}/continue": authorize.proceed(server),
        f"{base}/device": device.device_page(server),
        f"{base}/logout": people.logout(server),
    }
    writes: dict[str, Serve] = {
        "token": _owned(runtime, token(server, password_grant(runtime.identity, runtime.tokens, network))),
        "par": par.par(server),
        "revoke": inspection.revoke(server),
        "introspect": inspection.introspect(server),
        "device_authorization": device.device_authorization(server),
        "consent": authorize.decide(server),
        "device": device.device_decision(server),
        "logout": people.logout(server),
    }
    rate = quota.forge(None, quota.settings(_RATE, None))
    for path, serve in reads.items():
        name = path.rpartition("/")[2]
        router.add_own("GET", path, plan(name, doors.public + rate if name in _KEEPING else doors.public, serve))
    for name, serve in writes.items():
        door = doors.page if name in _DECISIONS else doors.writing
        router.add_own("POST", f"{base}/{name}", plan(name, door + rate if name in _KEEPING else door, serve))
    for method in ("GET", "POST"):
        router.add_own(method, f"{base}/userinfo", plan("userinfo", doors.known, who))


def server_of(contract: Contract, runtime: Runtime) -> Server:
    """The authorization server of a contract on a runtime. Raises Misconfigured."""
    return Server(
        store=runtime.oauth,
        devices=runtime.devices,
        sessions=runtime.sessions,
        tokens=runtime.tokens,
        nonces=Nonces(runtime.secret),
        secret=runtime.secret,
        scopes=scopes_of(contract.rules),
        stated={c.client_id: client_of(c, Path(contract.file).parent) for c in contract.authentication.clients},
        tell=teller(runtime, required=contract.journal == "required"),
        network=network,
        guessing=runtime.identity.guessing,
        account=runtime.accounts.of,
        certificates=contract.authentication.certificates is not None,
        now=time.time,
    )


def _owned(runtime: Runtime, serve: Serve) -> Serve:
    """The token endpoint, whose exchange is the person's that a token was issued to: the journal seals its address."""

    def owned(request: Request, known: Known) -> Response:
        reply = serve(request, known)
        if reply.status == 200 and reply.body:
            issued = str(orjson.loads(reply.body).get("access_token", ""))
            claims = orjson.loads(urlsafe_b64decode(f"{issued.split('.')[1]}=="))
            runtime.persons.whose(known.request_id, str(claims["sub"]))
        return reply

    return owned


def client_of(stated: StatedClient, directory: Path) -> Client:
    """A client of the contract, its key set read. Raises Misconfigured."""
    values = {field.name: getattr(stated, field.name) for field in fields(stated)}
    if stated.keys is not None:
        values["keys"] = key_set(directory / stated.keys)
    return Client(**values)


def key_set(path: Path) -> str:
    """A client's public keys as text. Raises Misconfigured for a file without usable ones, or with a shared secret."""
    try:
        content = path.read_bytes()
        found = orjson.loads(content)
    except (OSError, ValueError):
        raise Misconfigured((Problem(At(str(path), 1, 1), "no JSON", "a JWK Set of public keys"),)) from None
    keys = KeySet.from_jwks(found) if isinstance(found, dict) else KeySet({}, ())
    usable = (*keys.named.values(), *keys.unnamed)
    if not usable or any(alg.startswith("HS") for key in usable for alg in key.algs):
        raise Misconfigured((Problem(At(str(path), 1, 1), "no usable public key", "a JWK Set of public keys"),))
    return content.decode()


def teller(runtime: Runtime, *, required: bool) -> Callable[[Told, Known], None]:
    """What writes the server's events into the journal, each an event of its own beside its exchange's. Where the
    journal is required, what cannot be recorded is not done."""

    def tell(told: Told, known: Known) -> None:
        if told.subject:
            runtime.persons.whose(known.request_id, told.subject)
        event = Event(
            kind="identity",
            id=request_id(),
            at=known.now,
            operation=f"oauth.{told.what}",
            method="",
            path="",
            client=known.client,
            decision="refuse" if told.reason else "allow",
            status=0,
            reason=told.reason,
            layer="authentication" if told.reason else None,
            principal=told.subject or None,
            facts={"client_id": told.client_id, "exchange": known.request_id},
        )
        try:
            runtime.journal.append(orjson.dumps(runtime.persons.sealed(event), option=orjson.OPT_SORT_KEYS))
        except (Unavailable, OSError):
            if required:
                raise

    return tell
