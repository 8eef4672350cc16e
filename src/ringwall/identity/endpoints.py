"""The endpoints of identity as functions from a request to a reply: token, revocation, keys, metadata, account.

Errors are those of OAuth 2.1 (RFC 6749, section 5.2). A password is taken from the account's own holder at this
endpoint only: third parties get no password grant.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from urllib.parse import parse_qsl

from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Serve
from ringwall.identity.accounts import Accounts, TooSoon
from ringwall.identity.tokens import LIFETIME_S, Tokens

_JSON = (b"content-type", b"application/json")
_NO_STORE = (b"cache-control", b"no-store")
_FORM = "application/x-www-form-urlencoded"

Network = Callable[[str], str]


def token(accounts: Accounts, tokens: Tokens, network: Network) -> Serve:
    """`POST /.ringwall/oauth/token` with `grant_type=password`, `username` and `password`."""

    def serve(request: Request, known: Known) -> Response:
        form = _form(request)
        if form is None:
            return _error("invalid_request", "send one form with each parameter once")
        if form.get("grant_type") != "password":
            return _error("unsupported_grant_type", "grant_type is password")
        name, password = form.get("username"), form.get("password")
        if not name or not password:
            return _error("invalid_request", "username and password are needed")
        found = accounts.sign_in(name, password, network(known.client))
        if isinstance(found, TooSoon):
            wait = (b"retry-after", b"%d" % math.ceil(found.seconds))
            return _error("invalid_grant", "too many tries; wait", status=429, extra=(wait,))
        if found is None:
            return _error("invalid_grant", "name or password is wrong")
        answer = {"access_token": tokens.issue(found), "token_type": "Bearer", "expires_in": int(LIFETIME_S)}
        return _json(200, answer)

    return serve


def revoke(tokens: Tokens) -> Serve:
    """`POST /.ringwall/oauth/revoke` (RFC 7009): whoever holds a token may end it; the answer is always the same."""

    def serve(request: Request, known: Known) -> Response:
        form = _form(request)
        if form is None or not form.get("token"):
            return _error("invalid_request", "token is needed")
        tokens.revoke(form["token"])
        return Response(200, (_NO_STORE, (b"content-length", b"0")))

    return serve


def jwks(tokens: Tokens) -> Serve:
    """`GET /.ringwall/jwks.json`: the keys that verify our tokens."""

    def serve(request: Request, known: Known) -> Response:
        return _reply(200, json.dumps(tokens.jwks()).encode(), (b"cache-control", b"public, max-age=300"))

    return serve


def metadata(tokens: Tokens) -> Serve:
    """`GET /.well-known/oauth-authorization-server` (RFC 8414): what this server can do, and no more."""
    base = f"{tokens.issuer}/.ringwall"
    body = json.dumps(
        {
            "issuer": tokens.issuer,
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "jwks_uri": f"{base}/jwks.json",
            "grant_types_supported": ["password"],
            "response_types_supported": [],
            "token_endpoint_auth_methods_supported": ["none"],
        }
    ).encode()

    def serve(request: Request, known: Known) -> Response:
        return _reply(200, body, (b"cache-control", b"public, max-age=300"))

    return serve


def account() -> Serve:
    """`GET /.ringwall/account`: who the caller is to ringwall."""

    def serve(request: Request, known: Known) -> Response:
        who = known.principal
        if who is None:
            return _json(200, {"subject": None})
        return _json(
            200,
            {
                "subject": who.subject,
                "roles": sorted(who.roles),
                "tenant": who.tenant,
                "method": who.method,
                "mfa": who.mfa,
            },
        )

    return serve


def _form(request: Request) -> dict[str, str] | None:
    """The parameters of a form, each once (RFC 6749, section 3.2); None for anything else."""
    if request.head.media_type != _FORM or not request.body:
        return None
    try:
        pairs = parse_qsl(
            request.body.decode("ascii"),
            keep_blank_values=True,
            strict_parsing=True,
            errors="strict",
            max_num_fields=20,
        )
    except (UnicodeDecodeError, ValueError):
        return None
    form = dict(pairs)
    return form if len(form) == len(pairs) else None


def _error(code: str, text: str, *, status: int = 400, extra: tuple[tuple[bytes, bytes], ...] = ()) -> Response:
    response = _json(status, {"error": code, "error_description": text})
    return response.with_headers((*response.headers, *extra))


def _json(status: int, value: object) -> Response:
    return _reply(status, json.dumps(value).encode(), _NO_STORE)


def _reply(status: int, body: bytes, caching: tuple[bytes, bytes]) -> Response:
    return Response(status, (_JSON, (b"content-length", b"%d" % len(body)), caching), body)
