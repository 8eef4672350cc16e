"""What a contract lets whom do: a role's effective permissions, and who may do one thing to one object.

It reads the contract by the words that the guards compile, and decides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from ringwall.build.settings import roles_of
from ringwall.contract.model import Contract, Field, Operation
from ringwall.core.ports import Ownership
from ringwall.engines.policy import relate

RELATIONS = frozenset({"owner", "member", "anyone"})


@dataclass(frozen=True, slots=True)
class Permission:
    """One operation that a role opens: by which word of `allow`, within which bounds, and where that stands."""

    operation: str
    by: str
    bounds: tuple[str, ...]
    at: str


@dataclass(frozen=True, slots=True)
class Access:
    """One property with a rule of its own: whether the role reads and writes it ("masked": in part)."""

    resource: str
    field: str
    read: str
    write: str
    at: str


@dataclass(frozen=True, slots=True)
class Effective:
    """Everything that a role may do."""

    role: str
    includes: tuple[str, ...]
    mfa: bool
    groups: tuple[str, ...]
    operations: tuple[Permission, ...]
    fields: tuple[Access, ...]

    def document(self) -> dict[str, object]:
        """As `roles show --json` prints it."""
        return asdict(self)


def effective(contract: Contract, role: str) -> Effective:
    """A role's operations and properties, what it includes counted in. Raises KeyError."""
    stated = contract.roles[role]
    held = {role, *stated.includes}
    return Effective(
        role,
        tuple(sorted(stated.includes)),
        stated.mfa,
        stated.groups,
        tuple(_opened(contract, held)),
        tuple(_accesses(contract, held)),
    )


def _opened(contract: Contract, held: set[str]) -> Iterator[Permission]:
    for operation in contract.operations:
        rule = operation.rule
        words = [word for word in (rule.allow if rule else ()) if word in held or word == "anyone"]
        if rule is not None and words and operation.api.flaw is None:
            yield Permission(operation.key, words[0], tuple(bounds(operation, words[0], contract)), str(rule.at))


def bounds(operation: Operation, word: str, contract: Contract) -> Iterator[str]:
    """What narrows an operation for whom a word lets in, a few words each."""
    rule, resource = operation.rule, operation.resource
    spoken = [contract.resources[name] for _, name in operation.objects] + ([resource] if resource else [])
    if any(each.tenant for each in spoken) and word not in RELATIONS:
        yield "in its own tenant"
    if rule is not None and rule.filter is not None:
        yield "its own" if rule.filter == "owner" else "its tenant's"
    if rule is not None and rule.when is not None:
        yield "under conditions"
    if rule is not None and rule.policy:
        yield "as the policies permit"


def _accesses(contract: Contract, held: set[str]) -> Iterator[Access]:
    for resource in contract.resources.values():
        for field in resource.fields.values():
            if field.read is not None or field.write is not None:
                yield Access(
                    resource.name, field.name, _reads(field, held), _said(field.write, held), str(field.at)
                )  # fmt: skip


def _reads(field: Field, held: set[str]) -> str:
    said = _said(field.read, held)
    return "masked" if said == "no" and field.mask else said


def _said(words: frozenset[str] | None, held: set[str]) -> str:
    if words is None or words & (held | {"anyone"}):
        return "yes"
    return "its own" if words & {"owner", "member"} else "no"


@dataclass(frozen=True, slots=True)
class Way:
    """One way in: `who` (a role, a scope, the owner's subject …), within which bounds, and by which word."""

    who: str
    by: str
    bounds: tuple[str, ...]


def ways(operation: Operation, contract: Contract, whose: Mapping[str, Ownership]) -> tuple[Way, ...]:
    """Who may call an operation; `whose` is what is known of objects that it names, by resource."""
    rule = operation.rule
    if rule is None or operation.api.flaw is not None:
        return ()
    return tuple(way for word in rule.allow for way in _by(word, operation, contract, whose))


def _by(word: str, operation: Operation, contract: Contract, whose: Mapping[str, Ownership]) -> Iterator[Way]:
    narrowed = tuple(bounds(operation, word, contract))
    tenants = tuple(
        f"of the tenant {o.tenant}" for name, o in whose.items() if o.tenant and contract.resources[name].tenant
    )
    if word in contract.roles:
        for name, role in contract.roles.items():
            if name == word or word in role.includes:
                factor = ("with a second factor",) if _demands(name, word, contract) else ()
                yield Way(f"role {name}", word, (*(tenants or narrowed), *factor))
    elif word == "owner":
        owners = [o.owner for o in whose.values() if o.owner]
        yield from (Way(f"subject {owner}", word, narrowed) for owner in dict.fromkeys(owners))
        if not owners:
            yield Way("whoever owns it", word, narrowed)
    elif word == "member":
        yield Way("everyone" if tenants else "everyone of its tenant", word, tenants or narrowed)
    else:
        yield Way({"anyone": "anyone"}.get(word, word.replace(":", " ", 1)), word, tenants or narrowed)


def _demands(name: str, word: str, contract: Contract) -> bool:
    """Whether a holder of a role gets a word only with a second factor."""
    held, _ = roles_of(contract).effective(frozenset({name}), mfa=False)
    return word not in held


@dataclass(frozen=True, slots=True)
class Holder:
    """Someone whom the store knows: a subject, by which name, with which roles as granted, of which tenant."""

    subject: str
    name: str
    roles: frozenset[str]
    tenant: str | None
    scopes: frozenset[str] = frozenset()


def may(holder: Holder, operation: Operation, contract: Contract, whose: Mapping[str, Ownership]) -> str | None:
    """The word by which someone may do it, as if signed in with a second factor; None where nothing lets them.

    Objects of which nothing is known count as foreign, as they do for the guards."""
    allowed = frozenset(operation.rule.allow) if operation.rule and operation.api.flaw is None else frozenset[str]()
    if "anyone" in allowed:
        return "anyone"
    held = roles_of(contract).held(holder.roles, mfa=True).roles | {f"scope:{s}" for s in holder.scopes}
    named = [contract.resources[name] for _, name in operation.objects]
    judged = [r for r in named if r.owner or r.tenant]
    if not judged:
        found = held & allowed
        by_object = allowed & {"owner", "member"} if operation.resource else frozenset[str]()
        return min(found or by_object, default=None)
    words: frozenset[str] | None = None
    for resource in judged:
        known = whose.get(resource.name, Ownership(None, None))
        relation = relate(holder.subject, held, holder.tenant, owner=known.owner, home=known.tenant,
                          confined=resource.tenant is not None)  # fmt: skip
        words = relation.words & allowed if words is None else words if relation.meets(allowed) else frozenset()
    return min(words or frozenset[str](), default=None)
