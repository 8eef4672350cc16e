"""Encryption at the API's edge (vault mode): fields with `encrypt:` are ciphertext for the application, and plain only
to those who may read them. It judges who may by itself, so that it stands where disclosure has been fooled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace

import orjson

from ringwall.contract.model import Field, Operation, Resource
from ringwall.core.known import Known, Principal
from ringwall.core.message import JSON, Head, QueryPair, Request, Response
from ringwall.core.plan import BodyCheck, Guard, Guards, ReplyCheck
from ringwall.core.ports import Opened, Place, Seal, Unopened, Unseal
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Ask, Refuse, Rewritten, Verdict
from ringwall.engines.crypto.fields import is_record
from ringwall.engines.crypto.flaws import CryptoFlaw
from ringwall.engines.policy import Sight, Sighting, masked, name_of, sightings

LAYER = Layer.ENCRYPTION

_MEANING = {
    CryptoFlaw.MALFORMED: "A stored value has the form of a record of ours and is none.",
    CryptoFlaw.VERSION: "A stored value was written by a later version.",
    CryptoFlaw.KEY_UNKNOWN: "The key of a stored value was destroyed, or was never here.",
    CryptoFlaw.ROOT_UNKNOWN: "The key of a stored value is wrapped by a root key that is not here.",
    CryptoFlaw.MOVED: "A stored value stands in another holder's object than it was written for.",
    CryptoFlaw.CONTEXT: "The reply does not say whose the object is, and the value is bound to that.",
    CryptoFlaw.TAMPERED: "A stored value was altered, or moved to another object or field.",
}
UNREADABLE = {
    flaw: Reason(flaw.value, 500, "Internal error", "Try again later; quote the request id.", meaning)
    for flaw, meaning in _MEANING.items()
}
FORGED = Reason(
    "encryption.forged",
    422,
    "Value not allowed",
    "Send the value in clear; encryption is not the caller's business.",
    "The caller sent what looks like an encrypted value: perhaps one copied from another object.",
)
REASONS = (*UNREADABLE.values(), FORGED)

_BY_CODE = {flaw.value: reason for flaw, reason in UNREADABLE.items()}
_NOBODY = Principal("", frozenset(), "claimed")


@dataclass(frozen=True, slots=True)
class Settings:
    """All resources, and what finds their objects in bodies and replies."""

    resources: Mapping[str, Resource]
    sight: Sight

    def encrypted(self) -> dict[str, list[Field]]:
        """The fields to encrypt, by resource."""
        return {
            r.name: [field for field in r.fields.values() if field.encrypt != "no"] for r in self.resources.values()
        }


def forge(operation: Operation, settings: Settings) -> Guards:
    """Seal what goes to the application, open what comes back. Nothing where no field is encrypted."""
    fields = settings.encrypted()
    if not any(fields.values()):
        return Guards()
    because = operation.rule.key if operation.rule else ""
    seal, seek = _seal(operation, settings, fields), _seek(operation)
    return Guards(
        body=(
            *((Guard(LAYER, "seal", seal, because),) if seal else ()),
            *(
                (Guard(LAYER, "seek", seek, f"{because}: equal values are found, and seen to be equal"),)
                if seek
                else ()
            ),
        ),
        reply=(Guard(LAYER, "open", _open(operation, settings, fields), because),),
    )


# Sealing


def _seal(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> BodyCheck | None:
    body = operation.api.body
    content = {media: described.schema for media, described in body.content.items()} if body else {}
    shapes = settings.sight.in_bodies(content, operation.resource.name if operation.resource else None)
    if not shapes:
        return None

    def check(request: Request, known: Known) -> Verdict:
        given = known.input
        shape = shapes.get(given.media_type) if given else None
        if given is None or shape is None or not isinstance(given.body, (dict, list)):
            return PASS
        document = deepcopy(given.body)
        found = [
            (seen, field, _place(seen, field, settings.resources[seen.resource], operation, known))
            for seen in sightings(document, shape)
            for field in fields[seen.resource]
            if seen.value.get(field.name) is not None
        ]
        if not found:
            return PASS
        if any(isinstance(v := seen.value[field.name], str) and is_record(v) for seen, field, _ in found):
            return Refuse(FORGED)

        def sealed(answer: object) -> Verdict:
            texts = answer if isinstance(answer, tuple) else ()
            for (seen, field, _), text in zip(found, texts, strict=True):
                seen.value[field.name] = text
            return Rewritten(request.with_body(orjson.dumps(document)), f"{len(found)} fields encrypted")

        return Ask(Seal(tuple((seen.value[field.name], place) for seen, field, place in found)), sealed)

    return check


def _place(seen: Sighting, field: Field, resource: Resource, operation: Operation, known: Known) -> Place:
    """What a value going in is bound to: all that is certain of its object before the application has answered.

    For an object that exists that is its id; for one that is being made, the owner and the tenant it will have.
    """
    if field.encrypt == "searchable":
        stated = name_of(seen.value.get(resource.tenant)) if resource.tenant else None
        return _findable(resource, field.name, stated, known)
    itself = name_of(seen.value.get(resource.id))
    own = next((r for r in known.objects if r.resource == resource.name and itself in (None, r.id)), None)
    if own is not None and not operation.creates:
        return Place(resource.name, field.name, None, None, own.id)
    for param, name in operation.objects:
        if name == resource.name and not operation.creates and param in known.params:
            return Place(resource.name, field.name, None, None, known.params[param])
    owner = name_of(seen.value.get(resource.owner)) if resource.owner else None
    home = name_of(seen.value.get(resource.tenant)) if resource.tenant else None
    return Place(resource.name, field.name, home, owner, None)


# Seeking


def _findable(resource: Resource, name: str, tenant: str | None, known: Known) -> Place:
    """Where a value belongs that is to be found by equality: to its field and, where there are tenants, to one: the
    object's as it says, else the caller's."""
    caller = known.principal.tenant if known.principal else None
    return Place(resource.name, name, (tenant or caller) if resource.tenant else None, None, None, equal=True)


def _seek(operation: Operation) -> BodyCheck | None:
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

        return Ask(Seal(tuple((value, _findable(resource, name, None, known)) for _, name, value in found)), sealed)

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


# Opening


def _open(operation: Operation, settings: Settings, fields: Mapping[str, list[Field]]) -> ReplyCheck:
    replies = {
        status: {media: described.schema for media, described in reply.content.items()}
        for status, reply in operation.api.replies.items()
    }
    find = settings.sight.in_replies(replies, operation.resource.name if operation.resource else None)

    def check(response: Response, known: Known) -> Verdict:
        if not response.parsed or not response.body:
            return PASS
        seen = find(response.status, response.data, response.most_objects, response.found)
        found = list(_records(seen, fields, settings, known, response.found))
        if not found:
            return PASS

        def opened(answer: object) -> Verdict:
            results = answer if isinstance(answer, tuple) else ()
            count = 0
            for (seen, field, whole, _), result in zip(found, results, strict=True):
                if isinstance(result, Unopened) and result.reason != CryptoFlaw.CONTEXT:
                    return Refuse(_BY_CODE[result.reason])
                if isinstance(result, Opened):
                    seen.value[field.name] = result.value if whole else masked(result.value, field.mask or "all")
                    count += 1
            return Rewritten(response.with_data(response.data), f"{count} fields decrypted") if count else PASS

        return Ask(Unseal(tuple((seen.value[field.name], place) for seen, field, _, place in found)), opened)

    return check


def _records(
    seen_all: list[Sighting],
    fields: Mapping[str, list[Field]],
    settings: Settings,
    known: Known,
    kept: dict[str, object],
) -> Iterator[tuple[Sighting, Field, bool, Place]]:
    """Every encrypted value that the caller may read, whole (True) or in part (False), and where it belongs."""
    principal = known.principal or _NOBODY
    eyes = settings.sight.eyes((principal.subject, principal.words, principal.tenant), known.objects, kept)
    for resource, words, alike in eyes.groups(seen_all):
        for field in fields[resource]:
            whole = field.read is None or not field.read.isdisjoint(words)
            for seen in alike if whole or field.mask is not None else ():
                text = seen.value.get(field.name)
                if isinstance(text, str) and is_record(text):
                    yield seen, field, whole, _shown_place(seen, field, settings.resources[resource])


def _shown_place(seen: Sighting, field: Field, resource: Resource) -> Place:
    value = seen.value
    return Place(
        resource.name,
        field.name,
        name_of(value.get(resource.tenant)) if resource.tenant else None,
        name_of(value.get(resource.owner)) if resource.owner else None,
        name_of(value.get(resource.id)),
    )
