"""How a client proves itself at the token endpoint and its like (RFC 6749, section 2.3; RFC 7523; RFC 8705)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_plus

from ringwall.core.message import Header, Request
from ringwall.core.oauth import Client, Proof
from ringwall.core.peer import thumbprint
from ringwall.engines.tokens import Claims, Expectation, KeySet, Refused, verify
from ringwall.identity.oauth.answer import NO_FORM, Fault
from ringwall.identity.oauth.form import Form, form_of
from ringwall.identity.oauth.server import Server

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
METHODS: Final = {
    "none": ("none",),
    "secret": ("client_secret_basic", "client_secret_post"),
    "key": ("private_key_jwt",),
    "certificate": ("tls_client_auth",),
}
"""What the metadata call each proof (RFC 7591, section 2; RFC 8705, section 2)."""
LONGEST_S: Final = 300.0
"""For how long an assertion may hold."""
CHALLENGE: Header = (b"www-authenticate", b'Basic realm="ringwall", charset="UTF-8"')
_NO_DIGEST: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class _Claim:
    """Who a request says it comes from, how it would prove it, and with what."""

    client_id: str
    proof: Proof
    text: str = ""

    def __repr__(self) -> str:
        return f"_Claim({self.proof})"


def asking_client(server: Server, request: Request) -> tuple[Form, Client] | Fault:
    """A form that a client sent by itself, and which client that proved to be."""
    form = form_of(request)
    if form is None:
        return NO_FORM
    client = authenticate(server, request, form)
    return client if isinstance(client, Fault) else (form, client)


def authenticate(server: Server, request: Request, form: Form) -> Client | Fault:
    """The client that a request comes from. One way of proof, and the one that it is registered for."""
    claim = _claim(request, form)
    if isinstance(claim, Fault):
        return claim
    client = server.client(claim.client_id)
    by_connection = claim.proof == "none" and client is not None and client.proof == "certificate"
    proof: Proof = "certificate" if by_connection else claim.proof
    holds = _CHECKS[proof](server, request, claim, client)
    if client is None or not holds or client.proof != proof:
        return _unknown("the client is unknown or its proof is not right")
    return client


def _unknown(text: str) -> Fault:
    """A client that did not prove itself (RFC 6749, section 5.2), with a challenge, as every 401 has."""
    return Fault("invalid_client", text, 401, (CHALLENGE,))


def _claim(request: Request, form: Form) -> _Claim | Fault:
    said = form.get("client_id")
    found: list[_Claim] = []
    header = request.head.headers.get("authorization")
    if header is not None:
        basic = _basic(header)
        if basic is None:
            return _unknown("the Authorization header is not of this endpoint's")
        found.append(basic)
    if (secret := form.get("client_secret")) is not None:
        found.append(_Claim(said or "", "secret", secret))
    if (assertion := form.get("client_assertion")) is not None or form.get("client_assertion_type") is not None:
        if form.get("client_assertion_type") != ASSERTION or assertion is None:
            return _unknown("client_assertion_type is not jwt-bearer")
        found.append(_Claim(said or _asserted(assertion), "key", assertion))
    if len(found) > 1:
        return Fault("invalid_request", "a client proves itself in one way")
    if not found:
        return _unknown("client_id is needed") if said is None else _Claim(said, "none")
    if said is not None and said != found[0].client_id:
        return _unknown("client_id is not the one that is proved")
    return found[0]


def _basic(header: str) -> _Claim | None:
    """client_secret_basic: id and secret each form-encoded (RFC 6749, section 2.3.1)."""
    scheme, _, rest = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(rest.strip(" "), validate=True).decode("ascii").partition(":")
        found = _Claim(unquote_plus(name, errors="strict"), "secret", unquote_plus(secret, errors="strict"))
    except (binascii.Error, ValueError):
        return None
    return found if colon else None


def _asserted(assertion: str) -> str:
    """Whom an assertion names: only to find the keys that then have to verify it."""
    parts = assertion.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))) if len(parts) == 3 else {}
    except (ValueError, RecursionError):
        return ""
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else ""


def _by_none(server: Server, request: Request, claim: _Claim, client: Client | None) -> bool:
    return True


def _by_secret(server: Server, request: Request, claim: _Claim, client: Client | None) -> bool:
    given = hashlib.sha256(claim.text.encode("utf-8", "surrogatepass")).digest()
    kept = server.store.secrets(claim.client_id, server.now()) or [_NO_DIGEST]
    return sum(hmac.compare_digest(given, each) for each in kept) > 0 and kept != [_NO_DIGEST]


def _by_key(server: Server, request: Request, claim: _Claim, client: Client | None) -> bool:
    """`private_key_jwt` (RFC 7523, section 3): by a key of the client's, for us, soon over, and never seen before."""
    if client is None or client.keys is None:
        return False
    keys, now = KeySet.from_jwks(json.loads(client.keys)), server.now()
    claims = next(
        (c for c in (_read(claim.text, client, keys, aud, now) for aud in _audiences(server, request)) if c), None
    )
    if claims is None or claims.subject != client.client_id or claims.expires > now + LONGEST_S:
        return False
    jti, audience = claims.values.get("jti"), claims.values.get("aud")
    if not isinstance(jti, str) or not jti or (isinstance(audience, list) and len(audience) != 1):
        return False
    name = hashlib.sha256(f"{client.client_id}\0{jti}".encode("utf-8", "surrogatepass")).digest()
    return server.store.once("assertion", name, now, claims.expires + LONGEST_S)


def _read(assertion: str, client: Client, keys: KeySet, audience: str, now: float) -> Claims | None:
    found = verify(assertion, keys, Expectation(issuer=client.client_id, audience=audience, leeway_s=5.0), now)
    return None if isinstance(found, Refused) else found


def _audiences(server: Server, request: Request) -> tuple[str, ...]:
    """What an assertion may name us by: the issuer, the token endpoint, or the one that it is sent to (RFC 9126,
    section 2)."""
    return (server.issuer, server.url("token"), f"{server.issuer}{request.head.path}")


def _by_certificate(server: Server, request: Request, claim: _Claim, client: Client | None) -> bool:
    shown = thumbprint(request.head)
    wanted = client.thumbprint if client is not None else None
    return shown is not None and wanted is not None and hmac.compare_digest(shown.encode(), wanted.encode())


_Check = Callable[[Server, Request, _Claim, Client | None], bool]
_CHECKS: Final[dict[Proof, _Check]] = {
    "none": _by_none,
    "secret": _by_secret,
    "key": _by_key,
    "certificate": _by_certificate,
}
