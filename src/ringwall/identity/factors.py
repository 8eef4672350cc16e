"""TOTP (RFC 6238) and recovery codes: enrolled, checked, each code good for one use in whichever worker.

A code's guessing is held back by account: whoever comes as far as a code knows the password already.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final, Protocol

import pyotp

STEP_S: Final = 30
_DRIFT: Final = (0, -1, 1)
"""Time steps of difference between the two clocks that are forgiven (RFC 6238, section 5.2)."""
CODES: Final = 8
"""Recovery codes of a set: 120 bits each, so that a plain hash keeps them (NIST SP 800-63B-4, section 3.1.2)."""
_CODE_BYTES: Final = 15
_NOBODY: Final = "ringwall:nobody"


class FactorStore(Protocol):
    """Where they are kept."""

    def totp(self, subject: str) -> str | None: ...
    def keep_totp(self, subject: str, sealed: str, step: int) -> None: ...
    def spend_totp(self, subject: str, step: int) -> bool: ...
    def drop_totp(self, subject: str) -> bool: ...
    def keep_recovery(self, subject: str, digests: Sequence[bytes]) -> None: ...
    def spend_recovery(self, subject: str, digest: bytes) -> bool: ...
    def recovery_left(self, subject: str) -> int: ...
    def has_second(self, subject: str) -> bool: ...
    def drop_all(self, subject: str) -> None: ...


class Vault(Protocol):
    """Encrypts what is a subject's own."""

    def seal(self, subject: str, value: str) -> str: ...
    def unseal(self, subject: str, sealed: str) -> str | None: ...


class Factors:
    """The second factors of one store, but for passkeys."""

    def __init__(self, store: FactorStore, vault: Vault, now: Callable[[], float]) -> None:
        self._store = store
        self._vault = vault
        self._now = now

    def has_second(self, subject: str) -> bool:
        """Whether an account asks for a second factor: it has an authenticator app or a passkey."""
        return self._store.has_second(subject)

    def has_totp(self, subject: str) -> bool:
        """Whether it has an authenticator app."""
        return self._store.totp(subject) is not None

    def offer_totp(self, subject: str) -> str:
        """A new secret for an account, sealed for it: to be shown, and enrolled once a code of it came."""
        return self._vault.seal(subject, new_secret())

    def offered(self, subject: str, sealed: str) -> str | None:
        """The secret that was offered, in clear for its holder; None where it was offered to another."""
        return self._vault.unseal(subject, sealed)

    def enrol_totp(self, subject: str, sealed: str, code: str) -> bool:
        """Take an offered secret as the account's, once its holder shows a code of it. That code is used with this."""
        secret = self._vault.unseal(subject, sealed)
        step = self._step_of(secret, code) if secret is not None else None
        if step is None:
            return False
        self._store.keep_totp(subject, sealed, step)
        return True

    def spend_totp(self, subject: str, code: str) -> bool:
        """Whether it is a code of the account's app for now that was not used before. An account without one, or none,
        costs the same work."""
        sealed = self._store.totp(subject)
        holder = subject if sealed is not None else _NOBODY
        secret = self._vault.unseal(holder, sealed or self._nobodys)
        step = self._step_of(secret, code) if secret is not None else None
        return step is not None and sealed is not None and self._store.spend_totp(subject, step)

    @cached_property
    def _nobodys(self) -> str:
        """What is opened in place of the secret that an account does not have."""
        return self._vault.seal(_NOBODY, new_secret())

    def drop_totp(self, subject: str) -> bool:
        """Take the authenticator app off the account."""
        return self._store.drop_totp(subject)

    def new_recovery(self, subject: str) -> tuple[str, ...]:
        """A set of new recovery codes in clear, for this one time; those of before are void."""
        codes = tuple(_code() for _ in range(CODES))
        self._store.keep_recovery(subject, [_digest(code) for code in codes])
        return codes

    def spend_recovery(self, subject: str, code: str) -> bool:
        """Whether it is one of the account's recovery codes, which is used with this."""
        return len(code) < 100 and self._store.spend_recovery(subject, _digest(code))

    def recovery_left(self, subject: str) -> int:
        """How many recovery codes are left."""
        return self._store.recovery_left(subject)

    def drop_all(self, subject: str) -> None:
        """Leave the account with no second factor, passkey or recovery code."""
        self._store.drop_all(subject)

    def _step_of(self, secret: str, code: str) -> int | None:
        """The time step that `code` is of. All steps are compared, each in constant time."""
        typed, step = "".join(code[:20].split()), int(self._now()) // STEP_S
        if not (typed.isascii() and typed.isdigit()):
            return None
        made = pyotp.TOTP(secret)
        fits = [step + drift for drift in _DRIFT if hmac.compare_digest(made.at((step + drift) * STEP_S), typed)]
        return fits[0] if fits else None


def new_secret() -> str:
    """A TOTP secret: 160 random bits in base32 (RFC 4226, section 4, R6)."""
    return pyotp.random_base32()


def enrolment_uri(secret: str, name: str, service: str) -> str:
    """What the QR code says (the Key Uri Format that authenticator apps read)."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=service)


def _code() -> str:
    text = base64.b32encode(secrets.token_bytes(_CODE_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def _digest(code: str) -> bytes:
    """Typed with or without its dashes, blanks or capitals it is the same code."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    return hashlib.sha256(b"recovery\0" + plain.encode("utf-8", "surrogatepass")).digest()
