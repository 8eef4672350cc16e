"""Sessions with the application's own login, wired: what answers their questions, and how a token is revoked."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from ringwall.build.kept import Fetcher
from ringwall.build.own_oauth import Planned
from ringwall.build.runtime import Runtime
from ringwall.contract.model import Contract
from ringwall.core.known import Known
from ringwall.core.message import Request, Response
from ringwall.core.plan import Guards, Plan, Serve
from ringwall.core.ports import Answers, Fetch, Question, Unavailable
from ringwall.core.upstream import (
    BeginSignIn,
    EndSession,
    FindUpstream,
    KeepHeld,
    RefreshSession,
    RenewSession,
    SessionNamed,
    StartSession,
)
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.engines.crypto.secret import Secret
from ringwall.identity.oauth.answer import empty, public_reply
from ringwall.identity.upstream import UpstreamSessions, digest
from ringwall.layers.authentication import PREFIX
from ringwall.state.rootkeys import root_keys
from ringwall.state.upstream import UpstreamStore


def with_sessions(answers: Answers, runtime: Runtime, contract: Contract, fetch: Fetcher | None) -> Answers:
    """The answers, and those about sessions where the contract wraps a login. What ringwall itself reads on behalf of
    a caller carries what the application wants to see of that caller."""
    login = contract.authentication.upstream
    if login is None:
        return answers
    sessions = UpstreamSessions(
        login,
        UpstreamStore(runtime.store),
        _Roots(root_keys(runtime.directory / "keys")),
        runtime.store.stands,
        fetch or _nobody,
        contract.api.base_path,
        runtime.identity.guessing,
        time.time,
    )
    found: dict[type[Question], Callable[..., object]] = {
        BeginSignIn: sessions.begin,
        StartSession: sessions.start,
        FindUpstream: sessions.find,
        SessionNamed: sessions.named,
        RefreshSession: sessions.refresh,
        RenewSession: sessions.renew,
        KeepHeld: sessions.keep,
        EndSession: sessions.end,
    }
    read = answers.get(Fetch)
    if read is not None:
        found[Fetch] = lambda asked: read(sessions.authorized(asked))
    return {**answers, **found}


class _Roots:
    """The root keys: the first seals, each opens what it sealed, so that a rotation ends no session."""

    def __init__(self, roots: Sequence[RootKey]) -> None:
        self._roots = roots

    def wrap(self, key: Secret, kid: str, holder: str, random: Callable[[int], bytes]) -> bytes:
        return self._roots[0].wrap(key, kid, holder, random)

    def unwrap(self, wrapped: bytes, kid: str, holder: str) -> Secret | None:
        opened = (root.unwrap(wrapped, kid, holder) for root in self._roots)
        return next((secret for secret in opened if secret is not None), None)


def revoking(serve: Serve, runtime: Runtime, contract: Contract) -> Serve:
    """The revocation endpoint (RFC 7009), for these tokens too."""
    if contract.authentication.upstream is None:
        return serve
    store = UpstreamStore(runtime.store)

    def revoke(request: Request, known: Known) -> Response:
        for token in parse_qs((request.body or b"").decode("latin-1")).get("token", []):
            if token.startswith(PREFIX):
                name = digest(token)
                found = store.by_digest(name) or store.by_refresh(name)
                if found is not None:
                    store.end(found.id)
                return empty()
        return serve(request, known)

    return revoke


def keys(runtime: Runtime) -> Serve:
    """`GET /.ringwall/jwks.json` where there is no OAuth server: what assertions for the application are signed by."""
    return lambda request, known: public_reply(runtime.tokens.jwks())


def nothing(request: Request, known: Known) -> Response:
    """The answer about a token that is none of ours: as for one that is (RFC 7009, section 2.2)."""
    return empty()


def planning(planned: Planned, runtime: Runtime, contract: Contract) -> Planned:
    """The plans of the OAuth server's endpoints; that of revocation ends these sessions too."""

    def plan(name: str, guards: Guards, serve: Serve) -> Plan:
        return planned(name, guards, revoking(serve, runtime, contract) if name == "revoke" else serve)

    return plan


def _nobody(question: Question) -> Response:
    raise Unavailable("nobody reads from the application here")
