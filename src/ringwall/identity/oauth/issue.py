"""Issuing: access token, refresh token and id_token for a grant, each kept so that the whole family can be ended."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from typing import Final

from ringwall.core.known import Known
from ringwall.core.message import JSON, Response
from ringwall.core.oauth import Client, Grant
from ringwall.core.ports import Account
from ringwall.identity.oauth.answer import Fault, json_reply
from ringwall.identity.oauth.scopes import audience, narrows
from ringwall.identity.oauth.sender import Sender
from ringwall.identity.oauth.server import Server, Told, digest, fresh
from ringwall.identity.tokens import LIFETIME_S, MFA, PASSWORD, Granted

FAMILY_S: Final = 30 * 86_400.0
"""For how long a grant may be refreshed in all."""
IDLE_S: Final = 14 * 86_400.0
"""For how long a refresh token waits to be used."""


@dataclass(frozen=True, slots=True)
class Issue:
    """What is to be issued: for which client and grant, bound to whom, with which scopes and for which resources.
    `nonce` goes into the id_token of a code's first use."""

    client: Client
    grant: Grant
    sender: Sender
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    nonce: str | None = None


def standing(server: Server, grant: Grant) -> Account | None:
    """The account behind a grant as it is now, unless it is disabled or all of its tokens were ended since."""
    account = server.account(grant.subject)
    stands = account is not None and server.tokens.unended(grant.subject, grant.created)
    return account if stands else None


def issue(server: Server, wanted: Issue) -> Response:
    """The token response (RFC 6749, section 5.1). To be called within the transaction that used the grant up."""
    client, grant, now = wanted.client, wanted.grant, server.now()
    account = standing(server, grant)
    if account is None:
        return Fault("invalid_grant", "the account is disabled, or all of its tokens were ended").reply()
    granted = Granted(
        client_id=client.client_id,
        amr=grant.amr,
        audience=audience(server, wanted.resources),
        scopes=wanted.scopes,
        auth_time=grant.auth_time,
        cnf=wanted.sender.cnf or None,
        narrowed=narrows(client, wanted.scopes),
    )
    token, token_id = server.tokens.access(account, granted)
    server.store.issued(token_id, grant.family, now + LIFETIME_S)
    answer: dict[str, object] = {
        "access_token": token,
        "token_type": wanted.sender.kind,
        "expires_in": int(LIFETIME_S),
        "scope": " ".join(wanted.scopes),
    }
    if "refresh_token" in client.grants:
        answer["refresh_token"] = _refresh(server, grant)
    if "openid" in wanted.scopes:
        answer["id_token"] = server.tokens.identity(_identity(wanted, token))
    return json_reply(answer, headers=wanted.sender.headers)


def _refresh(server: Server, grant: Grant) -> str:
    """A refresh token with the whole scope of the grant (RFC 6749, section 6)."""
    text, now = fresh(), server.now()
    until = min(now + IDLE_S, grant.created + FAMILY_S)
    server.store.add_ticket(digest(text), "refresh", grant, grant.scopes, until)
    return text


def _identity(wanted: Issue, token: str) -> dict[str, JSON]:
    """What an id_token says (OpenID Connect Core 1.0, sections 2 and 3.1.3.6)."""
    grant = wanted.grant
    half = hashlib.sha256(token.encode()).digest()[:16]  # of the hash that goes with RS256
    claims: dict[str, JSON] = {
        "sub": grant.subject,
        "aud": wanted.client.client_id,
        "auth_time": int(grant.auth_time),
        "acr": MFA if "mfa" in grant.amr else PASSWORD,
        "amr": [*grant.amr],
        "at_hash": base64.urlsafe_b64encode(half).rstrip(b"=").decode(),
    }
    if grant.session:
        claims["sid"] = grant.session
    if wanted.nonce is not None:
        claims["nonce"] = wanted.nonce
    return claims


def dies(server: Server, grant: Grant, known: Known, reason: str) -> None:
    """The whole family ends, and that is told. To be called within a transaction."""
    server.end("family", grant.family)
    server.tell(Told("family.ended", grant.client_id, grant.subject, reason), known)
