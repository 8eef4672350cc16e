"""A clinic of its own for every play: fresh data, the demo's accounts, and one wall with perhaps some layers fooled."""

from __future__ import annotations

import base64
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI

from ringwall.attacks.case import Case, Headers
from ringwall.attacks.grounds import Grounds
from ringwall.attacks.run import Outcome, play
from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import protected_asgi
from ringwall.build.runtime import Runtime, open_runtime
from ringwall.build.settings import roles_of
from ringwall.contract.model import Contract
from ringwall.core.event import Event
from ringwall.core.known import Principal
from ringwall.core.message import Head
from ringwall.core.plan import Wall
from ringwall.core.ports import Account
from ringwall.core.reasons import Layer
from ringwall.drill.client import Client
from ringwall.drill.fool import Claim, fooled
from ringwall.drill.theft import opened_with
from ringwall.examples.clinic import ACCOUNTS, API_KEYS, CONTRACT, create_app
from ringwall.examples.clinic.store import Store
from ringwall.identity.sessions import COOKIE

_PHRASE = "correct horse battery of {}"


@dataclass(frozen=True, slots=True)
class Proofs:
    """The demo accounts' credentials, as cases ask for them."""

    tokens: dict[str, str]
    keys: dict[str, str]
    cookies: dict[str, str]
    sessions: dict[str, str]
    pem: bytes

    def headers(self, caller: str) -> Headers:
        """The headers that authenticate a caller."""
        if caller == "none":
            return ()
        kind, _, name = caller.rpartition(":")
        if kind == "key":
            return (("X-API-Key", self.keys[name]),)
        if kind == "session":
            return (("Cookie", f"{COOKIE}={self.cookies[name]}"),)
        return (("Authorization", f"Bearer {self.tokens[name]}"),)

    def token(self, account: str) -> str:
        """A valid access token."""
        return self.tokens[account]

    def password(self, account: str) -> str:
        """The account's password."""
        return _PHRASE.format(account)

    def subject(self, account: str) -> str:
        """The account's subject."""
        return next(a.subject for a in ACCOUNTS if a.name == account)

    def public_key(self) -> bytes:
        """The PEM of the key that verifies tokens."""
        return self.pem


