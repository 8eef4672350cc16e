"""The OAuth server's endpoints, where the contract has accounts: what it is told, and the plan of each."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path

import orjson

from ringwall.build.router import Router
from ringwall.build.runtime import Runtime, request_id
from ringwall.contract.model import At, Contract, Misconfigured, Problem
from ringwall.contract.reading import scopes_of
from ringwall.contract.stated import StatedClient
from ringwall.core.event import Event
from ringwall.core.known import Known
from ringwall.core.oauth import Client
from ringwall.core.plan import Guards, Plan, Serve
from ringwall.engines.tokens import KeySet
from ringwall.engines.tokens.dpop import Nonces
from ringwall.identity.oauth import authorize, device, inspection, metadata, par, people
from ringwall.identity.oauth.password import password_grant
from ringwall.identity.oauth.server import Server, Told
from ringwall.identity.oauth.token import token
from ringwall.layers.quota import network

Planned = Callable[[str, Guards, Serve], Plan]


@dataclass(frozen=True, slots=True)
class Doors:
    """The guards of endpoints: for reading, for what is written from nowhere but our own origin, and for whoever brings
    an access token."""

    public: Guards
    writing: Guards
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
        "token": token(server, password_grant(runtime.identity, runtime.tokens, network)),
        "par": par.par(server),
        "revoke": inspection.revoke(server),
        "introspect": inspection.introspect(server),
        "device_authorization": device.device_authorization(server),
        "consent": authorize.decide(server),
        "device": device.device_decision(server),
        "logout": people.logout(server),
    }
    for path, serve in reads.items():
        router.add_own("GET", path, plan(path.rpartition("/")[2], doors.public, serve))
    for name, serve in writes.items():
        router.add_own("POST", f"{base}/{name}", plan(name, doors.writing, serve))
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
        tell=teller(runtime),
        network=network,
        guessing=runtime.identity.guessing,
        account=runtime.accounts.of,
        now=time.time,
    )


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


def teller(runtime: Runtime) -> Callable[[Told, Known], None]:
    """What writes the server's events into the journal, each an event of its own beside its exchange's."""

    def tell(told: Told, known: Known) -> None:
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
            facts={"client_id": told.client_id, "request": known.request_id},
        )
        runtime.journal.append(orjson.dumps(event.document(), option=orjson.OPT_SORT_KEYS))

    return tell
