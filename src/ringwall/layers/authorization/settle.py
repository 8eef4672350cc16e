"""Whose object is it? Asked in this order: the id is the caller, a claim of its token, memory, the application's own
resolver, the reply (reads), a probe.

A question leads to the next by continuation, so that no guard does I/O and every answer is judged by one rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from ringwall.contract.model import Resource
from ringwall.core.decode import Undecodable, path_segments
from ringwall.core.known import Known, ObjectRef, Principal, Settled
from ringwall.core.message import Response
from ringwall.core.ports import Call, OwnerOf, Ownership, ResolverOf
from ringwall.core.value import quick
from ringwall.core.verdict import Ask, Refuse, Verdict
from ringwall.engines.policy import EVERYWHERE, Relation, claim_at, name_of, object_named, relate, said
from ringwall.layers.authorization.reasons import OBJECT
from ringwall.layers.authorization.settings import Probe

Settle = Callable[[ObjectRef], Verdict]
Told = Callable[[Ownership | None, Settled], Verdict]


UNASKED: Final = object()


@quick
@dataclass(frozen=True, slots=True)
class Matter:
    """One object to settle: what it is, who asks, which words suffice, whether the reply will show it, and what memory
    has just answered where it was asked already."""

    resource: Resource
    id: str
    params: Mapping[str, str]
    allowed: frozenset[str]
    shown: bool
    memory: object = UNASKED


def settle(matter: Matter, known: Known, probe: Probe, then: Settle) -> Verdict:
    """Refuse, or go on with the object settled. Refused as not found: whoever may not see it learns nothing."""
    principal = known.principal
    if principal is None:
        return Refuse(OBJECT)
    if suffices(principal, matter):
        return then(ObjectRef(matter.resource.name, matter.id, "role", principal.words))
    if matter.resource.owner == matter.resource.id and matter.id == principal.subject:
        return _judge(matter, principal, Ownership(principal.subject, principal.tenant), "principal", then)
    if "owner" in matter.allowed and _claimed(matter, principal):
        return _judge(matter, principal, Ownership(principal.subject, None), "claim", then)

    def told(whose: Ownership | None, by: Settled) -> Verdict:
        if whose is None:
            return then(ObjectRef(matter.resource.name, matter.id, by))
        return _judge(matter, principal, whose, by, then)

    return ask_whose(matter, probe, told, principal)


def ask_whose(matter: Matter, probe: Probe, then: Told, principal: Principal | None = None) -> Verdict:
    """Ask memory, then the application's resolver, then leave it to the reply (None) or ask for the object itself;
    nobody's where none can tell. What the resolver tells of it is enough where it lets the `principal` in."""

    def remembered(answer: object) -> Verdict:
        if isinstance(answer, Ownership) and _tells(matter, answer):
            return then(answer, "memory")
        return Ask(ResolverOf(matter.resource.name), resolver)

    def resolver(answer: object) -> Verdict:
        if not callable(answer):
            return otherwise()
        return Ask(Call(lambda: answer(matter.id)), resolved)

    def resolved(answer: object) -> Verdict:
        if not isinstance(answer, Ownership):
            return otherwise()
        lets_in = principal is not None and relation(principal, matter.resource, answer).meets(matter.allowed)
        return then(answer, "resolver") if lets_in or _tells(matter, answer) else otherwise()

    def otherwise() -> Verdict:
        if matter.shown:
            return then(None, "reply")
        question = probe(matter.resource.name, matter.params) if _is_segment(matter.id) else None
        if question is None:
            return then(_NOBODYS, "probe")
        return Ask(question, lambda reply: then(_ownership(matter.resource, matter.id, reply), "probe"))

    if matter.memory is not UNASKED:
        return remembered(matter.memory)
    return Ask(OwnerOf(matter.resource.name, matter.id), remembered)


def _claimed(matter: Matter, principal: Principal) -> bool:
    """Whether the caller's token lists the object among its own."""
    if matter.resource.claim is None:
        return False
    listed = claim_at(principal.claims, matter.resource.claim)
    return matter.id in map(name_of, listed if isinstance(listed, list) else [listed])


def suffices(principal: Principal, matter: Matter) -> bool:
    """Whether a role or scope alone allows it, whoever the object belongs to: no tenant stands in between."""
    confined = matter.resource.tenant is not None and principal.tenant != EVERYWHERE
    return not confined and not principal.words.isdisjoint(matter.allowed)


def relation(principal: Principal, resource: Resource, ownership: Ownership) -> Relation:
    """What the caller is to an object of this owner and tenant."""
    return relate(
        principal.subject,
        principal.words,
        principal.tenant,
        owner=ownership.owner,
        home=ownership.tenant,
        confined=resource.tenant is not None,
    )


def _judge(matter: Matter, principal: Principal, whose: Ownership, settled: Settled, then: Settle) -> Verdict:
    found = relation(principal, matter.resource, whose)
    if not found.meets(matter.allowed):
        return Refuse(OBJECT, detail=f"settled by {settled}")
    return then(ObjectRef(matter.resource.name, matter.id, settled, found.words, whose.owner, whose.tenant))


def _tells(matter: Matter, whose: Ownership) -> bool:
    """Whether memory holds all that the resource says there is to know."""
    resource = matter.resource
    return (resource.owner is None or whose.owner is not None) and (resource.tenant is None or whose.tenant is not None)


def _ownership(resource: Resource, object_id: str, reply: object) -> Ownership:
    """Owner and tenant as the application's own reply names them; nobody's where it does not, or names another."""
    found = object_in(resource, object_id, reply)
    return Ownership(name_of(said(found, resource.owner)), name_of(said(found, resource.tenant)))


def object_in(resource: Resource, object_id: str, reply: object) -> Mapping[str, object]:
    """The object of this id in a reply: the document itself, or the one member of it that is (`{"data": {…}}`)."""
    if not isinstance(reply, Response) or reply.status != 200 or not reply.body:
        return {}
    return object_named(reply.body, resource.id, object_id)


def _is_segment(object_id: str) -> bool:
    """Whether an id can stand in a path as it is: with dots and slashes the application would read elsewhere."""
    try:
        return path_segments(f"/{quote(object_id, safe='')}".encode()) == (object_id,) and object_id != ""
    except (Undecodable, UnicodeEncodeError):
        return False


_NOBODYS = Ownership(None, None)