class Sandbox:
    """Makes plays cheap: accounts are hashed and the contract is read once, then copied for each play."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._template = root / "template"
        self._app = create_app(_made(root / "first"))
        self.contract: Contract = load_contract(CONTRACT, app=self._app)
        self._prepared = prepare(self.contract)
        runtime = open_runtime(_made(self._template))
        try:
            self._proofs = _enrol(runtime)
        finally:
            runtime.close()

    def bare(self, case: Case) -> Outcome:
        """The case against the clinic as it is."""
        with self.fresh() as (grounds, _), Client(self._settled(grounds)) as client:
            return play(case, client.send, grounds)

    def protected(self, case: Case, layers: Iterable[Layer] = ()) -> tuple[Outcome, list[Event]]:
        """The case against the clinic behind its wall, these layers fooled, and the events of the hostile requests."""
        with self.fresh() as (grounds, data):
            return self._play(case, frozenset(layers), grounds, open_runtime(data))

    def _settled(self, grounds: Grounds) -> FastAPI:
        """The clinic over this play's own data: its code is the same each time, and slow to set up."""
        self._app.state.store = Store(grounds.directory)
        return self._app

    def _play(
        self, case: Case, layers: frozenset[Layer], grounds: Grounds, runtime: Runtime
    ) -> tuple[Outcome, list[Event]]:
        events: list[Event] = []
        stage = _Stage(case, self._claimed(case))
        grounds.lift = lambda holder: opened_with(holder, grounds.database, self.contract.resources, runtime.field_keys)
        try:
            app = protected_asgi(self._settled(grounds), self._prepared, runtime, Circumstances(watch=events.append))
            app.wall = self.raised(app.wall, layers, stage.claim)
            with Client(app) as client:
                outcome = play(case, lambda sent: stage.step(client.send, sent, events), grounds)
        finally:
            runtime.close()
        return outcome, events[stage.hostile_from :]

    def raised(self, wall: Wall, layers: frozenset[Layer], claim: Claim) -> Wall:
        """The wall of one play. A test raises broken ones, to see that the drill notices."""
        return fooled(wall, layers, claim) if layers else wall

    def _claimed(self, case: Case) -> Principal | None:
        """Whom a fooled authentication takes the attacker for: nobody else, where it is one's own credential that is
        shown. To be believed without it would then be a disadvantage, and count the walls that ask for it."""
        kind, _, name = case.claims.rpartition(":")
        found = next((a for a in ACCOUNTS if a.name == name), None)
        own = case.claims in {draft.caller for draft in case.hostile}
        if found is None or (own and kind != "session"):
            return None
        roles, _ = roles_of(self.contract).effective(frozenset(found.roles), mfa=True)
        if kind == "session":  # a browser's: the cookie is genuine, and what is believed is who made the request
            credential = f"session:{self._proofs.sessions[name]}"
            return Principal(found.subject, roles, "session", found.tenant, credential=credential, header="cookie")
        return Principal(found.subject, roles, "claimed", found.tenant, mfa=True)

    @contextmanager
    def fresh(self) -> Iterator[tuple[Grounds, Path]]:
        """Surroundings with a clinic as it was at first, and a copy of the wall's data directory; gone afterwards."""
        root = Path(tempfile.mkdtemp(dir=self._root))
        data = root / "ringwall"
        try:
            with Grounds(root, self._proofs, stores=(root / "clinic", data / "journal")) as grounds:
                shutil.copytree(self._template, data)
                shutil.copytree(self._root / "first", grounds.directory, dirs_exist_ok=True)
                yield grounds, data
        finally:
            shutil.rmtree(root, ignore_errors=True)


class _Stage:
    """Knows whether the honest twin or the attacker is on stage, by counting requests."""

    def __init__(self, case: Case, claimed: Principal | None) -> None:
        self._before = sum(draft.times for draft in (*case.setup, *case.honest))
        self._claimed = claimed
        self._sent = 0
        self.hostile_from = 0

    def claim(self, head: Head) -> Principal | None:
        """The attacker's claim while the attacker is on."""
        return self._claimed if self._sent > self._before else None

    def step(self, send: Any, sent: Any, events: list[Event]) -> Any:
        """Count a request and send it."""
        self._sent += 1
        if self._sent == self._before + 1:
            self.hostile_from = len(events)
        return send(sent)


def _made(directory: Path) -> Path:
    directory.mkdir(parents=True)
    return directory


def _enrol(runtime: Runtime) -> Proofs:
    tokens: dict[str, str] = {}
    cookies: dict[str, str] = {}
    sessions: dict[str, str] = {}
    for account in ACCOUNTS:
        roles = frozenset(account.roles)
        runtime.accounts.create(account.name, _PHRASE.format(account.name), roles, account.tenant, account.subject)
        signed = Account(account.subject, account.name, roles, account.tenant)
        tokens[account.name] = runtime.tokens.issue(signed, lifetime_s=86_400)
        cookies[account.name] = runtime.sessions.open(signed, frozenset({"pwd"}))
        sessions[account.name] = runtime.sessions.list(account.subject)[0].id
    keys = {key.name: runtime.api_keys.issue(key.name, frozenset(key.roles), tenant=key.tenant)[0] for key in API_KEYS}
    return Proofs(tokens, keys, cookies, sessions, _pem(runtime))


def _pem(runtime: Runtime) -> bytes:
    """The public key as anybody may make it from the published key set."""
    x = runtime.tokens.public_x()
    raw = base64.urlsafe_b64decode(f"{x}=")
    return Ed25519PublicKey.from_public_bytes(raw).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
