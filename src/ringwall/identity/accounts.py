"""Local accounts: made, listed, disabled, and signed in to with equal work whether or not they exist."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ringwall.core.ports import Account
from ringwall.core.records import StoredAccount
from ringwall.engines.crypto.passwords import Passwords
from ringwall.identity.guessing import Guessing

SHORTEST, LONGEST = 15, 128
_COMMON = ("password", "passwort", "qwertyuiop", "letmein", "iloveyou", "administrator", "ringwall", "123456789")


class AccountStore(Protocol):
    """Where accounts are kept."""

    def add_account(self, account: StoredAccount) -> bool: ...
    def account_named(self, name: str) -> StoredAccount | None: ...
    def accounts(self) -> list[StoredAccount]: ...
    def change_account(self, name: str, column: str, value: str | int | frozenset[str] | None) -> bool: ...


class Unacceptable(ValueError):
    """An account or a password that is not taken; its message says why and may be shown."""


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

    def __init__(self, store: AccountStore, now: Callable[[], float], told: Attempt = unheard) -> None:
        """`told` hears of every try to sign in."""
        self._store = store
        self._now = now
        self._told = told
        self._guessing = Guessing()
        self._passwords = Passwords()

    def create(
        self, name: str, password: str, roles: frozenset[str], tenant: str | None, subject: str | None = None
    ) -> StoredAccount:
        """Make an account. Raises Unacceptable for a bad or taken name and for a weak password."""
        name = canonical(name)
        if not name or len(name) > LONGEST or not name.isprintable():
            raise Unacceptable("a name has 1 to 128 printable characters")
        check_password(password, name)
        made = StoredAccount(
            subject or f"acc-{secrets.token_hex(8)}",
            name,
            self._passwords.hash(password),
            roles,
            tenant,
            disabled=False,
            created=self._now(),
        )
        if not self._store.add_account(made):
            raise Unacceptable("the name or the subject is taken")
        return made

    def sign_in(self, name: str, password: str, network: str) -> Account | TooSoon | None:
        """The account, or None: the same answer and the same work for a wrong name and a wrong password.

        `network` is the caller's address as guessing counts it. Burns a core for some milliseconds.
        """
        found = self._sign_in(name, password, network)
        outcome = "ok" if isinstance(found, Account) else "wait" if isinstance(found, TooSoon) else "wrong"
        self._told(canonical(name), network, outcome)
        return found

    def _sign_in(self, name: str, password: str, network: str) -> Account | TooSoon | None:
        name = canonical(name)
        wait = self._guessing.begin(name, network, self._now())
        if wait > 0.0:
            return TooSoon(wait)
        stored = self._store.account_named(name)
        right = self._passwords.verify(password, stored.password if stored else None)
        if stored is None or not right or stored.disabled:
            return None
        self._guessing.succeeded(name, network)
        if self._passwords.needs_rehash(stored.password):
            self._store.change_account(name, "password", self._passwords.hash(password))
        return Account(stored.subject, stored.name, stored.roles, stored.tenant)

    def list(self) -> list[StoredAccount]:
        """All accounts, by name."""
        return self._store.accounts()

    def disable(self, name: str, *, disabled: bool = True) -> bool:
        """Let an account sign in no more (or again). Its tokens end within the stated bound."""
        return self._store.change_account(canonical(name), "disabled", int(disabled))

    def set_password(self, name: str, password: str) -> bool:
        """Give an account another password. Raises Unacceptable."""
        check_password(password, name)
        return self._store.change_account(canonical(name), "password", self._passwords.hash(password))

    def set_roles(self, name: str, roles: frozenset[str]) -> bool:
        """Give an account other roles."""
        return self._store.change_account(canonical(name), "roles", roles)


def canonical(name: str) -> str:
    """A name as it is compared: NFKC, case folded, without space around it."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def check_password(password: str, name: str) -> None:
    """NIST SP 800-63B-4, section 3.1.1.2: length, and no common or context word; nothing else. Raises Unacceptable."""
    plain = unicodedata.normalize("NFKC", password)
    if len(plain) < SHORTEST:
        raise Unacceptable(f"a password has at least {SHORTEST} characters; four random words do well")
    if len(plain) > LONGEST:
        raise Unacceptable(f"a password has at most {LONGEST} characters")
    folded = plain.casefold()
    for word in (*_COMMON, canonical(name)):
        if word and len(folded.replace(word, "")) < SHORTEST // 2:
            raise Unacceptable("the password is little more than a common word or the account's name")
    if len(set(folded)) < 5:
        raise Unacceptable("the password repeats a few characters")
