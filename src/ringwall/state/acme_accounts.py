"""The keys of our accounts with ACME authorities, one for each directory, sealed under the root key's data keys."""

from __future__ import annotations

from typing import Final

from ringwall.core.ports import Opened, Place, Seal, Unavailable, Unseal
from ringwall.engines.crypto.fields import holder_of, read
from ringwall.state.database import Database
from ringwall.state.fieldkeys import FieldKeys

_STEPS: Final = ("CREATE TABLE acme_account (directory TEXT PRIMARY KEY, sealed TEXT NOT NULL) STRICT, WITHOUT ROWID",)


class AcmeAccounts:
    """The accounts of a data directory."""

    def __init__(self, database: Database, keys: FieldKeys) -> None:
        self._database, self._keys = database, keys
        database.grow("acme", _STEPS)

    def key(self, directory: str) -> str | None:
        """The private key of the account with a directory, in PEM; None where there is none. Raises Unavailable."""
        rows = self._database.rows("SELECT sealed FROM acme_account WHERE directory = ?", (directory,))
        if not rows:
            return None
        (opened,) = self._keys.unseal(Unseal(((str(rows[0][0]), _place(directory)),)))
        if not isinstance(opened, Opened) or not isinstance(opened.value, str):
            raise Unavailable("the key of the ACME account does not open")
        return opened.value

    def keep(self, directory: str, pem: str) -> None:
        """Keep the private key of a new account."""
        (sealed,) = self._keys.seal(Seal(((pem, _place(directory)),)))
        sql = "INSERT INTO acme_account VALUES (?, ?) ON CONFLICT DO UPDATE SET sealed = excluded.sealed"
        self._database.rows(sql, (directory, sealed))

    def reseal(self) -> int:
        """Seal what is under an older key under the current one; returns how many were."""
        done = 0
        for directory, sealed in self._database.rows("SELECT directory, sealed FROM acme_account"):
            current = self._keys.ring.current(holder_of(_place(str(directory))))
            pem = self.key(str(directory))
            if pem is not None and getattr(read(str(sealed)), "kid", None) != getattr(current, "kid", None):
                self.keep(str(directory), pem)
                done += 1
        return done


def _place(directory: str) -> Place:
    return Place("ringwall", "acme", None, None, directory)
