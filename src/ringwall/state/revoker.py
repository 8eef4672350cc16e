"""Ending sessions, tokens and keys for a response, and giving back what a person finds was ended wrongly."""

from __future__ import annotations

from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

LONGEST_S = 3600.0
"""No access token lives longer."""


class StoreRevoker:
    """Over one store. What it cannot tell raises Unavailable. Browser sessions that were ended are not given back."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._sessions = SessionTable(store)

    def revoke(self, kind: str, value: str, at: float, until: float) -> None:
        """End what a `principal` has now, or one `credential` (`key:ID` or `token:ID`)."""
        if kind == "principal":
            self._store.revoke("subject", value, at, at + LONGEST_S)
            self._sessions.end_sessions(value, but="")
        elif value.startswith("key:"):
            self._store.end_key(value.removeprefix("key:"), at)
        else:
            self._store.revoke("token", value, at, at + LONGEST_S)

    def restore(self, kind: str, value: str, at: float) -> bool:
        """Take back what was ended at that very moment. False where nothing of it is left to take back."""
        if kind == "credential" and value.startswith("key:"):
            sql = "UPDATE api_key SET revoked = NULL WHERE key_id = ? AND revoked = ? RETURNING 1"
            return bool(self._store.rows(sql, (value.removeprefix("key:"), at)))
        name = "subject" if kind == "principal" else "token"
        sql = "DELETE FROM revocation WHERE kind = ? AND value = ? AND at = ? RETURNING 1"
        return bool(self._store.rows(sql, (name, value, at)))
