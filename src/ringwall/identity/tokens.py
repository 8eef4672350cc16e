"""Access tokens of ringwall's own: issued for a sign-in, verified by published keys, revoked by id or by subject."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol

from ringwall.core.message import JSON
from ringwall.core.ports import Account
from ringwall.engines.tokens import Claims, Expectation, KeySet, Refused, SigningKey, jwks, sign, verify

LIFETIME_S = 900.0
TYP = "at+jwt"


class RevocationStore(Protocol):
    """Where revocations are kept."""

    def revoke(self, kind: str, value: str, at: float, until: float) -> None: ...
    def stands(self, subject: str, token_id: str, issued: float) -> bool: ...


class Tokens:
    """Issues and revokes the access tokens of one issuer (RFC 9068)."""

    def __init__(
        self, issuer: str, audience: str, key: SigningKey, store: RevocationStore, now: Callable[[], float]
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._key = key
        self._store = store
        self._now = now

    def issue(self, account: Account, *, amr: tuple[str, ...] = ("pwd",), lifetime_s: float = LIFETIME_S) -> str:
        """A signed token for an account that has just proved itself by the methods `amr` (RFC 8176)."""
        now = int(self._now())
        claims: dict[str, JSON] = {
            "iss": self.issuer,
            "aud": self.audience,
            "sub": account.subject,
            "client_id": account.subject,
            "iat": now,
            "exp": now + int(lifetime_s),
            "jti": secrets.token_urlsafe(16),
            "roles": [*sorted(account.roles)],
            "amr": [*amr],
        }
        if account.tenant is not None:
            claims["tenant"] = account.tenant
        return sign(claims, self._key, typ=TYP)

    def signed(self, claims: dict[str, JSON], typ: str) -> str:
        """A JWT of this issuer for another purpose than access, which `typ` names (RFC 8725, section 3.11)."""
        return sign({"iss": self.issuer, **claims}, self._key, typ=typ)

    def jwks(self) -> dict[str, JSON]:
        """The published keys (RFC 7517, section 5)."""
        return jwks([self._key])

    def public_x(self) -> str:
        """The published public key alone, in base64url (RFC 8037, section 2)."""
        return str(self._key.public_jwk()["x"])

    def key_set(self) -> KeySet:
        """The keys that verify what this issuer signs."""
        return KeySet.from_jwks(self.jwks())

    def expectation(self) -> Expectation:
        """What a token of this issuer must say."""
        return Expectation(issuer=self.issuer, audience=self.audience, typ=frozenset({TYP}))

    def revoke(self, token: str) -> bool:
        """End one token (RFC 7009). False where it is none of ours, which the caller is not to be told."""
        claims = verify(token, self.key_set(), self.expectation(), self._now())
        if isinstance(claims, Refused):
            return False
        token_id = claims.values.get("jti")
        self._store.revoke("token", f"token:{token_id}", self._now(), _end(claims))
        return True

    def revoke_subject(self, subject: str) -> None:
        """End every token that a subject has now."""
        self._store.revoke("subject", subject, self._now(), self._now() + LIFETIME_S + 60)


def _end(claims: Claims) -> float:
    return claims.expires + 60
