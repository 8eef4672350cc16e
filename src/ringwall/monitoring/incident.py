"""An incident, assembled from the journal: when, who, what was reached and of whom, and what stopped it.

What a breach notice asks for (GDPR Art. 33 and 34, HIPAA 45 CFR 164.404 and 164.410): the subjects and the kinds of
data concerned, how many, the time, and the measures taken. It reads and decides nothing; what it cannot know it says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ringwall.contract.model import Contract, Resource
from ringwall.core.ports import Ownership

Record = Mapping[str, Any]
OwnerOf = Callable[[str, str], Ownership | None]

MOST: Final = 5000
CAVEAT: Final = (
    "Objects are those that the journal names; of a list it names at most 400 in each reply. Fields are those that the "
    "contract lets such a caller read, or that an allowed write could set: an upper bound of what was seen."
)


@dataclass(frozen=True, slots=True)
class Moment:
    """One step: when, what kind of record, who asked for what, and how it ended."""

    at: str
    kind: str
    id: str
    principal: str | None
    client: str | None
    operation: str | None
    decision: str | None
    status: int
    reason: str | None
    detail: str
    objects: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "at": self.at, "kind": self.kind, "id": self.id, "principal": self.principal, "client": self.client,
            "operation": self.operation, "decision": self.decision, "status": self.status, "reason": self.reason,
            "detail": self.detail, "objects": list(self.objects),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Reached:
    """An object that an allowed request reached: whose it is, as far as that is known, how often and how."""

    resource: str
    id: str
    owner: str | None
    tenant: str | None
    reads: int
    writes: int

    def document(self) -> dict[str, object]:
        """As JSON has it."""
        return {
            "resource": self.resource, "id": self.id, "owner": self.owner, "tenant": self.tenant, "reads": self.reads,
            "writes": self.writes,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Incident:
    """Everything about one request, principal or alert. `fields` are `resource.field` with the class of data;
    `stopped` are reasons of refusals and actions taken, with how often."""

    subject: str
    kind: str
    first: str
    last: str
    timeline: tuple[Moment, ...]
    truncated: bool
    principals: tuple[str, ...]
    addresses: tuple[str, ...]
    allowed: int
    refused: int
    reached: tuple[Reached, ...]
    subjects: tuple[str, ...]
    unknown_owners: int
    fields: tuple[tuple[str, str], ...]
    stopped: tuple[tuple[str, int], ...]
    measures: tuple[Moment, ...]

    def document(self) -> dict[str, object]:
        """As `ringwall incident --json` prints it."""
        return {
            "subject": self.subject, "kind": self.kind, "first": self.first, "last": self.last,
            "principals": list(self.principals), "addresses": list(self.addresses), "allowed": self.allowed,
            "refused": self.refused,
            "reached": {
                "objects": [each.document() for each in self.reached], "subjects": list(self.subjects),
                "objects_of_unknown_owner": self.unknown_owners,
                "fields": [{"field": name, "class": kind} for name, kind in self.fields], "note": CAVEAT,
            },
            "stopped": [{"reason": reason, "times": times} for reason, times in self.stopped],
            "measures": [each.document() for each in self.measures],
            "timeline": [each.document() for each in self.timeline], "truncated": self.truncated,
        }  # fmt: skip


def assemble(
    subject: str, kind: str, records: Iterable[Record], owner_of: OwnerOf, contract: Contract | None
) -> Incident:
    """The incident that records tell of, in any order; `kind` is `request`, `principal` or `alert`."""
    every = sorted(records, key=lambda record: str(record.get("at")))
    kept = every[:MOST]
    exchanges = [record for record in kept if str(record.get("kind")).startswith("exchange")]
    allowed = [record for record in exchanges if record.get("decision") != "refuse"]
    refused = [record for record in exchanges if record.get("decision") == "refuse"]
    reached = _reached(allowed, owner_of)
    owners = sorted({each.owner for each in reached if each.owner})
    return Incident(
        subject=subject,
        kind=kind,
        first=str(kept[0].get("at")) if kept else "",
        last=str(kept[-1].get("at")) if kept else "",
        timeline=tuple(map(_moment, kept)),
        truncated=len(every) > MOST,
        principals=_values(exchanges, "principal"),
        addresses=_values(kept, "client"),
        allowed=len(allowed),
        refused=len(refused),
        reached=reached,
        subjects=tuple(owners),
        unknown_owners=sum(each.owner is None for each in reached),
        fields=tuple(_fields(allowed, contract)) if contract is not None else (),
        stopped=tuple(Counter(str(r.get("reason")) for r in refused).most_common()),
        measures=tuple(_moment(r) for r in kept if r.get("kind") in ("response", "admin")),
    )


def _moment(record: Record) -> Moment:
    objects = record.get("objects")
    status = record.get("status")
    return Moment(
        at=str(record.get("at", "")),
        kind=str(record.get("kind", "")),
        id=str(record.get("id", "")),
        principal=_text(record.get("principal")),
        client=_text(record.get("client")),
        operation=_text(record.get("operation")),
        decision=_text(record.get("decision")),
        status=status if isinstance(status, int) else 0,
        reason=_text(record.get("reason")),
        detail=str(record.get("explanation") or record.get("detail") or ""),
        objects=tuple(map(str, objects)) if isinstance(objects, list) else (),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _values(records: list[Record], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(str(record[name]) for record in records if record.get(name)))


def _reached(allowed: list[Record], owner_of: OwnerOf) -> tuple[Reached, ...]:
    reads: Counter[str] = Counter()
    writes: Counter[str] = Counter()
    for record in allowed:
        objects = record.get("objects")
        counted = reads if record.get("method") in ("GET", "HEAD") else writes
        counted.update(map(str, objects if isinstance(objects, list) else ()))
    found = []
    for each in dict.fromkeys((*reads, *writes)):
        resource, _, identity = each.partition(":")
        whose = owner_of(resource, identity)
        found.append(
            Reached(
                resource,
                identity,
                whose.owner if whose else None,
                whose.tenant if whose else None,
                reads[each],
                writes[each],
            )
        )
    return tuple(found)


def _fields(allowed: list[Record], contract: Contract) -> Iterable[tuple[str, str]]:
    """The fields of the resources reached that such a caller may see."""
    who: dict[str, set[str]] = {}
    for record in allowed:
        roles = record.get("roles")
        for each in record.get("objects") or ():
            who.setdefault(str(each).partition(":")[0], set()).update(
                _effective(roles if isinstance(roles, list) else [], contract)
            )
    for name in sorted(who):
        resource = contract.resources.get(name)
        if resource is not None:
            yield from _of(resource, who[name], contract)


def _effective(roles: list[str], contract: Contract) -> set[str]:
    included = {each for role in roles if role in contract.roles for each in contract.roles[role].includes}
    return {*roles, *included, "owner", "member", "anyone"}


def _of(resource: Resource, words: set[str], contract: Contract) -> Iterable[tuple[str, str]]:
    schema = contract.api.schemas.get(resource.schema or "")
    stated = schema.get("properties") if isinstance(schema, Mapping) else None
    plain = [name for name in (stated if isinstance(stated, Mapping) else ()) if name not in resource.fields]
    for name, field in resource.fields.items():
        if field.read is None or not field.read.isdisjoint(words):
            yield f"{resource.name}.{name}", field.data_class
    yield from ((f"{resource.name}.{name}", "unclassified") for name in plain)
