"""Encrypted fields in process, for applications that have to compute on values: what the SQLAlchemy type and the Django
field have in common. What they store is the same format as the wall's (docs/encryption-format.md).

A value never becomes a statement's parameter in clear: what has no place to be bound to is refused.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ringwall.engines.crypto.blindindex import BlindIndex, index_holder
from ringwall.engines.crypto.fields import (
    RECORD_BYTES,
    FieldContext,
    decrypt_value,
    encrypt_equal,
    encrypt_value,
)
from ringwall.engines.crypto.flaws import CryptoRefused
from ringwall.state.database import Database
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.rootkeys import root_keys

_MOST: Final = 1000
NO_PLACE: Final = (
    "a value of an encrypted field was to become part of a statement in clear: compare with "
    "`equal_to(value, tenant=…)`, and write through the model's own objects"
)


class Unreadable(ValueError):
    """A stored value does not open; `reason` is its permanent code. There is never a part of the value in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sought:
    """A value to compare a searchable field with."""

    value: Any
    tenant: str | None


def equal_to(value: Any, tenant: object = None) -> Any:
    """What a searchable field is compared with: the same value of the same tenant."""
    return Sought(value, None if tenant is None else str(tenant))


class Record(str):
    """A sealed value on its way to or from the database."""

    __slots__ = ()


class Tag(str):
    """A blind index's entry on its way to or from the database."""

    __slots__ = ()


class Keys:
    """The keys of a data directory, opened when they are first needed: `Keys("ringwall-data")`."""

    def __init__(self, data: str | Path) -> None:
        self._data = Path(data)
        self._opened: tuple[int, FieldKeys] | None = None
        self._indexes: dict[tuple[str, str, str, int, bool], BlindIndex] = {}

    def _keys(self) -> FieldKeys:
        """The open keys; a forked process opens its own. Raises Unavailable, also where the root key is lost."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
            database = Database(self._data / "state.db")
            keys = self._data / "keys"
            self._opened = os.getpid(), FieldKeys(database, root_keys(keys), reload=lambda: root_keys(keys))
        self._opened[1].refresh()
        return self._opened[1]

    def seal(self, value: Any, context: FieldContext, record: bytes | None = None) -> Record:
        """A value for its place. Raises Unreadable where its key cannot be had."""
        return self._record(encrypt_value(value, context, self._keys().ring, record))

    def seek(self, value: Any, context: FieldContext) -> Record:
        """A value that is found by equality, for its field and tenant."""
        return self._record(encrypt_equal(value, context, self._keys().ring))

    def tag(self, value: Any, context: FieldContext, bits: int, *, folded: bool = False) -> Tag | None:
        """What a blind index of so many bits has for a text of its field and tenant. Raises TypeError for what is no
        text, Unreadable where the key cannot be had."""
        if value is None:
            return None
        if not isinstance(value, str):
            raise TypeError("a blind index is of texts")
        key = self._keys().ring.fixed(index_holder(context))
        if isinstance(key, CryptoRefused):
            raise Unreadable(key.reason.value)
        named = (key.kid, context.resource, context.field, bits, folded)
        index = self._indexes.get(named)
        if index is None:
            index = BlindIndex.of(key.secret, context.resource, context.field, bits, folded)
            self._indexes = {**self._indexes, named: index} if len(self._indexes) < _MOST else {named: index}
        return Tag(index.tag(value))

    def open(self, text: str, context: FieldContext) -> Any:
        """The value behind a record; None where its owner was erased. Raises Unreadable."""
        keys = self._keys()
        if keys.erasures.is_of_erased(text, context.owner):
            return None
        value = decrypt_value(text, context, keys.ring)
        if isinstance(value, CryptoRefused):
            raise Unreadable(value.reason.value)
        return value.json

    def close(self) -> None:
        """Close the store; the next use opens it again."""
        self._opened = None

    @staticmethod
    def _record(text: str | CryptoRefused) -> Record:
        if isinstance(text, CryptoRefused):
            raise Unreadable(text.reason.value)
        return Record(text)


def fresh_record() -> bytes:
    """What the fields of one object share that has no id yet."""
    return os.urandom(RECORD_BYTES)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field lies: its resource, its name there, and the attributes that hold an object's id, owner, tenant."""

    resource: str
    field: str
    id: str
    owner: str | None = None
    tenant: str | None = None

    def of(self, target: Any) -> FieldContext:
        """The place in one object, as far as it says."""
        return FieldContext(
            self.resource, self.field, _text(target, self.tenant), _text(target, self.owner), _text(target, self.id)
        )


def _text(target: Any, name: str | None) -> str | None:
    value = getattr(target, name) if name else None
    return None if value is None else str(value)
