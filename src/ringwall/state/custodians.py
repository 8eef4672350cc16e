"""Those who have a say over keys: what destroys or gives out a key needs two of them, each with a passphrase of their
own. A root key that is given out opens only with both.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from ringwall.engines.crypto.encoding import from_text, to_text
from ringwall.engines.crypto.passwords import Passwords
from ringwall.engines.crypto.rootkey import SALT_BYTES, RootKey
from ringwall.engines.crypto.secret import Secret
from ringwall.state.database import Database

NEEDED: Final = 2
_FORM: Final = "ringwall root key/1"
_KID: Final = "root"
_STEPS: Final = (
    "CREATE TABLE custodian (name TEXT PRIMARY KEY, passphrase TEXT NOT NULL, since REAL NOT NULL) STRICT",
)


class Custodians:
    """The custodians of a data directory."""

    def __init__(self, database: Database) -> None:
        self._database, self._passwords = database, Passwords()
        database.grow("custodian", _STEPS)

    def names(self) -> list[str]:
        """All of them, by name."""
        return [str(row[0]) for row in self._database.rows("SELECT name FROM custodian ORDER BY name")]

    def add(self, name: str, passphrase: str, at: float) -> bool:
        """Enrol one. False where the name is taken."""
        sql = "INSERT INTO custodian VALUES (?, ?, ?) ON CONFLICT DO NOTHING RETURNING 1"
        return bool(self._database.rows(sql, (name, self._passwords.hash(passphrase), at)))

    def remove(self, name: str) -> bool:
        """Strike one off. False where there is none of that name."""
        return bool(self._database.rows("DELETE FROM custodian WHERE name = ? RETURNING 1", (name,)))

    def vouches(self, name: str, passphrase: str) -> bool:
        """Whether this is a custodian's passphrase; it takes as long for a name that is none."""
        rows = self._database.rows("SELECT passphrase FROM custodian WHERE name = ?", (name,))
        return self._passwords.verify(passphrase, str(rows[0][0]) if rows else None)


@dataclass(frozen=True, slots=True)
class Vouched:
    """A custodian, and the passphrase that was just found to be theirs."""

    name: str
    passphrase: Secret


def exported(root: RootKey, by: Sequence[Vouched]) -> bytes:
    """A root key wrapped by one custodian's passphrase within the other's."""
    salts = [os.urandom(SALT_BYTES) for _ in by]
    sealed = Secret(root.to_text().encode())
    for each, salt in zip(by, salts, strict=True):
        sealed = Secret(RootKey.from_passphrase(each.passphrase, salt).wrap(sealed, _KID, each.name, os.urandom))
    document = {
        "form": _FORM,
        "root": root.id,
        "custodians": [{"name": each.name, "salt": to_text(salt)} for each, salt in zip(by, salts, strict=True)],
        "sealed": to_text(sealed.reveal()),
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n"


def custodians_of(content: bytes) -> list[str] | None:
    """Whose passphrases open an exported root key, in order; None where it is none."""
    try:
        document = orjson.loads(content)
        found = [str(each["name"]) for each in document["custodians"]]
        return found if document["form"] == _FORM and len(found) >= NEEDED else None
    except (ValueError, TypeError, KeyError):
        return None


def imported(content: bytes, passphrases: Sequence[Secret]) -> RootKey | None:
    """The root key that was exported; None where a passphrase is wrong or the file was altered."""
    document = orjson.loads(content)
    sealed = Secret(from_text(str(document["sealed"])) or b"")
    for each, passphrase in reversed(list(zip(document["custodians"], passphrases, strict=True))):
        salt = from_text(str(each["salt"])) or b""
        if len(salt) != SALT_BYTES:
            return None
        opened = RootKey.from_passphrase(passphrase, salt).unwrap(sealed.reveal(), _KID, str(each["name"]))
        if opened is None:
            return None
        sealed = opened
    root = RootKey.from_text(sealed.reveal().decode("ascii", "replace"))
    return root if root.id == document["root"] else None
