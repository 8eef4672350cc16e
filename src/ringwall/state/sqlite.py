"""What the embedded store keeps for every deployment: accounts, API keys, owners, revocations."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from ringwall.core.ports import Ownership
from ringwall.core.records import KeyRecord, StoredAccount
from ringwall.state.database import Database, Row
from ringwall.state.erasures import is_ended

_STEPS: Final = (
    """CREATE TABLE IF NOT EXISTS account (
      subject TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, password TEXT NOT NULL, roles TEXT NOT NULL,
      tenant TEXT, disabled INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL) STRICT""",
    """CREATE TABLE IF NOT EXISTS api_key (
      key_id TEXT PRIMARY KEY, name TEXT NOT NULL, digest BLOB NOT NULL, subject TEXT NOT NULL, roles TEXT NOT NULL,
      scopes TEXT NOT NULL, tenant TEXT, created REAL NOT NULL, expires REAL, revoked REAL) STRICT""",
    """CREATE TABLE IF NOT EXISTS owner (
      resource TEXT NOT NULL, id TEXT NOT NULL, owner TEXT, tenant TEXT,
      PRIMARY KEY (resource, id)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS revocation (
      kind TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL, until REAL NOT NULL,
      PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE IF NOT EXISTS sealed_key (key_id TEXT PRIMARY KEY, sealed BLOB NOT NULL) STRICT""",
    "CREATE INDEX revocation_until ON revocation (until)",
    "ALTER TABLE api_key ADD COLUMN rate TEXT",
    "ALTER TABLE api_key ADD COLUMN addresses TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE api_key ADD COLUMN last_used REAL",
    """INSERT INTO api_key (key_id, name, digest, subject, roles, scopes, tenant, created, expires, revoked)
      VALUES ('~', 'nobody', zeroblob(32), 'key-00000000', '["nobody"]', '[]', NULL, 0, 0, 0)""",
)
"""The tables; `IF NOT EXISTS` since the first of them are older than the record of steps. That
of sealed keys is taken over by `keytable`."""
_LAST: Final = "~"
"""The id of the row that is nobody's: after those of all keys, so that there always is a next one."""

_BY_NAME: Final = "SELECT * FROM account WHERE name = ? UNION ALL SELECT * FROM (SELECT * FROM account LIMIT 1) LIMIT 1"
"""An account by its name. Where there is none another is read in its place, for nothing but the time that it takes."""

_ISSUED: Final = (
    "CREATE TABLE issued (token_id TEXT PRIMARY KEY, subject TEXT NOT NULL, until REAL NOT NULL) STRICT, WITHOUT ROWID",
    "CREATE INDEX issued_until ON issued (until)",
)

_ISSUED_TO: Final = {
    "token": "SELECT 1 FROM issued WHERE token_id = ? AND subject = ?",
    "key": "SELECT 1 FROM api_key WHERE key_id = ? AND subject = ?",
    "session": "SELECT 1 FROM session WHERE id = ? AND subject = ?",
}


class Store(Database):
    """An open `state.db` with its first tables."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.grow("store", _STEPS)
        self.grow("issued", _ISSUED)

    # Accounts

    def add_account(self, account: StoredAccount) -> bool:
        """Keep a new account. False where its name or subject is taken."""
        row = (
            account.subject,
            account.name,
            account.password,
            _list(account.roles),
            account.tenant,
            int(account.disabled),
            account.created,
        )
        sql = "INSERT INTO account VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        return bool(self.rows(sql, row))

    def account_named(self, name: str) -> StoredAccount | None:
        """The account that signs in by this name. It takes the same work whether or not there is one."""
        found = self.one(_BY_NAME, (name,), _account)
        return found if found is not None and found.name == name else None

    def subject_named(self, name: str) -> str | None:
        """The subject of the account that signs in by this name."""
        found = self.account_named(name)
        return found.subject if found is not None else None

    def account_of(self, subject: str) -> StoredAccount | None:
        """The account of this subject."""
        return self.one("SELECT * FROM account WHERE subject = ?", (subject,), _account)

    def accounts(self) -> list[StoredAccount]:
        """All accounts, by name."""
        return [_account(row) for row in self.rows("SELECT * FROM account ORDER BY name")]

    def change_account(self, name: str, column: str, value: str | int | frozenset[str] | None) -> bool:
        """Set `password`, `roles`, `tenant` or `disabled`. False where there is no such account."""
        if column not in ("password", "roles", "tenant", "disabled"):
            raise ValueError(column)
        stored = _list(value) if isinstance(value, frozenset) else value
        sql = f"UPDATE account SET {column} = ? WHERE name = ? RETURNING 1"  # noqa: S608 - column is one of four words
        return bool(self.rows(sql, (stored, name)))

    # API keys

    def add_key(self, key: KeyRecord) -> None:
        """Keep a new key (its secret's hash)."""
        self.rows(
            "INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.key_id,
                key.name,
                key.digest,
                key.subject,
                _list(key.roles),
                _list(key.scopes),
                key.tenant,
                key.created,
                key.expires,
                key.revoked,
                json.dumps(key.rate) if key.rate else None,
                json.dumps(key.addresses),
                key.last_used,
            ),
        )

    def key(self, key_id: str) -> KeyRecord | None:
        """The key with this public id, revoked or not."""
        found = self.nearest_key(key_id)
        return found if found is not None and found.key_id == key_id != _LAST else None

    def nearest_key(self, key_id: str) -> KeyRecord | None:
        """The key with this public id, or where there is none the next one: to find it takes the same time, and what
        is done with it does too, since no secret but its own fits its hash."""
        before = f"{key_id[:-1]}{chr(max(ord(key_id[-1:] or '!'), 33) - 1)}~"  # equal to no id: a match would show
        return self.one("SELECT * FROM api_key WHERE key_id > ? ORDER BY key_id LIMIT 1", (before,), _key)

    def key_used(self, key_id: str, at: float) -> None:
        """Keep when a key was last used."""
        self.rows("UPDATE api_key SET last_used = ? WHERE key_id = ? AND key_id <> '~'", (at, key_id))

    def keys(self) -> list[KeyRecord]:
        """All keys, oldest first."""
        return [_key(row) for row in self.rows("SELECT * FROM api_key WHERE key_id <> '~' ORDER BY created")]

    def end_key(self, key_id: str, at: float) -> bool:
        """Revoke a key. False where there is no such key, or it ends before that already (one that is to end after
        an overlap can still be ended sooner)."""
        sql = (
            "UPDATE api_key SET revoked = ? WHERE key_id = ? AND key_id <> '~'"
            " AND (revoked IS NULL OR revoked > ?) RETURNING 1"
        )
        return bool(self.rows(sql, (at, key_id, at)))

    # Owners

    def owner_of(self, resource: str, object_id: str) -> Ownership | None:
        """Who owns an object, as remembered."""
        sql = "SELECT owner, tenant FROM owner WHERE resource = ? AND id = ?"
        return self.one(sql, (resource, object_id), lambda row: Ownership(_text(row[0]), _text(row[1])))

    def remember(self, resource: str, object_id: str, owner: str | None, tenant: str | None) -> None:
        """Keep who owns an object; what is not known keeps its older value."""
        self.rows(
            "INSERT INTO owner VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " owner = coalesce(excluded.owner, owner), tenant = coalesce(excluded.tenant, tenant)",
            (resource, object_id, owner, tenant),
        )

    def forget(self, resource: str, object_id: str) -> None:
        """Keep no more who owns an object."""
        self.rows("DELETE FROM owner WHERE resource = ? AND id = ?", (resource, object_id))

    # Revocations

    def revoke(self, kind: str, value: str, at: float, until: float) -> None:
        """Let nothing issued to `value` before `at` stand, kept until no such token can be alive."""
        self.rows("DELETE FROM revocation WHERE until < ?", (at,))
        self.rows(
            "INSERT INTO revocation VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " at = max(at, excluded.at), until = max(until, excluded.until)",
            (kind, value, at, until),
        )

    def stands(self, subject: str, token_id: str, issued: float) -> bool:
        """Whether a token of this subject, id and issue time was not revoked and its account not disabled."""
        ended = self.rows(
            "SELECT '' FROM revocation WHERE (kind = 'token' AND value = ?)"
            " OR (kind = 'subject' AND value = ? AND at >= ?)"
            " UNION ALL SELECT '' FROM account WHERE subject = ? AND disabled"
            " UNION ALL SELECT value FROM revocation WHERE kind = 'erased' AND at >= ?",
            (token_id, subject, issued, subject, issued),
        )
        return not any(value == "" or is_ended(str(value), subject) for (value,) in ended)

    # What was issued

    def issue(self, token_id: str, subject: str, at: float, until: float) -> None:
        """Keep to whom a token is issued, for as long as it can be alive."""
        self.rows("DELETE FROM issued WHERE until < ?", (at,))
        self.rows("INSERT INTO issued VALUES (?, ?, ?)", (token_id, subject, until))

    def issued_to(self, credential: str, subject: str) -> bool:
        """Whether `token:ID`, `key:ID` or `session:ID` was issued to this subject, and is still kept."""
        kind, _, name = credential.partition(":")
        asked = _ISSUED_TO.get(kind)
        return asked is not None and bool(self.rows(asked, (name, subject)))


def _list(values: frozenset[str]) -> str:
    return json.dumps(sorted(values))


def _set(value: object) -> frozenset[str]:
    return frozenset(json.loads(str(value)))


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _bytes(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, (int, float)) else None


def _account(row: Row) -> StoredAccount:
    subject, name, password, roles, tenant, disabled, created = row
    return StoredAccount(
        str(subject), str(name), str(password), _set(roles), _text(tenant), bool(disabled), _number(created) or 0.0
    )


def _key(row: Row) -> KeyRecord:
    key_id, name, digest, subject, roles, scopes, tenant, created, expires, revoked, rate, addresses, used = row
    return KeyRecord(
        str(key_id),
        str(name),
        _bytes(digest),
        str(subject),
        _set(roles),
        _set(scopes),
        _text(tenant),
        _number(created) or 0.0,
        _number(expires),
        _number(revoked),
        _rate(rate),
        tuple(json.loads(str(addresses))),
        _number(used),
    )


def _rate(value: object) -> tuple[int, float] | None:
    if value is None:
        return None
    count, seconds = json.loads(str(value))
    return int(count), float(seconds)
