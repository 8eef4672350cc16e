"""Asking for what is stored: a query for a searchable field's value becomes a query for its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ringwall.contract.model import Operation, Resource
from ringwall.core.known import Known
from ringwall.core.message import JSON, Head, QueryPair, Request
from ringwall.core.plan import BodyCheck
from ringwall.core.ports import Place, Seal
from ringwall.core.verdict import PASS, Ask, Rewritten, Verdict


def findable(resource: Resource, name: str, tenant: str | None, known: Known) -> Place:
    """Where a value belongs that is to be found by equality: to its field and, where there are tenants, to one: the
    object's as it says, else the caller's."""
    caller = known.principal.tenant if known.principal else None
    return Place(resource.name, name, (tenant or caller) if resource.tenant else None, None, None, equal=True)


def seek(operation: Operation) -> BodyCheck | None:
    """A query parameter with the name of a searchable field of the operation's resource asks for what is stored."""
    resource = operation.resource
    if resource is None:
        return None
    declared = {parameter.name for parameter in operation.api.parameters if parameter.where == "query"}
    names = [f.name for f in resource.fields.values() if f.encrypt == "searchable" and f.name in declared]
    if not names:
        return None

    def check(request: Request, known: Known) -> Verdict:
        found = [(at, name, value) for name in names for at, value in _asked_for(request.head, known, name)]
        if not found:
            return PASS

        def sealed(answer: object) -> Verdict:
            texts = answer if isinstance(answer, tuple) else ()
            stored = {at: text for (at, _, _), text in zip(found, texts, strict=True)}
            return Rewritten(
                Request(_asking(request.head, stored), request.headers, request.body),
                f"{len(found)} query values encrypted",
            )

        return Ask(Seal(tuple((value, findable(resource, name, None, known)) for _, name, value in found)), sealed)

    return check


def _asked_for(head: Head, known: Known, name: str) -> list[tuple[int, JSON]]:
    """The places of a parameter in the query, each with its typed value."""
    places = [at for at, pair in enumerate(head.query) if pair.name == name]
    given = known.input.query.get(name) if known.input else None
    values = given if isinstance(given, list) else [given] if given is not None else []
    return list(zip(places, values, strict=True)) if len(places) == len(values) else []


def _asking(head: Head, stored: Mapping[int, str]) -> Head:
    """The head with other query values; what is stored needs no percent-encoding."""
    path, _, query = head.target.partition(b"?")
    parts = [part for part in query.split(b"&") if part]
    pairs = list(head.query)
    for at, text in stored.items():
        parts[at] = parts[at].partition(b"=")[0] + b"=" + text.encode("ascii")
        pairs[at] = QueryPair(pairs[at].name, text, text)
    return replace(head, query=tuple(pairs), target=path + b"?" + b"&".join(parts))
