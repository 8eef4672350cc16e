"""The rows of a resource that a caller may touch, as a database can tell: by owner, by tenant, by the rule's words.

It reads the same contract as authorization, but acts on the statement: on the row that is read, whatever was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from ringwall.contract.bind import plurals
from ringwall.contract.model import CREATOR, Operation, Resource
from ringwall.core.confine import Cell, Rows
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON
from ringwall.engines.policy import EVERYWHERE, name_of

_MARK = re.compile(r"[^a-z0-9]")
NOBODY = Principal("", frozenset(), "claimed")


@dataclass(frozen=True, slots=True)
class _Named:
    """A resource of an operation: the path parameter that names one (None: it is not named there)."""

    resource: Resource
    names: frozenset[str]
    param: str | None


def rows_of(operation: Operation, resources: Mapping[str, Resource]) -> Callable[[Known], tuple[Rows, ...]] | None:
    """What tells the rows; None where the operation is anyone's, or about no resource."""
    allowed = frozenset(operation.rule.allow) if operation.rule else frozenset[str]()
    filtered = operation.rule.filter if operation.rule else None
    if "anyone" in allowed and filtered is None:
        return None
    spoken = [_Named(resources[name], _names(resources[name]), param) for param, name in operation.objects]
    main = operation.resource
    if main is not None and not any(named.resource is main for named in spoken):
        spoken.append(_Named(main, _names(main), None))
    if not spoken:
        return None

    def rows(known: Known) -> tuple[Rows, ...]:
        principal = known.principal or NOBODY
        found = []
        for named in spoken:
            resource = named.resource
            any_of, by = _filtered(resource, filtered, principal, allowed) if resource is main and filtered else (
                _allowed(resource, principal, allowed)
            )  # fmt: skip
            if resource.owner is not None and _owners_alone(resource, known, principal):
                any_of, by = ((resource.owner, principal.subject),), resource.owner
            lists = resource is main and filtered is not None
            ids: tuple[Cell, ...] | None = None
            if not lists:
                value = known.params.get(named.param) if named.param is not None else None
                ids = ((resource.id, value),) if value is not None else ()
            closed = resource is main and not _let_in(principal, allowed)
            found.append(Rows(named.names, any_of, ids, closed, _barred(resource, known, principal, allowed), by))
        return tuple(found)

    return rows


def _let_in(principal: Principal, allowed: frozenset[str]) -> bool:
    """Whether a word of the rule could let the caller in at all."""
    return bool(allowed & {"anyone", "owner", "member"}) or not principal.words.isdisjoint(allowed)


def _names(resource: Resource) -> frozenset[str]:
    named = (resource.model,) if resource.model else (resource.name, resource.schema)
    words = {_MARK.sub("", name.lower()) for name in named if name}
    return frozenset(words | {plural for word in words for plural in plurals(word)})


def _filtered(
    resource: Resource, wanted: str, principal: Principal, allowed: frozenset[str]
) -> tuple[tuple[Cell, ...] | None, str]:
    """The rows of a filtered list: the caller's own, or its tenant's; none for whom no word of the rule lets in."""
    if not _let_in(principal, allowed):
        return (), "the rule"
    column, value = (resource.owner, principal.subject) if wanted == "owner" else (resource.tenant, principal.tenant)
    if not _is_column(column) or (wanted == "tenant" and value == EVERYWHERE):
        return None, ""
    return ((column, value),) if value else (), column


def _allowed(resource: Resource, principal: Principal, allowed: frozenset[str]) -> tuple[tuple[Cell, ...] | None, str]:
    """The rows that `allow` opens. What no column tells (who made it) is not confined here."""
    by_role = not principal.words.isdisjoint(allowed)
    if principal.tenant == EVERYWHERE and (by_role or "member" in allowed):
        return None, ""
    if by_role and (resource.tenant is None or not _is_column(resource.tenant)):
        return None, ""
    told = [(resource.owner, "owner" in allowed), (resource.tenant, "member" in allowed)]
    if any(counts and name is not None and not _is_column(name) for name, counts in told):
        return None, ""
    if "owner" in allowed and resource.claim is not None:
        return None, ""
    cells: list[Cell] = []
    if "owner" in allowed and resource.owner is not None and principal.subject:
        cells.append((resource.owner, principal.subject))
    if (by_role or "member" in allowed) and _is_column(resource.tenant) and principal.tenant:
        cells.append((resource.tenant, principal.tenant))
    if not cells and resource.owner is None and resource.tenant is None and allowed & {"owner", "member"}:
        return None, ""
    return tuple(cells), " or ".join(column for column, _ in cells) or "the rule"


def _is_column(name: str | None) -> TypeGuard[str]:
    """Whether a property can be a column: who made a thing, or what another one beside it says, is not."""
    return name is not None and name != CREATOR and "." not in name


def _barred(resource: Resource, known: Known, principal: Principal, allowed: frozenset[str]) -> frozenset[str]:
    """Properties that the request states and that no word which its caller could have to any object lets it write; and
    the owner and the tenant where it states another's, though no role of the rule lets it."""
    if known.input is None or known.input.body is None:
        return frozenset()
    words = principal.words | {"owner", "member", "anyone"}
    stated = _stated(known.input.body)
    closed = {f.name for f in resource.fields.values() if f.write is not None and words.isdisjoint(f.write)}
    barred = closed & stated.keys()
    if principal.words.isdisjoint(allowed) and stated.get(resource.owner, set()) - {principal.subject}:
        barred.add(resource.owner or "")
    if principal.tenant != EVERYWHERE and stated.get(resource.tenant, set()) - {principal.tenant}:
        barred.add(resource.tenant or "")
    return frozenset(barred)


def _owners_alone(resource: Resource, known: Known, principal: Principal) -> bool:
    """Whether the request states a property that the caller may write only as the object's owner: then the row has to
    be the caller's own, whoever else may touch it."""
    if resource.owner == CREATOR or known.input is None or known.input.body is None or not principal.subject:
        return False
    mine = {f.name for f in resource.fields.values() if f.write is not None and "owner" in f.write
            and principal.words.isdisjoint(f.write)}  # fmt: skip
    return not mine.isdisjoint(_stated(known.input.body))


def _stated(value: JSON) -> dict[str | None, set[str | None]]:
    """Every name of a property in a body, with what it is to hold; of a JSON Patch, what its pointers lead to."""
    found: dict[str | None, set[str | None]] = {}
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            for name, below in here.items():
                found.setdefault(name, set()).add(name_of(below))
            path = here.get("path")
            if isinstance(path, str):
                found.setdefault(path.rpartition("/")[2], set()).add(name_of(here.get("value")))
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
    return found
