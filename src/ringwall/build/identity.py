"""Identity opened on a store: accounts and all that proves them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ringwall.core.ports import Opened, Place, Seal, Unseal
from ringwall.engines.crypto.fields import read
from ringwall.identity.accounts import Accounts, Attempt, unheard
from ringwall.identity.devices import Devices
from ringwall.identity.factors import Factors
from ringwall.identity.guessing import Guessing
from ringwall.identity.passkeys import Passkeys
from ringwall.identity.sessions import Sessions
from ringwall.identity.signin import Identity
from ringwall.identity.tickets import Tickets
from ringwall.state.acme_accounts import AcmeAccounts
from ringwall.state.factors import FactorTable
from ringwall.state.failures import FailureTable
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store
from ringwall.state.tickets import TicketTable


@dataclass(frozen=True, slots=True)
class SubjectVault:
    """Seals under the subject's own data key: it follows the rotation of keys, and goes when the subject is erased."""

    keys: FieldKeys

    def seal(self, subject: str, value: str) -> str:
        """Ciphertext, bound to the subject."""
        return self.keys.seal(Seal(((value, _place(subject)),)))[0]

    def unseal(self, subject: str, sealed: str) -> str | None:
        """What was sealed for this subject, or None where it does not open."""
        (opened,) = self.keys.unseal(Unseal(((sealed, _place(subject)),)))
        return opened.value if isinstance(opened, Opened) and isinstance(opened.value, str) else None


def accounts_on(store: Store) -> Accounts:
    """The accounts of a store alone, for those who administer them."""
    return Accounts(store, time.time, Guessing(FailureTable(store)), FactorTable(store))


def tickets_on(store: Store) -> Tickets:
    """The tickets of a store alone."""
    return Tickets(TicketTable(store), time.time)


def open_identity(store: Store, keys: FieldKeys, told: Attempt = unheard) -> Identity:
    """Everything of the accounts. `told` hears of every try to prove a password."""
    table, guessing = FactorTable(store), Guessing(FailureTable(store))
    tickets = tickets_on(store)
    return Identity(
        accounts=Accounts(store, time.time, guessing, table, told),
        sessions=Sessions(SessionTable(store), time.time),
        factors=Factors(table, SubjectVault(keys), time.time),
        passkeys=Passkeys(table, tickets, time.time),
        tickets=tickets,
        devices=Devices(FailureTable(store), time.time),
        guessing=guessing,
        now=time.time,
    )


def resealed(store: Store, keys: FieldKeys) -> int:
    """Seal ringwall's own secrets under the current keys, the accounts' under their subjects'; returns how many were
    under older ones."""
    vault, done = SubjectVault(keys), AcmeAccounts(store, keys).reseal()
    for subject, sealed in store.rows("SELECT subject, sealed FROM totp"):
        who, before = str(subject), str(sealed)
        envelope, current = read(before), keys.ring.current(f"subject:{who}")
        if getattr(envelope, "kid", None) == getattr(current, "kid", None):
            continue
        value = vault.unseal(who, before)
        if value is not None:
            after = vault.seal(who, value)
            sql = "UPDATE totp SET sealed = ? WHERE subject = ? AND sealed = ? RETURNING 1"
            done += len(store.rows(sql, (after, who, before)))
    return done


def _place(subject: str) -> Place:
    return Place("ringwall", "totp", None, subject, subject)
