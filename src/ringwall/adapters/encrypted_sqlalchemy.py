"""A SQLAlchemy column type whose values are ciphertext in the database and plain in the application's objects.

    diagnosis: Mapped[str] = mapped_column(Encrypted(keys, "patient", "diagnosis"))
    bind(Patient, id="patient_id", owner="account_id", tenant="clinic_id")

Where equality is to tell less than `searchable` does, a column of a blind index stands beside:

    email: Mapped[str] = mapped_column(Encrypted(keys, "patient", "email"))
    email_index: Mapped[str | None] = mapped_column(Indexed(keys, "patient", "email", bits=12), index=True)

`Patient.email_index == equal_to(value, tenant)` finds that value, and some others that share its entry.

`bind` ties the columns of a mapped class to its objects' id, owner and tenant. Rows that are selected without objects
(columns alone, Core) keep the ciphertext.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect, String, Text, TypeDecorator, event
from sqlalchemy import inspect as inspected
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from ringwall.adapters.encrypted import NO_PLACE, Keys, Place, Record, Sought, Tag, equal_to, fresh_record
from ringwall.engines.crypto.fields import FieldContext

__all__ = ["Encrypted", "Indexed", "Keys", "bind", "equal_to"]

_HELD = "ringwall.encrypted"


class Encrypted(TypeDecorator[Any]):
    """A column of ciphertext. `searchable` values are found by equality: `Patient.email == equal_to(value, tenant)`."""

    impl = Text
    cache_ok = True

    def __init__(self, keys: Keys, resource: str, field: str, *, searchable: bool = False) -> None:
        super().__init__()
        self.keys, self.resource, self.field, self.searchable = keys, resource, field, searchable

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """A record, or one that is sought; nothing in clear. Raises ValueError."""
        if value is None or isinstance(value, Record):
            return value
        if isinstance(value, Sought) and self.searchable:
            return self.keys.seek(value.value, FieldContext(self.resource, self.field, value.tenant))
        raise ValueError(NO_PLACE)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The stored text; the object it belongs to opens it."""
        return None if value is None else Record(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """What it is compared with is of this type too, so that nothing is compared in clear."""
        return self


class Indexed(TypeDecorator[Any]):
    """A blind index of so many bits (8 to 256) of the encrypted column of that field; `folded` makes it blind to case.
    `bind` fills it in."""

    impl = String
    cache_ok = True

    def __init__(self, keys: Keys, resource: str, field: str, *, bits: int, folded: bool = False) -> None:
        super().__init__(44)
        self.keys, self.resource, self.field, self.bits, self.folded = keys, resource, field, bits, folded

    def tag(self, value: Any, tenant: str | None) -> Tag | None:
        """The entry of a value of a tenant."""
        return self.keys.tag(value, FieldContext(self.resource, self.field, tenant), self.bits, folded=self.folded)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """An entry, or that of a value that is sought; nothing in clear. Raises ValueError."""
        if value is None or isinstance(value, Tag):
            return value
        if isinstance(value, Sought):
            return self.tag(value.value, value.tenant)
        raise ValueError(NO_PLACE)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """The entry."""
        return None if value is None else Tag(value)

    def coerce_compared_value(self, op: Any, value: Any) -> Any:
        """What it is compared with is of this type too."""
        return self


def bind(model: type, *, id: str, owner: str | None = None, tenant: str | None = None) -> None:  # noqa: A002 - its name
    """Tie the encrypted columns of a mapped class to its objects."""
    found: dict[str, tuple[Encrypted, Place]] = {
        attribute.key: (kind, Place(kind.resource, kind.field, id, owner, tenant))
        for attribute in _columns(model)
        if isinstance(kind := attribute.columns[0].type, Encrypted)
    }
    indexes = [
        (attribute.key, index, name, place)
        for attribute in _columns(model)
        if isinstance(index := attribute.columns[0].type, Indexed)
        for name, (kind, place) in found.items()
        if (kind.resource, kind.field) == (index.resource, index.field)
    ]

    def load(target: Any, context: Any, attributes: Any = None) -> None:
        for name, (kind, place) in found.items():
            text = target.__dict__.get(name)
            if isinstance(text, Record):
                set_committed_value(target, name, kind.keys.open(text, place.of(target)))

    def before(mapper: Any, connection: Any, target: Any) -> None:
        record, held = fresh_record(), {}
        changed = {name for name in found if inspected(target).attrs[name].history.has_changes()}
        changed |= _rebound(target, place_of)
        for at, index, name, place in indexes:
            if name in changed or getattr(target, at) is None:
                setattr(target, at, index.tag(getattr(target, name), place.of(target).tenant))
        for name in changed:
            kind, place = found[name]
            value = getattr(target, name)
            if value is None or isinstance(value, Record):
                continue
            context = place.of(target)
            held[name] = value
            sealed = kind.keys.seek(value, context) if kind.searchable else kind.keys.seal(value, context, record)
            setattr(target, name, sealed)
        if held:
            session = inspected(target).session
            session.info.setdefault(_HELD, []).append((target, held))

    def first(target: Any, value: Any, old: Any, initiator: Any) -> None:
        """Open what is sealed for the former owner or tenant, while the object still says who that is."""
        if inspected(target).persistent:
            for name in found:
                getattr(target, name)

    for named in {owner, tenant} - {None}:
        event.listen(getattr(model, str(named)), "set", first, active_history=True, propagate=True)
    place_of = {name: place for name, (kind, place) in found.items()}
    event.listen(model, "load", load, propagate=True)
    event.listen(model, "refresh", load, propagate=True)
    event.listen(model, "before_insert", before, propagate=True)
    event.listen(model, "before_update", before, propagate=True)


def _columns(model: type) -> Any:
    return inspected(model).column_attrs


def _rebound(target: Any, places: dict[str, Place]) -> set[str]:
    """The fields that have to be sealed anew, since what they are bound to changes: the owner or the tenant."""
    attributes = inspected(target).attrs
    if not inspected(target).persistent:
        return set()
    return {
        name
        for name, place in places.items()
        if any(n and attributes[n].history.has_changes() for n in (place.owner, place.tenant))
    }


def _restore(session: Session, *_: Any) -> None:
    """Give the objects their plain values back, once the statements were sent or the flush has failed."""
    for target, held in session.info.pop(_HELD, ()):
        for name, value in held.items():
            target.__dict__[name] = value


event.listen(Session, "after_flush", _restore)
event.listen(Session, "after_soft_rollback", _restore)
