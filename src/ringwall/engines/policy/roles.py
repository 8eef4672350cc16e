"""Effective roles: inclusion worked out, those that demand a second factor held back without one, and roles that
nobody may hold together taken from whoever has both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Held(NamedTuple):
    """The roles that hold, those that a second factor would add, and those that separation of duties takes away."""

    roles: frozenset[str]
    pending: frozenset[str]
    barred: frozenset[str]


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles of a contract: what each includes (transitively, without itself), which demand a second factor, what
    each includes by way of none that does (`plain`; None: what it includes, without those that do), the roles that
    the groups of an organisation bring, and sets of roles that nobody may hold together."""

    includes: Mapping[str, frozenset[str]]
    mfa: frozenset[str]
    plain: Mapping[str, frozenset[str]] | None = None
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    never: tuple[frozenset[str], ...] = ()

    def effective(self, granted: frozenset[str], *, mfa: bool) -> tuple[frozenset[str], frozenset[str]]:
        """The roles that hold, and those that a second factor would add. Unknown names hold nothing."""
        known = granted.intersection(self.includes)
        every = self._closure(known, self.includes)
        if mfa or not self.mfa:
            return every, frozenset()
        held = self._closure(known - self.mfa, self.includes if self.plain is None else self.plain) - self.mfa
        return held, every - held

    def held(self, granted: frozenset[str], *, mfa: bool) -> Held:
        """The same, after separation of duties: who has two roles that nobody may hold together, a second factor or
        not, has neither, nor any role that brings one of them."""
        known = granted.intersection(self.includes)
        clashing = self.clashing(known)
        left = frozenset(role for role in known if clashing.isdisjoint(self._closure(frozenset({role}), self.includes)))
        roles, pending = self.effective(left, mfa=mfa)
        return Held(roles, pending, self._closure(known, self.includes) - roles - pending if clashing else frozenset())

    def clashing(self, granted: Iterable[str]) -> frozenset[str]:
        """The roles among these, and what they include, that nobody may hold together; empty where all is well."""
        every = self._closure(frozenset(granted).intersection(self.includes), self.includes)
        return frozenset().union(*(every & apart for apart in self.never if len(every & apart) > 1))

    def of_groups(self, groups: Iterable[str]) -> frozenset[str]:
        """The roles that these groups bring."""
        return frozenset().union(*(self.groups.get(group, frozenset()) for group in groups))

    @staticmethod
    def _closure(roles: frozenset[str], includes: Mapping[str, frozenset[str]]) -> frozenset[str]:
        return roles.union(*(includes[role] for role in roles)) if roles else roles
