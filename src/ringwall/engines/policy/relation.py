"""The relation of a caller to an object, as the words that a contract uses: roles, `owner`, `member`, `anyone`.

A resource with a tenant confines roles to it: a role reaches only objects of the caller's own tenant, unless the
caller's tenant is `EVERYWHERE`. What is unknown counts as foreign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EVERYWHERE: Final = "*"


@dataclass(frozen=True, slots=True)
class Relation:
    """What a caller is to an object: `words` that hold, and whether the object's tenant keeps it out."""

    words: frozenset[str]
    foreign: bool

    def meets(self, allowed: frozenset[str]) -> bool:
        """Whether one of the allowed words holds."""
        return not self.words.isdisjoint(allowed)


_OWNER = frozenset({"owner"})
_MEMBER = frozenset({"member"})
_ANYONE = frozenset({"anyone"})


def relate(
    subject: str, roles: frozenset[str], tenant: str | None, *, owner: str | None, home: str | None, confined: bool
) -> Relation:
    """Relate a caller (subject, effective roles, tenant) to an object (its owner, its tenant `home`).

    `confined` says that the object's resource has tenants. An owner stays one across tenants; roles do not reach.
    """
    owns = bool(subject) and owner == subject
    inside = tenant == EVERYWHERE or (bool(home) and home == tenant)
    known = _RELATIONS.get((roles, owns, inside, confined))
    return known if known is not None else _related(roles, owns=owns, inside=inside, confined=confined)


_RELATIONS: Final[dict[tuple[frozenset[str], bool, bool, bool], Relation]] = {}
"""What was worked out before: of a set of roles there are eight relations, and few sets of roles."""
_MANY: Final = 4096


def _related(roles: frozenset[str], *, owns: bool, inside: bool, confined: bool) -> Relation:
    foreign = confined and not inside
    words = _ANYONE if foreign else roles | _ANYONE
    if owns:
        words |= _OWNER
    if inside:
        words |= _MEMBER
    made = Relation(words, foreign and not owns)
    if len(_RELATIONS) >= _MANY:
        _RELATIONS.clear()
    _RELATIONS[roles, owns, inside, confined] = made
    return made
