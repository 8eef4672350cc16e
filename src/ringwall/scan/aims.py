"""Kinds of object, and operations as something to test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringwall.contract.model import Field, Operation


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of object. `ids` are the properties that may name one, likeliest first."""

    name: str
    ids: tuple[str, ...]
    owner: str | None = None
    tenant: str | None = None
    fields: Mapping[str, Field] | None = None

    @property
    def person(self) -> bool:
        """Whether its objects are the accounts themselves: what names one is what owns it."""
        return self.owner is not None and self.owner == self.ids[0]


@dataclass(frozen=True, slots=True)
class Aim:
    """An operation to test. `slots` are the path parameters that name objects, with their kinds, outermost first;
    `public` whether it needs no credential (None: nothing says); `held` whether its name speaks of harm to all."""

    op: Operation
    kind: str | None
    slots: tuple[tuple[str, str], ...]
    public: bool | None
    held: bool

    @property
    def key(self) -> str:
        """As the contract names it."""
        return self.op.key

    @property
    def method(self) -> str:
        """The HTTP method."""
        return self.op.api.method

    @property
    def path(self) -> str:
        """The whole template."""
        return self.op.base_path + self.op.api.path

    @property
    def item(self) -> bool:
        """Whether its path ends with the one object that it acts on."""
        return bool(self.slots) and self.path.endswith(f"{{{self.slots[-1][0]}}}") and self.slots[-1][1] == self.kind

    @property
    def asked(self) -> bool:
        """Whether a query parameter names the one object that it acts on."""
        return bool(self.slots) and f"{{{self.slots[-1][0]}}}" not in self.path

    @property
    def stated(self) -> tuple[str, ...] | None:
        """Who is allowed, in the contract's words; None where no contract says."""
        return self.op.rule.allow if self.op.rule else None
