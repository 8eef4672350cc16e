"""What the scan has learned: objects, whose they are, and values by name. Filled from replies; sends nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ringwall.contract.api import JSON
from ringwall.scan.aims import Aim, Kind
from ringwall.scan.model import Account
from ringwall.scan.subject import Subject

MOST = 400


@dataclass(slots=True)
class Thing:
    """An object of the target. `maker` is the account in whose name the scan made it (None: it was there before),
    `seen` the accounts whose own lists show it."""

    kind: str
    id: str
    values: dict[str, JSON]
    maker: str | None = None
    seen: set[str] = field(default_factory=set)
    fresh: bool = False


class Pool:
    """Everything learned so far; safe to fill from several threads."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._things: dict[tuple[str, str], Thing] = {}
        self._values: dict[tuple[str, str], list[JSON]] = {}
        self._listed: dict[str, set[str]] = {}
        self._selves: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def learn(self, aim: Aim, account: Account, document: JSON) -> None:
        """Take in the objects and values of a reply."""
        listing = aim.method == "GET" and not aim.slots
        with self._lock:
            if listing and aim.kind and isinstance(document, (list, dict)):
                self._listed.setdefault(aim.kind, set()).add(account.name)
            for entry in objects(document):
                self._values_of(aim, entry)
                self._thing_of(aim, entry, account.name if listing else None)

    def _values_of(self, aim: Aim, entry: Mapping[str, JSON]) -> None:
        for name, value in entry.items():
            if isinstance(value, (str, int, float)) and value != "":
                for place in (first_segment(aim), ""):
                    known = self._values.setdefault((place, name), [])
                    if len(known) < 20 and value not in known:
                        known.append(value)

    def _thing_of(self, aim: Aim, entry: Mapping[str, JSON], seen: str | None) -> None:
        for name, kind in self._subject.kinds.items():
            own = name == aim.kind
            found = id_of(kind, entry) if own else None
            if found is None and not own and kind.owner and kind.ids[0] in entry:
                found = str(entry[kind.ids[0]])  # a reference to another object, to be read later
            if found is None or len(self._things) > MOST:
                continue
            thing = self._things.setdefault((name, found), Thing(name, found, {}))
            if own:
                thing.values.update(entry)
                if seen:
                    thing.seen.add(seen)

    def show(self, kind: str, identity: str, account: Account, document: JSON) -> None:
        """Take in one object that an account was shown by its number, and that it was asked for (None: not shown)."""
        with self._lock:
            self._listed.setdefault(kind, set()).add(account.name)
            if isinstance(document, dict):
                thing = self._things.setdefault((kind, identity), Thing(kind, identity, {}))
                shown = next(
                    (o for o in objects(document) if id_of(self._subject.kinds[kind], o) == identity), document
                )
                thing.values.update(shown)
                thing.seen.add(account.name)

    def add(self, thing: Thing) -> None:
        """Take in an object that the scan made."""
        with self._lock:
            known = self._things.setdefault((thing.kind, thing.id), thing)
            known.values.update(thing.values)
            known.maker, known.fresh = thing.maker, thing.fresh

    def drop(self, thing: Thing) -> None:
        """Forget an object that is gone."""
        self._things.pop((thing.kind, thing.id), None)

    def of(self, kind: str) -> list[Thing]:
        """The known objects of a kind; those that the scan made come first."""
        return sorted((t for t in list(self._things.values()) if t.kind == kind), key=lambda t: not t.fresh)

    def values(self, aim: Aim, name: str) -> list[JSON]:
        """Values seen under a property's name, near the operation first."""
        return [*self._values.get((first_segment(aim), name), ()), *self._values.get(("", name), ())]

    def own(self, account: Account, accounts: Sequence[Account], name: str) -> JSON:
        """What an account's own objects hold under a property's name; None where they hold none."""
        mine = (t for t in list(self._things.values()) if name in t.values and self.owner(t, accounts) is account)
        value = next((t.values[name] for t in mine), None)
        return value if isinstance(value, (str, int, float)) else None

    def owner(self, thing: Thing, accounts: Sequence[Account]) -> Account | None:
        """Whose it is, as far as can be told: by its owner property, by who made it, by whose list alone shows it."""
        kind = self._subject.kinds[thing.kind]
        stated = thing.values.get(kind.owner) if kind.owner else None
        if stated is not None:
            return next((a for a in accounts if self.stands_for(kind, a, stated)), None)
        if thing.maker:
            return next((a for a in accounts if a.name == thing.maker), None)
        if len(thing.seen) == 1 and len(self._listed.get(thing.kind, ())) > 1:
            return next((a for a in accounts if a.name in thing.seen), None)
        return None

    # --- what an owner property holds for an account, which need not be what it signs in with

    def self_of(self, kind: Kind, account: Account) -> str | None:
        """What the kind's owner property holds for an account, as far as is known."""
        return self._selves.get((kind.owner or "", account.name), account.subject)

    def stands_for(self, kind: Kind, account: Account, stated: JSON) -> bool:
        """Whether an owner property's value means the account."""
        learned = self._selves.get((kind.owner or "", account.name))
        return str(stated) == learned if learned is not None else str(stated) in (account.subject, account.username)

    def recognise(self, kind: Kind, account: Account, stated: JSON) -> None:
        """Learn what the owner property holds for an account: the server wrote it on what the account made."""
        if kind.owner and not kind.person and isinstance(stated, (str, int)) and not isinstance(stated, bool):
            self._selves.setdefault((kind.owner, account.name), str(stated))

    def recognise_by_lists(self, accounts: Sequence[Account]) -> None:
        """Learn the same from lists, where each account is shown the objects of one owner and no two the same one's."""
        for kind in (k for k in self._subject.kinds.values() if k.owner and not k.person):
            owners = {a.name: {str(t.values.get(kind.owner or "")) for t in self.of(kind.name) if a.name in t.seen}
                      for a in accounts}  # fmt: skip
            told = {
                name: next(iter(found)) for name, found in owners.items() if len(found) == 1 and "None" not in found
            }
            if len(told) > 1 and len(set(told.values())) == len(told):
                for account in (a for a in accounts if a.name in told):
                    self.recognise(kind, account, told[account.name])

    def apart(self, kind: str, owner: Account, other: Account, thing: Thing) -> bool:
        """Whether the API's own lists tell the two accounts' objects apart: each may list, only the owner sees it."""
        listed = self._listed.get(kind, set())
        return {owner.name, other.name} <= listed and owner.name in thing.seen and other.name not in thing.seen


def objects(document: JSON, depth: int = 0) -> Iterator[dict[str, JSON]]:
    """Every JSON object of a document, outermost first, to a depth of four."""
    if isinstance(document, dict):
        yield document
    if depth < 4:
        below = document.values() if isinstance(document, dict) else document if isinstance(document, list) else ()
        for value in below:
            yield from objects(value, depth + 1)


def id_of(kind: Kind, entry: Mapping[str, JSON]) -> str | None:
    """What names the object that `entry` shows."""
    for name in kind.ids:
        value = entry.get(name)
        if isinstance(value, (str, int)) and not isinstance(value, bool) and value != "":
            return str(value)
    return None


def first_segment(aim: Aim) -> str:
    """The first literal segment below the base path."""
    return next((part for part in aim.op.api.path.split("/") if part and "{" not in part), "")


def scalars(document: JSON, prefix: str = "") -> Iterator[tuple[str, str | int | float | bool]]:
    """Every scalar of a document with its path of property names."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from scalars(value, f"{prefix}/{name}")
    elif isinstance(document, list):
        for value in document[:200]:
            yield from scalars(value, prefix)
    elif document is not None:
        yield prefix, document
