"""Local accounts: made, listed, disabled, and proved by a password with equal work whether or not they exist."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ringwall.core.ports import Account
from ringwall.core.records import StoredAccount
from ringwall.engines.crypto.passwords import Passwords
from ringwall.identity.guessing import Caller, Guessing
from ringwall.identity.words import Unacceptable, canonical, check_name, check_password

__all__ = ["Accounts", "TooSoon", "Unacceptable", "canonical", "check_password"]


class AccountStore(Protocol):
    """Where accounts are kept."""

    def add_account(self, account: StoredAccount) -> bool: ...
    def account_named(self, name: str) -> StoredAccount | None: ...
    def account_of(self, subject: str) -> StoredAccount | None: ...
    def accounts(self) -> list[StoredAccount]: ...
    def change_account(self, name: str, column: str, value: str | int | frozenset[str] | None) -> bool: ...


class SecondFactors(Protocol):
    """What tells whether an account has a second factor."""

    def has_second(self, subject: str) -> bool: ...


@dataclass(frozen=True, slots=True)
class TooSoon:
    """The sign-in was not even tried: wait so many seconds."""

    seconds: float


Attempt = Callable[[str, str, str], None]
"""Hears of a try to sign in: the canonical name, the network it came from, and `ok`, `wrong` or `wait`."""


def unheard(name: str, network: str, outcome: str) -> None:
    """Hears nothing."""


class Accounts:
    """The accounts of one store."""

    def __init__(
        self,
        store: AccountStore,
        now: Callable[[], float],
        guessing: Guessing,
        factors: SecondFactors,
        told: Attempt = unheard,
    ) -> None:
        """`told` hears of every try to prove a password."""
        self._store = store
        self._now = now
        self._guessing = guessing
        self._factors = factors
        self._told = told
        self._passwords = Passwords()

    def create(
        self, name: str, password: str | None, roles: frozenset[str], tenant: str | None, subject: str | None = None
    ) -> StoredAccount:
        """Make an account; without a password nobody signs in to it until it is given one (an invitation). Raises
        Unacceptable for a bad or taken name and for a weak password."""
        name = canonical(name)
        check_name(name)
        if password is not None:
            check_password(password, name)
        made = StoredAccount(
            subject or f"acc-{secrets.token_hex(8)}",
            name,
            self._passwords.hash(password) if password is not None else "",
            roles,
            tenant,
            disabled=False,
            created=self._now(),
        )
        if not self._store.add_account(made):
            raise Unacceptable("the name or the subject is taken")
        return made

    def sign_in(self, name: str, password: str, network: str) -> Account | TooSoon | None:
        """The account whose only factor is this password, or None: the same answer and the same work for a wrong name,
        a wrong password, and an account that a password alone does not open.

        `network` is the caller's address as guessing counts it. Burns a core for some milliseconds; may raise `Busy`.
        """
        found = self.prove(name, password, Caller(network))
        if isinstance(found, Account) and self._factors.has_second(found.subject):
            return None
        return found

    def prove(self, name: str, password: str, caller: Caller, *, second: bool = False) -> Account | TooSoon | None:
        """The account that this is the password of, whatever else it asks for; work and answer as of `sign_in`.

        `second`: the second factor was proved already, and the account's own count does not hold the try back.
        """
        found = self._prove(name, password, caller, second=second)
        outcome = "ok" if isinstance(found, Account) else "wait" if isinstance(found, TooSoon) else "wrong"
        self._told(canonical(name), caller.address, outcome)
        return found

    def _prove(self, name: str, password: str, caller: Caller, *, second: bool) -> Account | TooSoon | None:
        name = canonical(name)
        wait = self._guessing.begin(name, caller, self._now(), proved=second)
        if wait > 0.0:
            return TooSoon(wait)
        stored = self._store.account_named(name)
        right = self._passwords.verify(password, stored.password if stored else None)
        if stored is None or not right or stored.disabled:
            return None
        self._guessing.succeeded(name, caller, self._now(), proved=second)
        if self._passwords.needs_rehash(stored.password):
            self._store.change_account(name, "password", self._passwords.hash(password))
        return _account(stored)

    def of(self, subject: str) -> Account | None:
        """The account of a subject, unless it is disabled."""
        stored = self._store.account_of(subject)
        return _account(stored) if stored and not stored.disabled else None

    def named(self, name: str) -> Account | None:
        """The account of a name, unless it is disabled."""
        stored = self._store.account_named(canonical(name))
        return _account(stored) if stored and not stored.disabled else None

    def list(self) -> list[StoredAccount]:
        """All accounts, by name."""
        return self._store.accounts()

    def disable(self, name: str, *, disabled: bool = True) -> bool:
        """Let an account sign in no more (or again). Its tokens end within the stated bound."""
        return self._store.change_account(canonical(name), "disabled", int(disabled))

    def set_password(self, name: str, password: str, *, context: tuple[str, ...] = ()) -> bool:
        """Give an account another password. Raises Unacceptable."""
        stored = self._store.account_named(canonical(name))
        if stored is None:
            return False
        self.check_password(_account(stored), password, context=context)
        return self._store.change_account(stored.name, "password", self._passwords.hash(password))

    def check_password(self, account: Account, password: str, *, context: tuple[str, ...] = ()) -> None:
        """Whether an account may have this password. Raises Unacceptable."""
        second = self._factors.has_second(account.subject)
        check_password(password, account.name, beside=second, context=context)

    def take_password(self, name: str) -> bool:
        """Leave an account without a password: nobody signs in with one until it is given one."""
        return self._store.change_account(canonical(name), "password", "")

    def set_roles(self, name: str, roles: frozenset[str]) -> bool:
        """Give an account other roles."""
        return self._store.change_account(canonical(name), "roles", roles)


def _account(stored: StoredAccount) -> Account:
    return Account(stored.subject, stored.name, stored.roles, stored.tenant)
