"""Effective roles: inclusion worked out, and those that demand a second factor held back without one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Roles:
    """All roles of a contract: what each includes (transitively, without itself), and which demand a second factor."""

    includes: Mapping[str, frozenset[str]]
    mfa: frozenset[str]

    def effective(self, granted: frozenset[str], *, mfa: bool) -> tuple[frozenset[str], frozenset[str]]:
        """The roles that hold, and those that a second factor would add. Unknown names hold nothing."""
        usable = frozenset(r for r in granted if r in self.includes and (mfa or r not in self.mfa))
        held = self._closure(usable, mfa=mfa)
        return held, self._closure(granted & self.includes.keys(), mfa=True) - held

    def _closure(self, roles: frozenset[str], *, mfa: bool) -> frozenset[str]:
        whole = roles.union(*(self.includes[role] for role in roles)) if roles else roles
        return whole if mfa else whole - self.mfa
