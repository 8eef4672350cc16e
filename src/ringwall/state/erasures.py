"""Who was erased: kept as salted hashes, so that the list of the erased does not name them.

A field that is found by equality is under its tenant's key, which erasing one person does not destroy: what such a key
sealed is not opened for an erased person's objects any more. Only new keys (`ringwall keys rekey`) make it unreadable.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ringwall.engines.crypto.encoding import from_text
from ringwall.engines.crypto.fields import Envelope, read
from ringwall.engines.crypto.flaws import CryptoRefused
from ringwall.state.database import Database

_STEPS: Final = (
    """CREATE TABLE erased (
      id TEXT PRIMARY KEY, salt BLOB NOT NULL, digest BLOB NOT NULL, at REAL NOT NULL) STRICT""",
    """CREATE TABLE erased_key (id TEXT NOT NULL, kid TEXT NOT NULL, destroyed INTEGER NOT NULL,
      PRIMARY KEY (id, kid)) STRICT, WITHOUT ROWID""",
)


_MOST: Final = 4096


def digest_of(subject: str, salt: bytes) -> bytes:
    """What stands for a subject: it can be confirmed by whoever knows the subject, and does not tell it."""
    return hashlib.sha256(salt + subject.encode("utf-8", "surrogatepass")).digest()


def ended(subject: str, salt: bytes) -> str:
    """What a list of the ended has of an erased subject: it names nobody."""
    return f"{salt.hex()}:{digest_of(subject, salt).hex()}"


def is_ended(text: str, subject: str) -> bool:
    """Whether an entry of that list is of this subject."""
    salt, _, digest = text.partition(":")
    try:
        return digest_of(subject, bytes.fromhex(salt)).hex() == digest
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Erasure:
    """One erasure: `at` in epoch seconds, the names of the keys that were `destroyed`, and of those of searchable
    fields that lived on (`equal`)."""

    id: str
    subject: str
    salt: bytes
    at: float
    destroyed: tuple[str, ...]
    equal: tuple[str, ...]

    @classmethod
    def of(cls, certificate: Mapping[str, Any], subject: str) -> Erasure:
        """What a certificate says was erased, for the subject that it is of."""
        searchable = certificate["searchable_keys"]
        return cls(
            str(certificate["id"]),
            subject,
            from_text(str(certificate["subject"]["salt"])) or b"",
            datetime.fromisoformat(str(certificate["at"])).timestamp(),
            (*certificate["keys_destroyed"], *searchable["destroyed"]),
            tuple(searchable["alive"]),
        )


class Erasures:
    """The erased persons of a data directory."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.grow("erased", _STEPS)
        self._erased: list[tuple[bytes, bytes, frozenset[str]]] = []
        self._seen: dict[tuple[str, str], bool] = {}
        self._gone: frozenset[str] = frozenset()
        self.any = False

    def reload(self) -> None:
        """Read the list again."""
        equal: dict[str, set[str]] = {}
        gone: set[str] = set()
        for name, kid, destroyed in self._database.rows("SELECT id, kid, destroyed FROM erased_key"):
            if destroyed:
                gone.add(str(kid))
            else:
                equal.setdefault(str(name), set()).add(str(kid))
        rows = self._database.rows("SELECT id, salt, digest FROM erased")
        self._erased = [(_raw(salt), _raw(digest), frozenset(equal.get(str(name), ()))) for name, salt, digest in rows]
        self._gone, self._seen = frozenset(gone), {}
        self.any = any(kids for _, _, kids in self._erased)

    def add(self, erasure: Erasure) -> None:
        """Keep that a subject was erased. Repeating it changes nothing."""
        row = (erasure.id, erasure.salt, digest_of(erasure.subject, erasure.salt), erasure.at)
        with self._database.transaction():
            self._database.rows("INSERT INTO erased VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", row)
            kids = [(kid, 1) for kid in erasure.destroyed] + [(kid, 0) for kid in erasure.equal]
            for kid, destroyed in kids:
                self._database.rows(
                    "INSERT INTO erased_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (erasure.id, kid, destroyed)
                )

    def destroyed(self, text: str) -> bool:
        """Whether a record's key was destroyed with its holder."""
        envelope = read(text)
        return not isinstance(envelope, CryptoRefused) and envelope.kid in self._gone

    def end(self, kids: Sequence[str]) -> None:
        """Keys of searchable fields that were destroyed, too: what they sealed is left out of replies."""
        for kid in kids:
            self._database.rows("UPDATE erased_key SET destroyed = 1 WHERE kid = ?", (kid,))

    def reaches(self, text: str, owner: str | None) -> bool:
        """Whether a searchable record is of an erased owner."""
        envelope = read(text) if owner is not None and self.any else None
        if owner is None or not isinstance(envelope, Envelope):
            return False
        asked = (envelope.kid, owner)
        found = self._seen.get(asked)
        if found is None:
            found = any(
                envelope.kid in kids and digest_of(owner, salt) == digest for salt, digest, kids in self._erased
            )
            if len(self._seen) > _MOST:
                self._seen = {}
            self._seen[asked] = found
        return found

    def is_of_erased(self, text: object, owner: str | None) -> bool:
        """Whether a stored value is of an erased person: found by its owner, or by its key."""
        return isinstance(text, str) and (self.destroyed(text) or self.reaches(text, owner))

    def names(self, subject: str) -> bool:
        """Whether the list has this subject."""
        return any(digest_of(subject, salt) == digest for salt, digest, _ in self._erased)

    def of(self, subject: str) -> list[Erasure]:
        """The erasures of a subject."""
        found = []
        for name, salt, digest, at in self._database.rows("SELECT id, salt, digest, at FROM erased ORDER BY at"):
            if digest_of(subject, _raw(salt)) == _raw(digest):
                kids = self._database.rows("SELECT kid, destroyed FROM erased_key WHERE id = ?", (name,))
                gone = tuple(str(kid) for kid, destroyed in kids if destroyed)
                equal = tuple(str(kid) for kid, destroyed in kids if not destroyed)
                found.append(Erasure(str(name), subject, _raw(salt), float(str(at)), gone, equal))
        return found


def _raw(value: object) -> bytes:
    return value if isinstance(value, bytes) else b""
