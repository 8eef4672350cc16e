"""The ports: what answers each question that a guard may ask."""

from __future__ import annotations

import time
from collections.abc import Callable

from ringwall.adapters.resolvers import Resolvers
from ringwall.build.issuers import IssuerKeys
from ringwall.build.kept import Fetcher, Kept
from ringwall.build.runtime import Runtime, request_id
from ringwall.build.seats import FoundSessions, Issued, noting
from ringwall.contract.model import Contract
from ringwall.core.ports import (
    Account,
    Answers,
    CheckPassword,
    Fetch,
    FindKey,
    FindSession,
    Forget,
    GrantsOf,
    KeysAtHand,
    KeysOf,
    KeyUsed,
    Once,
    OwnerOf,
    OwnersOf,
    Question,
    Remember,
    ResolverOf,
    Seal,
    Standing,
    Unseal,
    Vouched,
)
from ringwall.identity.places import Places
from ringwall.layers.quota import network
from ringwall.state.grants import Grants
from ringwall.state.owners import Owners
from ringwall.state.sessions import SessionTable


def answers(runtime: Runtime, contract: Contract, fetch: Fetcher | None) -> Answers:
    """Every question's answerer. A question that nobody can answer here is `Unavailable`, which refuses."""
    store, grants = runtime.store, Grants(runtime.store)
    owners = Owners(store, contract.staleness_s)
    issuers = IssuerKeys(contract.authentication.issuers)
    runtime.vitals.add("keysets", issuers.stale)
    found: dict[type[Question], Callable[..., object]] = {
        FindKey: lambda asked: store.nearest_key(asked.key_id),
        KeyUsed: lambda asked: runtime.api_keys.used(asked.key_id),
        Vouched: Issued(store).answer,
        Standing: lambda asked: runtime.tokens.stands(asked.subject, asked.token_id, asked.issued),
        Once: lambda asked: runtime.oauth.once(asked.kind, asked.value, time.time(), asked.until),
        OwnerOf: owners.answer,
        OwnersOf: lambda asked: owners.many(asked.resource, asked.ids),
        ResolverOf: Resolvers(contract.resources),
        GrantsOf: lambda asked: grants.granted(asked.subject, asked.now),
        Forget: lambda asked: owners.forget(asked.resource, asked.id),
        Remember: lambda asked: owners.remember(asked.resource, asked.id, asked.owner, asked.tenant),
        CheckPassword: lambda asked: _password(runtime, asked),
        FindSession: _sessions(runtime, contract).answer,
        Seal: runtime.field_keys.seal,
        Unseal: runtime.field_keys.unseal,
        KeysAtHand: issuers.at_hand,
        KeysOf: issuers.answer,
    }
    if fetch is not None:
        found[Fetch] = Kept(fetch, contract.staleness_s)
    return found


def _sessions(runtime: Runtime, contract: Contract) -> FoundSessions:
    stated = contract.authentication.sessions
    return FoundSessions(
        runtime.sessions,
        Places(SessionTable(runtime.store), time.time),
        noting(runtime.journal, runtime.persons, request_id, required=contract.journal == "required"),
        revoke=stated is not None and stated.revoke,
    )


def _password(runtime: Runtime, asked: CheckPassword) -> Account | None:
    found = runtime.accounts.sign_in(asked.name, asked.password, network(asked.client))
    return found if isinstance(found, Account) else None
