"""Second factors in the embedded store: sealed TOTP secrets, passkeys' public keys, hashes of recovery codes.

Whatever may be used once is used by one statement, so that of two workers one has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ringwall.core.records import Passkey
from ringwall.state.database import Database, Row

_STEPS: Final = (
    """CREATE TABLE totp (subject TEXT PRIMARY KEY, sealed TEXT NOT NULL, step INTEGER NOT NULL) STRICT,
    WITHOUT ROWID""",
    """CREATE TABLE passkey (
      id BLOB PRIMARY KEY, subject TEXT NOT NULL, site TEXT NOT NULL, name TEXT NOT NULL, public_key BLOB NOT NULL,
      counter INTEGER NOT NULL, synced INTEGER NOT NULL, created REAL NOT NULL, used REAL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX passkey_subject ON passkey (subject)",
    """CREATE TABLE recovery (digest BLOB PRIMARY KEY, subject TEXT NOT NULL) STRICT, WITHOUT ROWID""",
    "CREATE INDEX recovery_subject ON recovery (subject)",
)
_PASSKEY: Final = "id, subject, site, name, public_key, counter, synced, created, used"


class FactorTable:
    """The second factors of an open `state.db`."""

    def __init__(self, database: Database) -> None:
        self._db = database
        database.grow("factors", _STEPS)

    # TOTP

    def totp(self, subject: str) -> str | None:
        """The sealed secret of a subject."""
        return self._db.one("SELECT sealed FROM totp WHERE subject = ?", (subject,), lambda row: str(row[0]))

    def keep_totp(self, subject: str, sealed: str, step: int) -> None:
        """Keep a secret; codes up to time step `step` were used."""
        self._db.rows(
            "INSERT INTO totp VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET sealed = excluded.sealed, step = excluded.step",
            (subject, sealed, step),
        )

    def spend_totp(self, subject: str, step: int) -> bool:
        """Use the code of a time step. False where it, or a later one, was used already."""
        sql = "UPDATE totp SET step = ? WHERE subject = ? AND step < ? RETURNING 1"
        return bool(self._db.rows(sql, (step, subject, step)))

    def drop_totp(self, subject: str) -> bool:
        """Forget a secret. False where there was none."""
        return bool(self._db.rows("DELETE FROM totp WHERE subject = ? RETURNING 1", (subject,)))

    # Passkeys

    def add_passkey(self, passkey: Passkey) -> bool:
        """Keep a new passkey. False where its id is known already."""
        row = (passkey.id, passkey.subject, passkey.site, passkey.name, passkey.public_key, passkey.counter,
               int(passkey.synced), passkey.created, passkey.used)  # fmt: skip
        sql = "INSERT INTO passkey VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        return bool(self._db.rows(sql, row))

    def passkey(self, passkey_id: bytes) -> Passkey | None:
        """The passkey with this credential id."""
        return self._db.one(f"SELECT {_PASSKEY} FROM passkey WHERE id = ?", (passkey_id,), _passkey)  # noqa: S608 - fixed

    def passkeys(self, subject: str) -> list[Passkey]:
        """A subject's passkeys, oldest first."""
        sql = f"SELECT {_PASSKEY} FROM passkey WHERE subject = ? ORDER BY created"  # noqa: S608 - fixed columns
        return [_passkey(row) for row in self._db.rows(sql, (subject,))]

    def spend_passkey(self, passkey_id: bytes, counter: int, at: float) -> bool:
        """Use a passkey whose counter says `counter`. False where that was seen before: there are two of it."""
        sql = (
            "UPDATE passkey SET counter = ?, used = ? WHERE id = ?"
            " AND (counter < ? OR (counter = 0 AND ? = 0)) RETURNING 1"
        )
        return bool(self._db.rows(sql, (counter, at, passkey_id, counter, counter)))

    def drop_passkey(self, subject: str, passkey_id: bytes) -> bool:
        """Forget a subject's passkey. False where it has none of that id."""
        sql = "DELETE FROM passkey WHERE subject = ? AND id = ? RETURNING 1"
        return bool(self._db.rows(sql, (subject, passkey_id)))

    # Recovery codes

    def keep_recovery(self, subject: str, digests: Sequence[bytes]) -> None:
        """Keep these codes' hashes, and none of before."""
        with self._db.transaction():
            self._db.rows("DELETE FROM recovery WHERE subject = ?", (subject,))
            for digest in digests:
                self._db.rows("INSERT INTO recovery VALUES (?, ?)", (digest, subject))

    def spend_recovery(self, subject: str, digest: bytes) -> bool:
        """Use a code. False where it is not the subject's, or was used."""
        sql = "DELETE FROM recovery WHERE digest = ? AND subject = ? RETURNING 1"
        return bool(self._db.rows(sql, (digest, subject)))

    def recovery_left(self, subject: str) -> int:
        """How many codes are left."""
        return len(self._db.rows("SELECT 1 FROM recovery WHERE subject = ?", (subject,)))

    # All of them

    def has_second(self, subject: str) -> bool:
        """Whether there is a second factor: an authenticator app or a passkey."""
        sql = "SELECT 1 FROM totp WHERE subject = ? UNION ALL SELECT 1 FROM passkey WHERE subject = ?"
        return bool(self._db.rows(sql, (subject, subject)))

    def drop_all(self, subject: str) -> None:
        """Forget every factor of a subject but the password."""
        with self._db.transaction():
            for table in ("totp", "passkey", "recovery"):
                self._db.rows(f"DELETE FROM {table} WHERE subject = ?", (subject,))  # noqa: S608 - one of three words


def _passkey(row: Row) -> Passkey:
    passkey_id, subject, site, name, public_key, counter, synced, created, used = row
    return Passkey(
        id=passkey_id if isinstance(passkey_id, bytes) else b"",
        subject=str(subject),
        site=str(site),
        name=str(name),
        public_key=public_key if isinstance(public_key, bytes) else b"",
        counter=counter if isinstance(counter, int) else 0,
        synced=bool(synced),
        created=created if isinstance(created, float) else 0.0,
        used=used if isinstance(used, float) else None,
    )
