"""Authorization requests (OAuth 2.1, section 4.1.1; OpenID Connect Core 1.0, section 3.1.2.1), checked in full."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Final

from ringwall.core.oauth import Asked, Client
from ringwall.identity.oauth import scopes
from ringwall.identity.oauth.answer import Fault
from ringwall.identity.oauth.form import Form
from ringwall.identity.oauth.pkce import METHOD, is_challenge
from ringwall.identity.oauth.redirects import matching
from ringwall.identity.oauth.server import Server
from ringwall.identity.tokens import MFA

_PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
_NOT_HERE: Final = {"request": "request_not_supported", "registration": "registration_not_supported"}
_NUMBER: Final = re.compile(r"[0-9]{1,9}")
_JKT: Final = re.compile(r"[A-Za-z0-9_-]{43}")
_LONG: Final = 2000


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is wrong, but whose redirect URI is the client's own: there the fault is told."""

    redirect_uri: str
    state: str | None
    fault: Fault


def redirect_of(client: Client, form: Form) -> str | None:
    """The redirect URI of a request, if it is one of the client's. Nobody is ever sent anywhere else.

    It may be left out where the client has one only (RFC 6749, section 3.1.2.3).
    """
    stated = form.get("redirect_uri")
    if stated is not None:
        return stated if matching(stated, client.redirect_uris) else None
    return client.redirect_uris[0] if len(client.redirect_uris) == 1 else None


def read(server: Server, client: Client, form: Form, redirect_uri: str) -> Asked | Refused:
    """The request, or what is wrong with it."""
    state = form.get("state")
    fault = next((fault for check in _CHECKS if (fault := check(client, form)) is not None), None)
    if fault is not None:
        return Refused(redirect_uri, state if state and len(state) <= _LONG else None, fault)
    granted = scopes.granted(server, client, form.words("scope"), person=True)
    wanted = scopes.resources(server, client, form.resources)
    if isinstance(granted, Fault) or isinstance(wanted, Fault):
        return Refused(redirect_uri, state, granted if isinstance(granted, Fault) else wanted)  # type: ignore[arg-type] # one of them is
    prompts = form.words("prompt") or ()
    return Asked(
        client_id=client.client_id,
        redirect_uri=redirect_uri,
        challenge=form.get("code_challenge") or "",
        scopes=granted,
        state=state,
        nonce=form.get("nonce"),
        resources=wanted,
        mfa=MFA in (form.words("acr_values") or ()),
        since=_since(server.now(), form.get("max_age"), prompts),
        consent="consent" in prompts,
        silent=prompts == ("none",),
        dpop_jkt=form.get("dpop_jkt"),
    )


def _since(now: float, max_age: str | None, prompts: tuple[str, ...]) -> float:
    """Before when the sign-in may not have been."""
    if "login" in prompts or "select_account" in prompts or max_age == "0":
        return now
    return now - int(max_age) if max_age is not None else 0.0


def _response(client: Client, form: Form) -> Fault | None:
    if form.get("response_type") is None:
        return Fault("invalid_request", "response_type is needed")
    if form.get("response_type") != "code":
        return Fault("unsupported_response_type", "response_type is code")
    if form.get("response_mode") not in (None, "query"):
        return Fault("invalid_request", "response_mode is query")
    if "authorization_code" not in client.grants:
        return Fault("unauthorized_client", "this client may not use authorization codes")
    return None


def _proof_key(client: Client, form: Form) -> Fault | None:
    challenge = form.get("code_challenge")
    if challenge is None or form.get("code_challenge_method") != METHOD:
        return Fault("invalid_request", "code_challenge with code_challenge_method=S256 is needed")
    return None if is_challenge(challenge) else Fault("invalid_request", "code_challenge is not one of S256")


def _unsupported(client: Client, form: Form) -> Fault | None:
    found = next((code for name, code in _NOT_HERE.items() if form.get(name) is not None), None)
    return Fault(found, "a parameter that is not supported here") if found else None


def _details(client: Client, form: Form) -> Fault | None:
    prompts = set(form.words("prompt") or ())
    if not prompts <= _PROMPTS or ("none" in prompts and len(prompts) > 1):
        return Fault("invalid_request", "prompt is unknown, or none together with others")
    age = form.get("max_age")
    if age is not None and not _NUMBER.fullmatch(age):
        return Fault("invalid_request", "max_age is a number of seconds")
    if any(len(form.get(name) or "") > _LONG for name in ("state", "nonce")):
        return Fault("invalid_request", "state or nonce is too long")
    jkt = form.get("dpop_jkt")
    return None if jkt is None or _JKT.fullmatch(jkt) else Fault("invalid_request", "dpop_jkt is no thumbprint")


_CHECKS: Final[tuple[Callable[[Client, Form], Fault | None], ...]] = (_response, _unsupported, _proof_key, _details)


def document(asked: Asked) -> str:
    """The request as it is kept on its way through sign-in and consent."""
    return json.dumps(asdict(asked))


def of_document(text: str) -> Asked:
    """The request that was kept."""
    stated = json.loads(text)
    return Asked(**{**stated, "scopes": tuple(stated["scopes"]), "resources": tuple(stated["resources"])})
