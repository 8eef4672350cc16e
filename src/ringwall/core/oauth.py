"""What the OAuth server keeps, as values that identity and state share. No secret is here in clear: only hashes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["none", "secret", "key", "certificate"]
"""How a client proves itself: not at all (a public client), by a secret, by a signed assertion (`private_key_jwt`),
or by its TLS certificate."""
Bound = Literal["no", "dpop", "mtls"]


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. `first_party`: the API's owner's own, asked no consent for and not narrowed by scopes.

    `roles` and `tenant` are what it is when it speaks for itself. `keys` is a JWK Set as text (`proof: key`),
    `thumbprint` the SHA-256 of its certificate in base64url (`proof: certificate`). `bound` demands tokens that are
    bound to a key, `pushed` that authorization requests are pushed (RFC 9126), `introspects` lets it ask about any
    token of its own audiences, as a resource server does.
    """

    client_id: str
    name: str
    proof: Proof = "none"
    first_party: bool = False
    redirect_uris: tuple[str, ...] = ()
    logout_uris: tuple[str, ...] = ()
    grants: frozenset[str] = frozenset({"authorization_code"})
    scopes: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    tenant: str | None = None
    keys: str | None = None
    thumbprint: str | None = None
    bound: Bound = "no"
    pushed: bool = False
    introspects: bool = False
    created: float = 0.0

    @property
    def subject(self) -> str:
        """Whom its tokens speak of where it speaks for itself: never the subject of a person or a key."""
        return f"client-{self.client_id.removeprefix('client-')}"


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request that was found right, on its way through sign-in and consent.

    `since`: the sign-in must not be older (epoch seconds; `max_age`, `prompt=login`). `stated`: the redirect URI was
    in the request, so the token request has to repeat it if it names one.
    """

    client_id: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...] = ()
    state: str | None = None
    nonce: str | None = None
    resources: tuple[str, ...] = ()
    mfa: bool = False
    since: float = 0.0
    consent: bool = False
    silent: bool = False
    dpop_jkt: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person granted a client by one sign-in: the family of every token that comes of it.

    `session` is the sign-in's session, `redirect_uri`, `challenge` and `nonce` belong to the code, `bound` is the
    thumbprint that refresh tokens of a public client are bound to (`jkt:…` or `x5t:…`).
    """

    family: str
    client_id: str
    subject: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    amr: tuple[str, ...]
    auth_time: float
    created: float
    session: str = ""
    redirect_uri: str = ""
    challenge: str = ""
    nonce: str | None = None
    bound: str = ""
    dpop_jkt: str | None = None


@dataclass(frozen=True, slots=True)
class Device:
    """A device that waits (RFC 8628). `state`: `waiting`, `granted` (then there is a `grant`), `denied` or `used`."""

    client_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    expires: float
    interval: float
    polled: float
    state: Literal["waiting", "granted", "denied", "used"] = "waiting"
    grant: Grant | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code or refresh token as found: the grant behind it, until when it holds, and whether somebody used it or the
    family is at its end."""

    grant: Grant
    expires: float
    used: bool
    ended: bool
    scopes: tuple[str, ...]
