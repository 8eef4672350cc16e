"""Registering clients: an id and a secret are made here and shown once."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol

from ringwall.core.oauth import Client
from ringwall.identity.oauth.server import digest, fresh
from ringwall.identity.tokens import Tokens


class Registry(Protocol):
    """Where clients are kept."""

    def atomic(self) -> AbstractContextManager[None]: ...
    def add_client(self, client: Client) -> bool: ...
    def client(self, client_id: str) -> Client | None: ...
    def clients(self) -> list[Client]: ...
    def remove_client(self, client_id: str) -> bool: ...
    def add_secret(self, client_id: str, digest: bytes, now: float, overlap_s: float) -> None: ...
    def end_families(self, column: str, value: str, now: float) -> list[tuple[str, float]]: ...


class Clients:
    """The clients of one store."""

    def __init__(self, store: Registry, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def add(self, client: Client) -> tuple[Client, str | None]:
        """Register a client under a new id; its secret in clear, this one time, where it proves itself by one."""
        made = replace(client, client_id=f"client-{secrets.token_hex(8)}", created=self._now())
        with self._store.atomic():
            self._store.add_client(made)
            return made, self.secret(made.client_id, 0.0) if made.proof == "secret" else None

    def secret(self, client_id: str, overlap_s: float) -> str:
        """A new secret in clear; older ones end after the overlap."""
        text = f"rws_{fresh()}"
        self._store.add_secret(client_id, digest(text), self._now(), overlap_s)
        return text

    def remove(self, client_id: str, tokens: Tokens) -> bool:
        """Forget a client and end all that was issued to it. False where there was none."""
        found = self._store.client(client_id)
        if found is None:
            return False
        with self._store.atomic():
            self._store.remove_client(client_id)
            for token_id, until in self._store.end_families("client_id", client_id, self._now()):
                tokens.revoke_id(token_id, until)
            tokens.revoke_subject(found.subject)
        return True
