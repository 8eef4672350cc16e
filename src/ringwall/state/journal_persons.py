"""The personal parts of journal records: who called, from where, and whose object it was, each sealed under the key of
the person it tells of. Destroying that key makes them unreadable, and the journal still verifies: no byte changes.

`principal` and `client` are the caller's, each of `objects` its owner's. What nobody has a key for stays as it is: an
address without a known caller, an object without a known owner, and an operator of this machine (`local:`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from ringwall.core.event import Event
from ringwall.core.ports import Unavailable
from ringwall.engines.crypto.flaws import CryptoRefused
from ringwall.engines.crypto.pseudonyms import is_pseudonym, pseudonym, unveiled
from ringwall.state.fieldkeys import FieldKeys

HOLDER: Final = "journal:"
"""How the holders of these keys begin; a key of their own, so that rotating a person's fields leaves the journal be."""

Document = dict[str, object]

_OPERATOR: Final = "local:"
_MOST: Final = 4096


class JournalPersons:
    """Seals and opens the personal parts. Not thread-bound: a race makes the same text twice, or a second key."""

    def __init__(self, keys: FieldKeys) -> None:
        self._keys, self._changes = keys, 0
        self._known: dict[tuple[str, str, str], str] = {}
        self._whose: dict[str, str] = {}

    def sealed(self, event: Event) -> Document:
        """The event's document with its personal parts sealed. Raises Unavailable where a key cannot be had."""
        self._refresh()
        document = event.document()
        who = event.principal
        if who and not who.startswith(_OPERATOR):
            document["principal"] = self._sealed(who, "principal", who)
        whose = who or self._whose.pop(event.id, None)
        if whose and event.client and not whose.startswith(_OPERATOR):
            document["client"] = self._sealed(whose, "client", event.client)
        if event.owners:
            document["objects"] = [
                self._sealed(owner, "object", each) if owner else each
                for each, owner in zip(event.objects, event.owners, strict=True)
            ]
        return document

    def whose(self, exchange: str, subject: str) -> None:
        """Whose an exchange turned out to be that began without a caller, as one that signs in: its address is sealed
        when it is recorded."""
        if len(self._whose) >= _MOST:
            self._whose.clear()
        self._whose[exchange] = subject

    def seal(self, subject: str, member: str, text: str) -> str:
        """A text that tells of a subject; as it is for an operator of this machine. Raises Unavailable."""
        self._refresh()
        return text if subject.startswith(_OPERATOR) else self._sealed(subject, member, text)

    def _refresh(self) -> None:
        if (changes := self._keys.refresh()) != self._changes:
            self._known, self._changes = {}, changes

    def _sealed(self, subject: str, member: str, text: str) -> str:
        found = self._known.get((subject, member, text))
        return found if found is not None else self._made(subject, member, text)

    def _made(self, subject: str, member: str, text: str) -> str:
        key = self._keys.ring.current(HOLDER + subject)
        if isinstance(key, CryptoRefused):
            raise Unavailable(key.reason.value)
        if len(self._known) >= _MOST:
            self._known = {}
        made = self._known[subject, member, text] = pseudonym(text, member, key)
        return made

    def open(self, member: str, text: str) -> str:
        """What `seal` sealed, in clear while its key lives, else as it is."""
        return str(self._opened(text, member))

    def known(self, subject: str) -> bool:
        """Whether there is a key of this subject already. Raises Unavailable."""
        return bool(self._keys.table.of(HOLDER + subject))

    def erased(self) -> Callable[[str], bool]:
        """Whether a subject was erased, by the list as it is now."""
        self._refresh()
        return self._keys.erasures.names

    def opened(self, record: Mapping[str, object]) -> Document:
        """A record's members in clear, as far as their keys live; the rest as it is written."""
        self._refresh()
        document = dict(record)
        for member in ("principal", "client", "account"):
            if member in document:
                document[member] = self._opened(document[member], member)
        objects = document.get("objects")
        if isinstance(objects, list):
            document["objects"] = [self._opened(each, "object") for each in objects]
        return document

    def _opened(self, text: object, member: str) -> object:
        if not isinstance(text, str) or not is_pseudonym(text):
            return text
        plain = unveiled(text, member, self._keys.ring)
        return text if isinstance(plain, CryptoRefused) else plain

    def spellings(self, member: str, text: str) -> list[str]:
        """Every way in which a record may name this principal or object: in clear, and under each key that may have
        sealed it. An object may be anybody's, so that every person's key is tried."""
        return [text, *self._spelled(member, text)]

    def _spelled(self, member: str, text: str) -> Iterator[str]:
        table = self._keys.table
        held = table.of(HOLDER + text) if member == "principal" else table.beginning(HOLDER)
        for stored in held:
            key = self._keys.ring.find(stored.kid)
            if not isinstance(key, CryptoRefused):
                yield pseudonym(text, member, key)
