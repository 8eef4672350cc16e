"""What a wall runs on, opened from a data directory: store, journal, keys, identity. Closed in the reverse order."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path

from ringwall.build.identity import open_identity
from ringwall.identity.accounts import Accounts
from ringwall.identity.apikeys import ApiKeys
from ringwall.identity.sessions import Sessions
from ringwall.identity.signin import Identity
from ringwall.identity.tokens import Tokens
from ringwall.layers.response import Restraints
from ringwall.monitoring.attempts import attempts
from ringwall.monitoring.metrics import Metrics
from ringwall.monitoring.recorder import Health
from ringwall.monitoring.response.attend import Attendant
from ringwall.monitoring.vitals import Vitals
from ringwall.state.alerts import Alerts
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_persons import JournalPersons
from ringwall.state.keyfiles import load_or_create
from ringwall.state.oauth import OAuthStore
from ringwall.state.oauth_devices import DeviceTable
from ringwall.state.rootkeys import root_keys
from ringwall.state.signing import SigningKeys
from ringwall.state.sqlite import Store

ISSUER = "https://ringwall.local"
AUDIENCE = "api"
SIGNING = "tokens.jwk"


@dataclass(frozen=True, slots=True)
class Runtime:
    """Everything opened. `directory` holds `state.db`, `journal/` and `keys/`."""

    directory: Path
    store: Store
    journal: Journal
    identity: Identity
    api_keys: ApiKeys
    tokens: Tokens
    oauth: OAuthStore
    devices: DeviceTable
    secret: bytes = field(repr=False)
    field_keys: FieldKeys
    persons: JournalPersons
    metrics: Metrics
    health: Health
    alerts: Alerts
    restraints: Restraints
    attendant: Attendant
    vitals: Vitals

    @property
    def accounts(self) -> Accounts:
        """The local accounts."""
        return self.identity.accounts

    @property
    def sessions(self) -> Sessions:
        """The browser sessions."""
        return self.identity.sessions

    def close(self) -> None:
        """Close the journal, with a signed checkpoint, and the store."""
        self.attendant.stop()
        self.journal.close()
        self.store.close()


def open_runtime(
    directory: Path, *, issuer: str = ISSUER, audience: str = AUDIENCE, log: str = "", strict: bool = False
) -> Runtime:
    """Open a data directory, or make one. `log` names a worker's own log in the journal; `strict` waits for the disk
    with every record.

    Raises `Unavailable` where a part cannot be opened, and says which.
    """
    keys = directory / "keys"
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    store = Store(directory / "state.db")
    journal = Journal.open(directory / "journal", signer=load_or_create_signer(keys), log=log, strict=strict)
    restraints, health = Restraints(), Health()
    vitals = Vitals()
    vitals.add("journal", lambda: journal.trouble or ("not written" if health.failing else None))
    field_keys = FieldKeys(store, root_keys(keys), store.owner_of, lambda: root_keys(keys))
    persons = JournalPersons(field_keys)
    alerts = Alerts(store, persons)
    told = attempts(journal, load_or_create(keys / "names.key", _names_key), store.subject_named, persons)
    return Runtime(
        directory=directory,
        store=store,
        journal=journal,
        identity=open_identity(store, field_keys, told),
        api_keys=ApiKeys(store, time.time),
        tokens=Tokens(issuer, audience, SigningKeys(keys / SIGNING, time.time), store, time.time),
        oauth=OAuthStore(store),
        devices=DeviceTable(store),
        secret=load_or_create(keys / "forms.key", lambda: os.urandom(32)),
        field_keys=field_keys,
        persons=persons,
        metrics=Metrics(),
        health=health,
        alerts=alerts,
        restraints=restraints,
        attendant=Attendant(log, alerts, restraints, vitals.tell),
        vitals=vitals,
    )


def _names_key() -> bytes:
    """What names that were tried are hashed with, so that the journal can count them and nobody can read them."""
    return secrets.token_hex(32).encode()


def request_id() -> str:
    """A fresh request id: 16 random bytes would do, 12 are shown (96 bits)."""
    return secrets.token_hex(12)
