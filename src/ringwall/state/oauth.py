"""What the OAuth server keeps in the embedded store: clients, requests, codes, token families, devices.

Whatever may be used once is used by one statement or within one transaction, so that of several workers one has it.
Codes, tokens and secrets are kept by their SHA-256.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import Any, Final

from ringwall.core.oauth import Client, Grant, Ticket
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE oauth_client (
      client_id TEXT PRIMARY KEY, document TEXT NOT NULL, created REAL NOT NULL) STRICT""",
    """CREATE TABLE oauth_secret (
      client_id TEXT NOT NULL, digest BLOB NOT NULL, created REAL NOT NULL, ends REAL,
      PRIMARY KEY (client_id, digest)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE oauth_request (
      digest BLOB PRIMARY KEY, kind TEXT NOT NULL, document TEXT NOT NULL, until REAL NOT NULL) STRICT""",
    """CREATE TABLE oauth_family (
      family TEXT PRIMARY KEY, client_id TEXT NOT NULL, subject TEXT NOT NULL, session TEXT NOT NULL,
      document TEXT NOT NULL, until REAL NOT NULL, ended REAL) STRICT""",
    "CREATE INDEX oauth_family_subject ON oauth_family (subject)",
    """CREATE TABLE oauth_ticket (
      digest BLOB PRIMARY KEY, kind TEXT NOT NULL, family TEXT NOT NULL, scopes TEXT NOT NULL,
      until REAL NOT NULL, used REAL) STRICT""",
    """CREATE TABLE oauth_issued (
      token_id TEXT PRIMARY KEY, family TEXT NOT NULL, until REAL NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX oauth_issued_family ON oauth_issued (family)",
    """CREATE TABLE oauth_once (
      kind TEXT NOT NULL, value BLOB NOT NULL, until REAL NOT NULL,
      PRIMARY KEY (kind, value)) STRICT, WITHOUT ROWID""",
    """CREATE TABLE oauth_consent (
      subject TEXT NOT NULL, client_id TEXT NOT NULL, scopes TEXT NOT NULL, at REAL NOT NULL,
      PRIMARY KEY (subject, client_id)) STRICT, WITHOUT ROWID""",
    "CREATE INDEX oauth_once_until ON oauth_once (until)",
    "CREATE INDEX oauth_request_until ON oauth_request (until)",
    "CREATE INDEX oauth_family_until ON oauth_family (until)",
    "CREATE INDEX oauth_ticket_until ON oauth_ticket (until)",
    "CREATE INDEX oauth_issued_until ON oauth_issued (until)",
)
MANY: Final = 50_000
"""As many authorization requests may be on their way at once, and as many devices wait."""
_SOMETIMES: Final = b"\x04"
"""What a random byte is below once in 64 times: clean-up costs no more than that."""
KEPT_S: Final = 86_400.0
"""For how long what is over is still known, so that its reuse is seen for what it is."""


class OAuthStore:
    """The OAuth server's tables in an open `state.db`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("oauth", _STEPS)

    def atomic(self) -> AbstractContextManager[None]:
        """Everything within, or nothing; nobody else's change comes in between."""
        return self._db.transaction()

    # Clients

    def add_client(self, client: Client) -> bool:
        """Keep a new client. False where its id is taken."""
        row = (client.client_id, _client_document(client), client.created)
        return bool(self._db.rows("INSERT INTO oauth_client VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1", row))

    def client(self, client_id: str) -> Client | None:
        """The client of this id."""
        return self._db.one("SELECT document FROM oauth_client WHERE client_id = ?", (client_id,), _client)

    def clients(self) -> list[Client]:
        """All clients, oldest first."""
        return [_client(row) for row in self._db.rows("SELECT document FROM oauth_client ORDER BY created, client_id")]

    def remove_client(self, client_id: str) -> bool:
        """Forget a client, its secrets and what people consented to. False where there was none."""
        self._db.rows("DELETE FROM oauth_secret WHERE client_id = ?", (client_id,))
        self._db.rows("DELETE FROM oauth_consent WHERE client_id = ?", (client_id,))
        return bool(self._db.rows("DELETE FROM oauth_client WHERE client_id = ? RETURNING 1", (client_id,)))

    def add_secret(self, client_id: str, digest: bytes, now: float, overlap_s: float) -> None:
        """Keep a client's new secret; older ones end after the overlap."""
        self._db.rows(
            "UPDATE oauth_secret SET ends = ? WHERE client_id = ? AND (ends IS NULL OR ends > ?)",
            (now + overlap_s, client_id, now + overlap_s),
        )
        self._db.rows("INSERT INTO oauth_secret VALUES (?, ?, ?, NULL)", (client_id, digest, now))

    def secrets(self, client_id: str, now: float) -> list[bytes]:
        """The hashes of a client's secrets that hold now."""
        sql = "SELECT digest FROM oauth_secret WHERE client_id = ? AND (ends IS NULL OR ends > ?)"
        return [bytes(row[0]) for row in self._db.rows(sql, (client_id, now)) if isinstance(row[0], bytes)]

    # What may be seen once

    def once(self, kind: str, value: bytes, now: float, until: float) -> bool:
        """Whether this value of this kind is seen for the first time, remembered until then."""
        if value[:1] < _SOMETIMES:
            self._db.rows("DELETE FROM oauth_once WHERE until < ?", (now,))
        sql = "INSERT INTO oauth_once VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        return bool(self._db.rows(sql, (kind, value, until)))

    # Authorization requests: pushed, and on their way

    def keep_request(self, digest: bytes, kind: str, document: str, now: float, until: float) -> None:
        """Keep a request of a kind until then. Anyone may make one, so their number is bounded: the oldest go."""
        self._db.rows("DELETE FROM oauth_request WHERE until < ?", (now,))
        if digest[:1] < _SOMETIMES:
            self._db.rows(
                "DELETE FROM oauth_request WHERE digest IN"
                " (SELECT digest FROM oauth_request ORDER BY until DESC LIMIT -1 OFFSET ?)",
                (MANY,),
            )
        self._db.rows("INSERT INTO oauth_request VALUES (?, ?, ?, ?)", (digest, kind, document, until))

    def request(self, digest: bytes, kind: str, now: float) -> str | None:
        """A request that is kept."""
        sql = "SELECT document FROM oauth_request WHERE digest = ? AND kind = ? AND until > ?"
        return self._db.one(sql, (digest, kind, now), lambda row: str(row[0]))

    def take_request(self, digest: bytes, kind: str, now: float) -> str | None:
        """A request that is kept, for whoever takes it first."""
        sql = "DELETE FROM oauth_request WHERE digest = ? AND kind = ? AND until > ? RETURNING document"
        return self._db.one(sql, (digest, kind, now), lambda row: str(row[0]))

    # Families, and the codes and refresh tokens of them

    def open_family(self, grant: Grant, until: float) -> None:
        """Keep a grant: the family of all that is issued by it."""
        now = grant.created
        for table in ("oauth_family", "oauth_ticket", "oauth_issued"):
            self._db.rows(f"DELETE FROM {table} WHERE until < ?", (now - KEPT_S,))  # noqa: S608 - of three names
        row = (grant.family, grant.client_id, grant.subject, grant.session, json.dumps(asdict(grant)), until)
        self._db.rows("INSERT INTO oauth_family VALUES (?, ?, ?, ?, ?, ?, NULL)", row)

    def change_family(self, grant: Grant) -> None:
        """Keep what a grant has become."""
        self._db.rows(
            "UPDATE oauth_family SET document = ? WHERE family = ?", (json.dumps(asdict(grant)), grant.family)
        )

    def add_ticket(self, digest: bytes, kind: str, grant: Grant, scopes: tuple[str, ...], until: float) -> None:
        """Keep a code or a refresh token of a family."""
        row = (digest, kind, grant.family, json.dumps(scopes), until)
        self._db.rows("INSERT INTO oauth_ticket VALUES (?, ?, ?, ?, ?, NULL)", row)

    def ticket(self, digest: bytes, kind: str) -> Ticket | None:
        """A code or refresh token as it is now, its family with it."""
        return self._db.one(
            "SELECT f.document, min(t.until, f.until), t.used, f.ended, t.scopes FROM oauth_ticket t"
            " JOIN oauth_family f ON f.family = t.family WHERE t.digest = ? AND t.kind = ? GROUP BY t.digest",
            (digest, kind),
            _ticket,
        )

    def use_ticket(self, digest: bytes, now: float) -> bool:
        """Use it up. False where somebody has."""
        sql = "UPDATE oauth_ticket SET used = ? WHERE digest = ? AND used IS NULL RETURNING 1"
        return bool(self._db.rows(sql, (now, digest)))

    def issued(self, token_id: str, family: str, until: float) -> None:
        """Keep that an access token is of a family."""
        self._db.rows("INSERT INTO oauth_issued VALUES (?, ?, ?)", (token_id, family, until))

    def family_of(self, token_id: str) -> str | None:
        """The family of an access token."""
        sql = "SELECT family FROM oauth_issued WHERE token_id = ?"
        return self._db.one(sql, (token_id,), lambda row: str(row[0]))

    def end_families(self, column: str, value: str, now: float) -> list[tuple[str, float]]:
        """End the families of a `family`, `session`, `subject` or `client_id`: the ids of their access tokens that
        are alive, each with its end."""
        if column not in ("family", "session", "subject", "client_id"):
            raise ValueError(column)
        ended = self._db.rows(
            f"UPDATE oauth_family SET ended = ? WHERE {column} = ? AND ended IS NULL RETURNING family",  # noqa: S608 - of four
            (now, value),
        )
        found: list[tuple[str, float]] = []
        for (family,) in ended:
            sql = "SELECT token_id, until FROM oauth_issued WHERE family = ? AND until > ?"
            found += [(str(i), _number(until)) for i, until in self._db.rows(sql, (family, now))]
        return found

    # Consent

    def consented(self, subject: str, client_id: str) -> frozenset[str]:
        """The scopes that a person let a client have."""
        sql = "SELECT scopes FROM oauth_consent WHERE subject = ? AND client_id = ?"
        found = self._db.one(sql, (subject, client_id), lambda row: frozenset(json.loads(str(row[0]))))
        return found or frozenset()

    def consent(self, subject: str, client_id: str, scopes: frozenset[str], now: float) -> None:
        """Keep that a person lets a client have these scopes too."""
        whole = sorted(self.consented(subject, client_id) | scopes)
        self._db.rows(
            "INSERT INTO oauth_consent VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET scopes = excluded.scopes,"
            " at = excluded.at",
            (subject, client_id, json.dumps(whole), now),
        )


def _client_document(client: Client) -> str:
    return json.dumps({k: sorted(v) if isinstance(v, frozenset) else v for k, v in asdict(client).items()})


def _client(row: Row) -> Client:
    stated: dict[str, Any] = json.loads(str(row[0]))
    sets = {name: frozenset(stated[name]) for name in ("grants", "scopes", "resources", "roles")}
    lists = {name: tuple(stated[name]) for name in ("redirect_uris", "logout_uris")}
    return Client(**{**stated, **sets, **lists})


def grant_of(stated: Mapping[str, Any]) -> Grant:
    """A grant from its document."""
    return Grant(**{**stated, **{name: tuple(stated[name]) for name in ("scopes", "resources", "amr")}})


def _ticket(row: Row) -> Ticket:
    document, until, used, ended, scopes = row
    grant, held = grant_of(json.loads(str(document))), tuple(json.loads(str(scopes)))
    return Ticket(grant, _number(until), used is not None, ended is not None, held)


def _number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
