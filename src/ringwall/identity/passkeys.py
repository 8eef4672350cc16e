"""Passkeys (Web Authentication Level 3): registered, and used alone or as the second factor. py_webauthn verifies.

A challenge is a ticket: good once, for ten minutes, in any worker, for the ceremony it was made for. A passkey belongs
to one site (RP id) and one account. A counter that does not rise tells of a copy, and is refused by name.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import (
    bytes_to_base64url,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from ringwall.core.ports import Account
from ringwall.core.records import Passkey
from ringwall.identity.tickets import Tickets

REGISTER: Final = "passkey.register"
ALONE: Final = "passkey.alone"
BESIDE: Final = "passkey.second"
MANY: Final = 20
_NAME: Final = 60
_WRONG: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError,
                 RecursionError)  # fmt: skip
"""What py_webauthn raises for what is no response of an authenticator; its own class is for most of it."""


class PasskeyFlaw(StrEnum):
    """Why a response does not count. For the journal: the caller is told one thing for all."""

    MALFORMED = "malformed"
    CHALLENGE = "challenge"
    UNKNOWN = "unknown"
    FOREIGN = "foreign"
    WRONG = "wrong"
    CLONED = "cloned"
    TAKEN = "taken"
    MANY = "many"


@dataclass(frozen=True, slots=True)
class Site:
    """Where the browser is: the RP id (a host name) and the origin that its client data must name."""

    id: str
    origin: str

    @classmethod
    def of(cls, host: str, *, secure: bool) -> Site:
        """The site of a Host header."""
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() and ":" in host else host
        return cls(name, f"{'https' if secure else 'http'}://{host}")


@dataclass(frozen=True, slots=True)
class Used:
    """A passkey that just signed: whose, and the methods it proves (RFC 8176). With the user verified by the
    authenticator it is two factors in one."""

    subject: str
    amr: frozenset[str]


class PasskeyStore(Protocol):
    """Where passkeys are kept."""

    def add_passkey(self, passkey: Passkey) -> bool: ...
    def passkey(self, passkey_id: bytes) -> Passkey | None: ...
    def passkeys(self, subject: str) -> list[Passkey]: ...
    def spend_passkey(self, passkey_id: bytes, counter: int, at: float) -> bool: ...
    def drop_passkey(self, subject: str, passkey_id: bytes) -> bool: ...


class Passkeys:
    """The passkeys of one store."""

    def __init__(self, store: PasskeyStore, tickets: Tickets, now: Callable[[], float]) -> None:
        self._store = store
        self._tickets = tickets
        self._now = now

    def of(self, subject: str) -> list[Passkey]:
        """A subject's passkeys, oldest first."""
        return self._store.passkeys(subject)

    def drop(self, subject: str, passkey_id: bytes) -> bool:
        """Take a passkey off an account. False where it has none of that id."""
        return self._store.drop_passkey(subject, passkey_id)

    def registration(self, account: Account, site: Site) -> str:
        """The options of `navigator.credentials.create`, as JSON."""
        options = generate_registration_options(
            rp_id=site.id,
            rp_name=site.id,
            user_name=account.name,
            user_id=_handle(account.subject),
            challenge=self._challenge(REGISTER, account.subject),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.PREFERRED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=self._descriptors(account.subject, site),
        )
        return options_to_json(options)

    def register(self, subject: str, site: Site, response: str, name: str) -> Passkey | PasskeyFlaw:
        """Add the passkey that an authenticator just made for this account."""
        if len(self._store.passkeys(subject)) >= MANY:
            return PasskeyFlaw.MANY
        try:
            credential = parse_registration_credential_json(response)
            challenge = self._spent(REGISTER, credential.response.client_data_json, subject)
            if challenge is None:
                return PasskeyFlaw.CHALLENGE
            made = verify_registration_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.id,
                expected_origin=site.origin,
            )
        except _WRONG:
            return PasskeyFlaw.MALFORMED
        passkey = Passkey(
            id=made.credential_id,
            subject=subject,
            site=site.id,
            name="".join(c for c in name if c.isprintable()).strip()[:_NAME] or "passkey",
            public_key=made.credential_public_key,
            counter=made.sign_count,
            synced=made.credential_backed_up,
            created=self._now(),
            used=None,
        )
        return passkey if self._store.add_passkey(passkey) else PasskeyFlaw.TAKEN

    def request(self, site: Site, subject: str = "") -> str:
        """The options of `navigator.credentials.get`, as JSON: for any account's passkey (which has to verify its
        user), or as the second factor of `subject`."""
        verified = UserVerificationRequirement.PREFERRED if subject else UserVerificationRequirement.REQUIRED
        options = generate_authentication_options(
            rp_id=site.id,
            challenge=self._challenge(BESIDE if subject else ALONE, subject),
            allow_credentials=self._descriptors(subject, site) if subject else None,
            user_verification=verified,
        )
        return options_to_json(options)

    def use(self, site: Site, response: str, subject: str = "") -> Used | PasskeyFlaw:
        """Whose passkey signed; with `subject`, only that account's counts, as its second factor."""
        try:
            credential = parse_authentication_credential_json(response)
            challenge = self._spent(BESIDE if subject else ALONE, credential.response.client_data_json, subject)
            if challenge is None:
                return PasskeyFlaw.CHALLENGE
            passkey = self._store.passkey(credential.raw_id)
            flaw = _belongs(passkey, credential, site, subject)
            if passkey is None or flaw is not None:
                return flaw or PasskeyFlaw.UNKNOWN
            seen = verify_authentication_response(
                credential=credential,
                expected_challenge=challenge,
                expected_rp_id=site.id,
                expected_origin=site.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,  # compared below, once the signature is known to be right
                require_user_verification=not subject,
            )
        except _WRONG:
            return PasskeyFlaw.WRONG
        if not self._store.spend_passkey(passkey.id, seen.new_sign_count, self._now()):
            return PasskeyFlaw.CLONED
        return Used(passkey.subject, _amr(seen))

    def _challenge(self, kind: str, subject: str) -> bytes:
        challenge = secrets.token_bytes(32)
        self._tickets.note(kind, bytes_to_base64url(challenge), subject)
        return challenge

    def _spent(self, kind: str, client_data: bytes, subject: str) -> bytes | None:
        """The challenge that was signed, if it is one of ours for this and nobody had it yet."""
        challenge = parse_client_data_json(client_data).challenge
        ticket = self._tickets.take(kind, bytes_to_base64url(challenge))
        return challenge if ticket is not None and ticket.subject == subject else None

    def _descriptors(self, subject: str, site: Site) -> list[PublicKeyCredentialDescriptor]:
        return [PublicKeyCredentialDescriptor(id=p.id) for p in self._store.passkeys(subject) if p.site == site.id]


def _belongs(
    passkey: Passkey | None, credential: AuthenticationCredential, site: Site, subject: str
) -> PasskeyFlaw | None:
    """What is wrong with whose passkey it is (WebAuthn Level 3, section 7.2, steps 5 and 6)."""
    if passkey is None or passkey.site != site.id:
        return PasskeyFlaw.UNKNOWN
    if subject and passkey.subject != subject:
        return PasskeyFlaw.FOREIGN
    handle = credential.response.user_handle
    named = handle is not None and hmac.compare_digest(handle, _handle(passkey.subject))
    return None if named or (handle is None and subject) else PasskeyFlaw.FOREIGN


def _amr(seen: VerifiedAuthentication) -> frozenset[str]:
    key = "swk" if seen.credential_backed_up else "hwk"
    return frozenset({key, "user", "mfa"} if seen.user_verified else {key, "user"})


def _handle(subject: str) -> bytes:
    """What an authenticator keeps of whose it is: stable, and no name that it could show or give away."""
    return hashlib.sha256(b"ringwall passkey\0" + subject.encode()).digest()
