"""Tokens of ringwall's own: access tokens (RFC 9068) and id_tokens, signed by a key ring, revoked by id or subject."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from ringwall.core.message import JSON
from ringwall.core.ports import Account
from ringwall.engines.tokens import Claims, Expectation, KeySet, Refused, SigningKey, jwks, sign, verify
from ringwall.engines.tokens.signing import RS256

LIFETIME_S = 900.0
LEEWAY_S = 60.0
LONGEST_S = 31 * 86_400.0
"""Longer than anything lives that was issued to a person, refresh tokens included: so long is it kept that all of
someone's were ended."""
TYP = "at+jwt"
MFA = "urn:ringwall:mfa"
"""The authentication context (`acr`) of a sign-in with a second factor."""
PASSWORD = "urn:ringwall:pwd"  # noqa: S105 - a name
"""The authentication context of a sign-in without one."""


class RevocationStore(Protocol):
    """Where it is kept what was issued to whom, and what was revoked."""

    def revoke(self, kind: str, value: str, at: float, until: float) -> None: ...
    def stands(self, subject: str, token_id: str, issued: float) -> bool: ...
    def issue(self, token_id: str, subject: str, at: float, until: float) -> None: ...


class Ring(Protocol):
    """The signing keys, which may change meanwhile."""

    def signer(self, alg: str = ...) -> SigningKey: ...
    def access_keys(self) -> KeySet: ...
    def published(self) -> list[SigningKey]: ...
    def trusts(self, issued: float) -> bool: ...


@dataclass(frozen=True, slots=True)
class Granted:
    """What an access token is to say beside its subject: for which client and audiences, with which scopes, bound to
    which key (`cnf`, RFC 7800), and how its holder signed in. `narrowed`: the scopes bound what the person may."""

    client_id: str
    amr: tuple[str, ...]
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    auth_time: float | None = None
    cnf: Mapping[str, str] | None = None
    narrowed: bool = False


class Tokens:
    """Issues and revokes the tokens of one issuer."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        keys: Ring,
        store: RevocationStore,
        now: Callable[[], float],
    ) -> None:
        self.issuer = issuer
        self.audience = audience
        self._keys = keys
        self._store = store
        self._now = now

    def issue(self, account: Account, *, amr: tuple[str, ...] = ("pwd",), lifetime_s: float = LIFETIME_S) -> str:
        """A signed token for an account that has just proved itself by the methods `amr` (RFC 8176)."""
        granted = Granted(account.subject, amr, auth_time=self._now())
        return self.access(account, granted, lifetime_s=lifetime_s)[0]

    def access(self, account: Account, granted: Granted, *, lifetime_s: float = LIFETIME_S) -> tuple[str, str]:
        """An access token for an account, or for a client that speaks for itself, and the token's id."""
        now, token_id = int(self._now()), secrets.token_urlsafe(16)
        audience = granted.audience or (self.audience,)
        claims: dict[str, JSON] = {
            "iss": self.issuer,
            "aud": audience[0] if len(audience) == 1 else [*audience],
            "sub": account.subject,
            "client_id": granted.client_id,
            "iat": now,
            "exp": now + int(lifetime_s),
            "jti": token_id,
            "roles": [*sorted(account.roles)],
            "amr": [*granted.amr],
        }
        if account.tenant is not None:
            claims["tenant"] = account.tenant
        if granted.scopes is not None:
            claims["scope"] = " ".join(granted.scopes)
        if granted.narrowed:
            claims["narrowed"] = True
        if granted.auth_time is not None:
            claims |= {"auth_time": int(granted.auth_time), "acr": MFA if "mfa" in granted.amr else PASSWORD}
        if granted.cnf:
            claims["cnf"] = dict(granted.cnf)
        self._store.issue(token_id, account.subject, now, now + lifetime_s + LEEWAY_S)
        return sign(claims, self._keys.signer(), typ=TYP), token_id

    def identity(self, claims: Mapping[str, JSON]) -> str:
        """An id_token (OpenID Connect Core 1.0, section 2) of these claims, `iss`, `iat` and `exp` added."""
        now = int(self._now())
        whole = {"iss": self.issuer, "iat": now, "exp": now + int(LIFETIME_S), **claims}
        return sign(whole, self._keys.signer(RS256), typ="JWT")

    def signed(self, claims: dict[str, JSON], typ: str) -> str:
        """A JWT of this issuer for another purpose than access, which `typ` names (RFC 8725, section 3.11)."""
        return sign({"iss": self.issuer, **claims}, self._keys.signer(), typ=typ)

    def jwks(self) -> dict[str, JSON]:
        """The published keys (RFC 7517, section 5)."""
        self._keys.signer(RS256)
        return jwks(self._keys.published())

    def public_x(self) -> str:
        """The published public key alone, in base64url (RFC 8037, section 2)."""
        return str(self._keys.signer().public_jwk()["x"])

    def key_set(self) -> KeySet:
        """The keys that verify this issuer's access tokens now."""
        return self._keys.access_keys()

    def identity_keys(self) -> KeySet:
        """The keys that verify this issuer's id_tokens now."""
        return KeySet.from_jwks(jwks(key for key in self._keys.published() if key.alg == RS256))

    def expectation(self) -> Expectation:
        """What an access token of this issuer must say to be taken by this API."""
        return Expectation(issuer=self.issuer, audience=self.audience, typ=frozenset({TYP}))

    def read(self, token: str, audience: str) -> Claims | None:
        """The claims of an access token of ours for an audience, if it is one and still stands."""
        expect = Expectation(issuer=self.issuer, audience=audience, typ=frozenset({TYP}))
        claims = verify(token, self.key_set(), expect, self._now())
        if isinstance(claims, Refused):
            return None
        issued = claims.values.get("iat")
        when = float(issued) if isinstance(issued, int | float) else 0.0
        stands = self.stands(claims.subject or "", f"token:{claims.values.get('jti')}", when)
        return claims if stands else None

    def stands(self, subject: str, token_id: str, issued: float) -> bool:
        """Whether a token was revoked by its id, its subject, or the withdrawal of the key that may have signed it."""
        return self._keys.trusts(issued) and self._store.stands(subject, token_id, issued)

    def unended(self, subject: str, since: float) -> bool:
        """Whether nobody has ended all that a subject was issued since then, nor disabled its account."""
        return self._store.stands(subject, "", since)

    def revoke(self, token: str) -> bool:
        """End one token (RFC 7009). False where it is none of ours, which the caller is not to be told."""
        claims = verify(token, self.key_set(), self.expectation(), self._now())
        if isinstance(claims, Refused):
            return False
        self.revoke_id(str(claims.values.get("jti")), claims.expires)
        return True

    def revoke_id(self, token_id: str, expires: float) -> None:
        """End the access token of this id, which expires then."""
        self._store.revoke("token", f"token:{token_id}", self._now(), expires + LEEWAY_S)

    def revoke_subject(self, subject: str) -> None:
        """End every token that a subject has now."""
        self._store.revoke("subject", subject, self._now(), self._now() + LONGEST_S)
