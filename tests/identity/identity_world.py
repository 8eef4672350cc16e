"""A store with two accounts, and as many workers on it as a test wants, under one clock."""

from __future__ import annotations

from pathlib import Path

from ringwall.core.ports import Account
from ringwall.core.records import StoredAccount
from ringwall.engines.crypto.passwords import Passwords
from ringwall.identity.accounts import Accounts
from ringwall.identity.devices import Devices
from ringwall.identity.factors import Factors
from ringwall.identity.guessing import Guessing
from ringwall.identity.passkeys import Passkeys
from ringwall.identity.sessions import Sessions
from ringwall.identity.signin import Facts, Identity, SignIn, Visitor
from ringwall.identity.tickets import Tickets
from ringwall.state.factors import FactorTable
from ringwall.state.failures import FailureTable
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store
from ringwall.state.tickets import TicketTable

CHEAP = Passwords(passes=1, memory_kib=64, lanes=1)
PASSWORD = "seven blue herons wade"
ANA = Account("acc-ana", "ana", frozenset({"nurse"}), "north")
BEN = Account("acc-ben", "ben", frozenset(), None)


class Clock:
    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Plain:
    """A vault that only binds."""

    def seal(self, subject: str, value: str) -> str:
        return f"{subject}\n{value}"

    def unseal(self, subject: str, sealed: str) -> str | None:
        holder, _, value = sealed.partition("\n")
        return value if holder == subject else None


class Worker:
    """One process's view: its own connection to the store that all share."""

    def __init__(self, path: Path, clock: Clock) -> None:
        store = self.store = Store(path)
        table, guessing = FactorTable(store), Guessing(FailureTable(store))
        tickets = Tickets(TicketTable(store), clock)
        accounts = Accounts(store, clock, guessing, table)
        accounts._passwords = CHEAP
        self.notes: list[tuple[str, str, Facts]] = []
        self.identity = Identity(
            accounts=accounts,
            sessions=Sessions(SessionTable(store), clock),
            factors=Factors(table, Plain(), clock),
            passkeys=Passkeys(table, tickets, clock),
            tickets=tickets,
            devices=Devices(FailureTable(store), clock),
            guessing=guessing,
            now=clock,
        )
        self.sign_in = SignIn(self.identity, self._note)

    def _note(self, operation: str, subject: str, visitor: Visitor, facts: Facts) -> None:
        self.notes.append((operation, subject, facts))

    def has(self, account: Account) -> Worker:
        """The account is there, with the one password."""
        stored = StoredAccount(account.subject, account.name, CHEAP.hash(PASSWORD), account.roles, account.tenant,
                               disabled=False, created=0.0)  # fmt: skip
        assert self.store.add_account(stored)
        return self


def visitor(address: str = "192.0.2.1", **cookies: str) -> Visitor:
    return Visitor(address, address, "Browser/1.0", **cookies)
