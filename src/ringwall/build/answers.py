"""The ports: what answers each question that a guard may ask."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ringwall.adapters.resolvers import Resolvers
from ringwall.build.kept import Fetcher, Kept
from ringwall.build.runtime import Runtime, request_id
from ringwall.build.seats import FoundSessions, Issued, noting
from ringwall.contract.model import Contract, Issuer
from ringwall.core.ports import (
    Account,
    Answers,
    CheckPassword,
    Fetch,
    FindKey,
    FindSession,
    GrantsOf,
    KeysOf,
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
        FindKey: lambda asked: store.key(asked.key_id),
        Vouched: Issued(store).answer,
        Standing: lambda asked: runtime.tokens.stands(asked.subject, asked.token_id, asked.issued),
        Once: lambda asked: runtime.oauth.once(asked.kind, asked.value, time.time(), asked.until),
        OwnerOf: lambda asked: owners.one(asked.resource, asked.id),
        OwnersOf: lambda asked: owners.many(asked.resource, asked.ids),
        ResolverOf: Resolvers(contract.resources),
        GrantsOf: lambda asked: grants.granted(asked.subject, asked.now),
        Remember: lambda asked: owners.remember(asked.resource, asked.id, asked.owner, asked.tenant),
        CheckPassword: lambda asked: _password(runtime, asked),
        FindSession: _sessions(runtime, contract).answer,
        Seal: runtime.field_keys.seal,
        Unseal: runtime.field_keys.unseal,
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
        noting(runtime.journal, request_id, required=contract.journal == "required"),
        revoke=stated is not None and stated.revoke,
    )


def _password(runtime: Runtime, asked: CheckPassword) -> Account | None:
    found = runtime.accounts.sign_in(asked.name, asked.password, network(asked.client))
    return found if isinstance(found, Account) else None


class IssuerKeys:
    """The key sets of outside issuers: fetched when first needed, kept for five minutes, and fetched anew for an
    unknown key at most once in ten seconds, so that forged key ids cannot make us a flood."""

    KEPT_S, AGAIN_S, PATIENCE_S, BYTES = 300.0, 10.0, 5.0, 1 << 20
    WORRY_S = 60.0

    def __init__(self, issuers: tuple[Issuer, ...]) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._lock = threading.Lock()
        self._sets: dict[str, tuple[float, Mapping[str, object]]] = {}
        self._tried: dict[str, float] = {}
        self._failing: dict[str, float] = {}

    def stale(self) -> list[str] | None:
        """The issuers whose keys could not be had anew for a minute; None where there are none."""
        now = time.monotonic()
        with self._lock:
            return sorted(name for name, since in self._failing.items() if now - since > self.WORRY_S) or None

    def answer(self, asked: KeysOf) -> Mapping[str, object] | None:
        """The key set, or the last one had, or None where none could ever be had."""
        now = time.monotonic()
        with self._lock:
            known = self._sets.get(asked.issuer)
            fresh = known is not None and now - known[0] < self.KEPT_S and not asked.refresh
            if fresh or now - self._tried.get(asked.issuer, -self.AGAIN_S) < self.AGAIN_S:
                return known[1] if known else None
            self._tried[asked.issuer] = now
        try:
            fetched = self._fetch(self._issuers[asked.issuer])
        except (OSError, ValueError, KeyError):
            with self._lock:
                self._failing.setdefault(asked.issuer, now)
            return known[1] if known else None
        with self._lock:
            self._failing.pop(asked.issuer, None)
            self._sets[asked.issuer] = (now, fetched)
        return fetched

    def _fetch(self, issuer: Issuer) -> Mapping[str, object]:
        where = issuer.jwks
        if where is None:
            discovered = self._read(issuer.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if discovered.get("issuer") != issuer.issuer:
                raise ValueError("the discovery document names another issuer")
            where = str(discovered["jwks_uri"])
        return self._read(where)

    def _read(self, where: str) -> Mapping[str, object]:
        """A JSON object from an https URL, a loopback http URL or a file that the contract names."""
        parts = urlsplit(where)
        if parts.scheme in ("", "file"):
            content = Path(parts.path).read_bytes()
        elif parts.scheme == "https" or parts.hostname in ("127.0.0.1", "::1", "localhost"):
            with urllib.request.urlopen(where, timeout=self.PATIENCE_S) as reply:  # noqa: S310 - scheme checked
                content = reply.read(self.BYTES + 1)
        else:
            raise ValueError("key sets are fetched over https only")
        if len(content) > self.BYTES:
            raise ValueError("the key set is too large")
        data = json.loads(content)
        if isinstance(data, dict):
            return data
        raise ValueError("not a JSON object")
