"""The keys of encrypted fields at work: what seals and opens values under the root key, and notices changed keys."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence

from ringwall.core.message import JSON
from ringwall.core.ports import Opened, Ownership, Place, Seal, Unavailable, Unopened, Unseal
from ringwall.engines.crypto.fields import (
    RECORD_BYTES,
    FieldContext,
    decrypt_json,
    encrypt_equal,
    encrypt_value,
)
from ringwall.engines.crypto.flaws import CryptoFlaw, CryptoRefused
from ringwall.engines.crypto.keyring import KeyRing
from ringwall.engines.crypto.rootkey import RootKey
from ringwall.state.database import Database
from ringwall.state.erasures import Erasures
from ringwall.state.keytable import KeyTable

NOTICED_S = 1.0
"""Seconds after which a key that another process made, rotated or destroyed is noticed here."""

OwnerOf = Callable[[str, str], Ownership | None]


class FieldKeys:
    """Seals and opens the values of fields. Answers the questions `Seal` and `Unseal`."""

    def __init__(
        self,
        database: Database,
        roots: Sequence[RootKey],
        owner_of: OwnerOf | None = None,
        reload: Callable[[], Sequence[RootKey]] | None = None,
    ) -> None:
        self.table = KeyTable(database)
        self.ring = KeyRing(roots, self.table, os.urandom)
        self.erasures = Erasures(database)
        self._owner_of, self._reload = owner_of, reload
        self._due, self._epoch = 0.0, self.table.epoch()
        self.erasures.reload()
        missing = self.table.roots() - {root.id for root in roots}
        if missing:
            names = ", ".join(sorted(missing))
            raise Unavailable(f"keys/root.key: keys here are wrapped by another root key ({names}): bring it back")

    def refresh(self) -> int:
        """Close all opened keys where any process changed one; looked at once a second. How often they have changed."""
        now = time.monotonic()
        if now >= self._due:
            self._due, epoch = now + NOTICED_S, self.table.epoch()
            if epoch != self._epoch:
                self._renew(epoch)
        return self._epoch[0]

    def _renew(self, epoch: tuple[int, int]) -> None:
        if self._reload is not None and epoch[1] != self._epoch[1]:
            self.ring.take(self._reload())
        self._epoch = epoch
        self.ring.forget()
        self.erasures.reload()

    def seal(self, asked: Seal) -> tuple[str, ...]:
        """Encrypt every value; those of one object that has no id yet share a record id."""
        self.refresh()
        record = os.urandom(RECORD_BYTES)
        return tuple(self._sealed(value, place, record) for value, place in asked.values)

    def _sealed(self, value: JSON, place: Place, record: bytes) -> str:
        if place.equal:
            text = encrypt_equal(value, _context(place), self.ring)
        else:
            text = encrypt_value(value, _context(place), self.ring, None if place.object_id else record)
        if isinstance(text, CryptoRefused):
            raise Unavailable(text.reason.value)
        return text

    def unseal(self, asked: Unseal) -> tuple[Opened | Unopened, ...]:
        """Open every text, or say of each why not."""
        self.refresh()
        return tuple([self._opened(text, place) for text, place in asked.texts])

    def _opened(self, text: str, place: Place) -> Opened | Unopened:
        value = decrypt_json(text, place, self.ring)
        if isinstance(value, CryptoRefused) and value.reason is CryptoFlaw.CONTEXT:
            fuller = self._completed(place)
            value = decrypt_json(text, fuller, self.ring) if fuller is not None else value
        if isinstance(value, CryptoRefused):
            return Unopened(self._why(text, value.reason).value)
        if self.erasures.any and self.erasures.reaches(text, place.owner):
            return Unopened(CryptoFlaw.ERASED.value)
        return Opened(value)

    def _why(self, text: str, reason: CryptoFlaw) -> CryptoFlaw:
        unknown = reason is CryptoFlaw.KEY_UNKNOWN and self.erasures.destroyed(text)
        return CryptoFlaw.ERASED if unknown else reason

    def _completed(self, context: Place) -> FieldContext | None:
        """The place with what is remembered of the object, where the reply does not say whose it is."""
        if self._owner_of is None or context.object_id is None:
            return None
        whose = self._owner_of(context.resource, context.object_id)
        if whose is None:
            return None
        return FieldContext(
            context.resource,
            context.field,
            context.tenant if context.tenant is not None else whose.tenant,
            context.owner if context.owner is not None else whose.owner,
            context.object_id,
        )


def _context(place: Place) -> FieldContext:
    return FieldContext(place.resource, place.field, place.tenant, place.owner, place.object_id)
