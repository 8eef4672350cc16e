"""A Django model field whose values are ciphertext in the database and plain in the application's objects.

    diagnosis = EncryptedField(keys, "patient", owner="account_id", tenant="clinic_id")

A value is opened when it is first looked at, and sealed for its object when that is saved. Before an object is given to
another owner its encrypted values have to be looked at: they open for the old one alone.

    email_index = IndexField(keys, "patient", of="email", bits=12, tenant="clinic_id")

is a blind index beside a field that is encrypted: `filter(email_index=equal_to(value, tenant))` finds that value, and
some others that share its entry.
"""

from __future__ import annotations

from typing import Any

from django.db import models  # type: ignore[import-untyped]
from django.db.models.query_utils import DeferredAttribute  # type: ignore[import-untyped]

from ringwall.adapters.encrypted import NO_PLACE, Keys, Place, Record, Sought, Tag, equal_to
from ringwall.engines.crypto.fields import FieldContext

__all__ = ["EncryptedField", "IndexField", "Keys", "equal_to"]


_LOOKUPS = frozenset({"exact", "in", "isnull"})


class _Opening(DeferredAttribute):  # type: ignore[misc] # Django has no type information
    """Opens what was read when it is first asked for."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        if instance is not None and isinstance(value, Record):
            value = self.field.keys.open(value, self.field.place.of(instance))
            instance.__dict__[self.field.attname] = value
        return value

    def __set__(self, instance: Any, value: Any) -> None:
        """With a setter it is asked for values that are there, too."""
        instance.__dict__[self.field.attname] = value


class EncryptedField(models.TextField):  # type: ignore[misc] # Django has no type information
    """Ciphertext in the database. `owner`, `tenant` and `identity` name the attributes that an object's owner, tenant
    and id are in; `searchable` values are found by equality: `filter(email=equal_to(value, tenant))`."""

    descriptor_class = _Opening

    def __init__(
        self,
        keys: Keys | None = None,
        resource: str = "",
        *args: Any,
        owner: str | None = None,
        tenant: str | None = None,
        identity: str = "pk",
        searchable: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.keys, self.resource, self.owner, self.tenant = keys, resource, owner, tenant
        self.identity, self.searchable = identity, searchable

    @property
    def place(self) -> Place:
        """Where its values lie."""
        return Place(self.resource, self.name, self.identity, self.owner, self.tenant)

    def deconstruct(self) -> Any:
        """For migrations, which need no keys."""
        name, path, args, kwargs = super().deconstruct()
        stated = {"resource": self.resource, "owner": self.owner, "tenant": self.tenant, "searchable": self.searchable}
        return name, path, args, {**kwargs, **{key: value for key, value in stated.items() if value}}

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The stored text."""
        return None if value is None else Record(value)

    def to_python(self, value: Any) -> Any:
        """A value as it is: it may be of any kind that JSON has."""
        return value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """The value sealed for its object. One that never was looked at is opened first: its object may have another
        owner now."""
        value = getattr(model_instance, self.attname)
        if value is None or self.keys is None:
            return value
        context = self.place.of(model_instance)
        return self.keys.seek(value, context) if self.searchable else self.keys.seal(value, context)

    def get_prep_value(self, value: Any) -> Any:
        """A record, or one that is sought; nothing in clear. Raises ValueError."""
        if value is None or isinstance(value, Record):
            return None if value is None else str(value)
        if isinstance(value, Sought) and self.searchable and self.keys is not None:
            return str(self.keys.seek(value.value, FieldContext(self.resource, self.name, value.tenant)))
        raise ValueError(NO_PLACE)

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality and absence alone: other lookups would send a part of a value in clear. Raises ValueError."""
        if lookup_name not in _LOOKUPS:
            raise ValueError(NO_PLACE)
        return super().get_lookup(lookup_name)


class IndexField(models.CharField):  # type: ignore[misc] # Django has no type information
    """A blind index of so many bits (8 to 256) of the encrypted field `of`; `folded` makes it blind to case. It is
    filled in as an object is saved: `update_fields` has to name both."""

    def __init__(
        self,
        keys: Keys | None = None,
        resource: str = "",
        *args: Any,
        of: str = "",
        bits: int = 0,
        folded: bool = False,
        tenant: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **{"max_length": 44, "db_index": True, "null": True, "editable": False, **kwargs})
        self.keys, self.resource, self.of, self.bits = keys, resource, of, bits
        self.folded, self.tenant = folded, tenant

    def deconstruct(self) -> Any:
        """For migrations, which need no keys."""
        name, path, args, kwargs = super().deconstruct()
        stated = {"resource": self.resource, "of": self.of, "bits": self.bits, "folded": self.folded,
                  "tenant": self.tenant}  # fmt: skip
        return name, path, args, {**kwargs, **{key: value for key, value in stated.items() if value}}

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        """The entry of the value that the object has now."""
        tenant = getattr(model_instance, self.tenant) if self.tenant else None
        tag = self._tag(getattr(model_instance, self.of), None if tenant is None else str(tenant))
        setattr(model_instance, self.attname, tag)
        return tag

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        """The entry."""
        return None if value is None else Tag(value)

    def get_prep_value(self, value: Any) -> Any:
        """An entry, or that of a value that is sought; nothing in clear. Raises ValueError."""
        if value is None or isinstance(value, Tag):
            return None if value is None else str(value)
        if isinstance(value, Sought):
            return self._tag(value.value, value.tenant)
        raise ValueError(NO_PLACE)

    def get_lookup(self, lookup_name: str) -> Any:
        """Equality and absence alone. Raises ValueError."""
        if lookup_name not in _LOOKUPS:
            raise ValueError(NO_PLACE)
        return super().get_lookup(lookup_name)

    def _tag(self, value: Any, tenant: str | None) -> str | None:
        if self.keys is None:
            return None
        return self.keys.tag(value, FieldContext(self.resource, self.of, tenant), self.bits, folded=self.folded)
