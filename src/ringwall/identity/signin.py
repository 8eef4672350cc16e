"""Signing in, step by step: a password, a second factor where the account has one, or a passkey alone; then a session.

Every outcome is noted for the journal. What is answered never tells whether an account exists, which part was wrong,
or, before the password was right, whether there is a second factor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ringwall.core.ports import Account
from ringwall.identity.accounts import Accounts, TooSoon
from ringwall.identity.devices import Devices
from ringwall.identity.factors import Factors
from ringwall.identity.guessing import Caller, Guessing
from ringwall.identity.passkeys import PasskeyFlaw, Passkeys, Site
from ringwall.identity.sessions import Sessions
from ringwall.identity.tickets import SECOND, Ticket, Tickets
from ringwall.identity.words import canonical

Facts = dict[str, str | int | float | bool | list[str] | None]
PASSWORD: Final = frozenset({"pwd"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is at the page: the address, and as guessing counts it; what the browser calls itself; the request; and the
    browser's cookies, whose values are secrets and not printed."""

    client: str
    network: str
    agent: str
    request_id: str = ""
    session: str = ""
    device: str = ""
    step: str = ""

    def __repr__(self) -> str:
        return f"Visitor({self.client})"


Note = Callable[[str, str, Visitor, Facts], None]
"""Records what happened (`signin.password`), to whom (a subject, or nothing), by which visitor, with which facts."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session was opened: the values of its cookie and of the device's, and the account."""

    session: str
    device: str
    account: Account

    def __repr__(self) -> str:
        return f"SignedIn({self.account.subject})"


@dataclass(frozen=True, slots=True)
class NeedsSecond:
    """The password was right; the ticket's secret stands for that until the second factor is shown."""

    ticket: str

    def __repr__(self) -> str:
        return "NeedsSecond()"


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something was: which, the caller is not told."""


Outcome = SignedIn | NeedsSecond | TooSoon | Wrong


@dataclass(frozen=True, slots=True)
class Identity:
    """All of the accounts' own: what the pages and the sign-in work on."""

    accounts: Accounts
    sessions: Sessions
    factors: Factors
    passkeys: Passkeys
    tickets: Tickets
    devices: Devices
    guessing: Guessing
    now: Callable[[], float]


class SignIn:
    """The sign-in of one deployment."""

    def __init__(self, identity: Identity, note: Note) -> None:
        self._its = identity
        self._note = note

    def password(self, name: str, password: str, code: str, visitor: Visitor) -> Outcome:
        """With a name and a password. `code`, where given, is of the second factor: shown at once, it also opens the
        way where others' guessing holds the account back."""
        its, name = self._its, canonical(name)
        shown = self._code_first(name, code) if code else frozenset()
        caller = Caller(visitor.network, its.devices.known(visitor.device, name))
        found = its.accounts.prove(name, password, caller, second=bool(shown))
        known = its.accounts.named(name)
        subject = known.subject if known else ""
        if isinstance(found, TooSoon):
            self._note("signin.held", subject, visitor, {"seconds": round(found.seconds, 1)})
            return found
        if found is None:
            self._note("signin.wrong", subject, visitor, {"method": "pwd"})
            return Wrong()
        if shown:
            return self._open(found, PASSWORD | shown, visitor)
        if its.factors.has_second(found.subject):
            return NeedsSecond(self.ask_second(found.subject, PASSWORD))
        return self._open(found, PASSWORD, visitor)

    def ask_second(self, subject: str, proved: frozenset[str]) -> str:
        """A ticket's secret for an account that proved one factor already."""
        return self._its.tickets.issue(SECOND, subject, {"amr": " ".join(sorted(proved))})

    def asked(self, visitor: Visitor) -> Ticket | None:
        """What the visitor's second step is about, where there is one."""
        return self._its.tickets.read(SECOND, visitor.step)

    def code(self, code: str, visitor: Visitor) -> Outcome:
        """The second step, by a code of the app or a recovery code."""
        ticket = self.asked(visitor)
        if ticket is None:
            return Wrong()
        spent = self._spend(ticket.subject, code)
        if isinstance(spent, TooSoon):
            self._note("signin.held", ticket.subject, visitor, {"method": "code", "seconds": round(spent.seconds, 1)})
            return spent
        if not spent:
            self._its.tickets.strike(visitor.step)
            self._note("signin.wrong", ticket.subject, visitor, {"method": "code"})
            return Wrong()
        return self._finish(spent, visitor)

    def passkey(self, site: Site, response: str, visitor: Visitor, *, second: bool) -> Outcome:
        """By a passkey alone, or as the `second` step that the visitor has begun. Held back by nobody's guessing: a
        signature cannot be guessed."""
        ticket = self.asked(visitor) if second else None
        if second and ticket is None:
            return Wrong()
        used = self._its.passkeys.use(site, response, ticket.subject if ticket else "")
        if isinstance(used, PasskeyFlaw):
            subject = ticket.subject if ticket else ""
            self._note("signin.wrong", subject, visitor, {"method": "passkey", "flaw": used.value})
            return Wrong()
        if ticket is not None:
            return self._finish(used.amr, visitor)
        account = self._its.accounts.of(used.subject)
        return self._open(account, used.amr, visitor) if account else Wrong()

    def proves_second(self, subject: str, code: str) -> bool:
        """Whether a code of the app or a recovery code is the account's. It is used with this."""
        spent = self._spend(subject, code)
        return not isinstance(spent, TooSoon) and bool(spent)

    def reopen(self, account: Account, amr: frozenset[str], visitor: Visitor) -> SignedIn:
        """Another session in place of the visitor's, after what it may do changed."""
        return self._open(account, amr, visitor)

    def _code_first(self, name: str, code: str) -> frozenset[str]:
        """The method that a code proves before the password was; nothing for a wrong code or a missing account."""
        account = self._its.accounts.named(name)
        spent = self._spend(account.subject if account else f"none {name}", code)
        return frozenset() if isinstance(spent, TooSoon) else spent

    def _spend(self, subject: str, code: str) -> frozenset[str] | TooSoon:
        """The methods that a code proves (RFC 8176): none where it is wrong, used or too many were tried."""
        its = self._its
        wait = its.guessing.begin_code(subject, its.now())
        if wait > 0.0:
            return TooSoon(wait)
        totp = its.factors.spend_totp(subject, code)
        if not totp and not its.factors.spend_recovery(subject, code):
            return frozenset()
        its.guessing.code_succeeded(subject, its.now())
        return frozenset({"otp" if totp else "rc", "mfa"})

    def _finish(self, second: frozenset[str], visitor: Visitor) -> Outcome:
        """Both factors are proved. Of two that finish one ticket at once, one has it."""
        ticket = self._its.tickets.take(SECOND, visitor.step)
        account = self._its.accounts.of(ticket.subject) if ticket else None
        if ticket is None or account is None:
            return Wrong()
        return self._open(account, frozenset(ticket.facts["amr"].split()) | second | {"mfa"}, visitor)

    def _open(self, account: Account, amr: frozenset[str], visitor: Visitor) -> SignedIn:
        its = self._its
        before = its.sessions.find(visitor.session)
        self._note("signin", account.subject, visitor, {"amr": sorted(amr)})
        if before is not None:
            its.sessions.end(before.id)
        session = its.sessions.open(account, amr, agent=visitor.agent, network=visitor.network)
        return SignedIn(session, its.devices.remember(visitor.device, account.name), account)
