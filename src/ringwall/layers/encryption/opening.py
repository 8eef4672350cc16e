"""Opening what comes back: plain only to those who may read it, which this layer judges by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ringwall.contract.model import Field, Operation, Resource
from ringwall.core.known import Known
from ringwall.core.message import Response
from ringwall.core.plan import ReplyCheck
from ringwall.core.ports import Opened, Place, Unseal
from ringwall.core.verdict import PASS, Ask, Refuse, Rewritten, Verdict
from ringwall.engines.crypto.fields import is_record
from ringwall.engines.crypto.flaws import CryptoFlaw
from ringwall.engines.policy import Sighting, masked, name_of, said
from ringwall.layers.encryption.reasons import BY_CODE
from ringwall.layers.encryption.settings import Settings

Find = Callable[[Response], list[Sighting]]
"""The objects in a parsed reply."""


def finder(operation: Operation, settings: Settings) -> Find:
    """What finds the objects in an operation's replies."""
    replies = {
        status: {media: described.schema for media, described in reply.content.items()}
        for status, reply in operation.api.replies.items()
    }
    return settings.sight.in_replies(replies, operation.resource.name if operation.resource else None)


def opening(find: Find, settings: Settings, fields: Mapping[str, list[Field]]) -> ReplyCheck:
    """Open every record that the caller may read. What belonged to an erased person is left out of the reply; anything
    else that does not open ends it."""

    def check(response: Response, known: Known) -> Verdict:
        if not response.parsed or not response.body:
            return PASS
        found = list(_records(find(response), fields, settings, known, response.found))
        if not found:
            return PASS

        def opened(answer: object) -> Verdict:
            results = answer if isinstance(answer, tuple) else ()
            count = erased = 0
            for (seen, field, whole, _), result in zip(found, results, strict=True):
                if isinstance(result, Opened):
                    seen.value[field.name] = result.value if whole else masked(result.value, field.mask or "all")
                    count += 1
                elif result.reason == CryptoFlaw.ERASED:
                    del seen.value[field.name]
                    erased += 1
                elif result.reason != CryptoFlaw.CONTEXT and is_record(seen.value[field.name]):
                    return Refuse(BY_CODE[result.reason])
            told = f"{count} fields decrypted" + (f", {erased} of erased persons left out" if erased else "")
            return Rewritten(response.with_data(response.data), told) if count or erased else PASS

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
    for name, words, _, alike in settings.sight.eyes(known, kept).groups(seen_all):
        resource = settings.resources[name]
        shown = [(field, field.read is None or not field.read.isdisjoint(words)) for field in fields[name]]
        shown = [(field, whole) for field, whole in shown if whole or field.mask is not None]
        for seen in alike if shown else ():
            value, where = seen.value, None
            for field, whole in shown:
                text = value.get(field.name)
                if isinstance(text, str) and text[:2] == "rw":  # that it is a record is seen as it is opened
                    where = where or _whose(value, resource)
                    yield seen, field, whole, Place(name, field.name, *where)


def _whose(value: Mapping[str, Any], resource: Resource) -> tuple[str | None, str | None, str | None]:
    """An object's tenant, owner and id, as it says itself."""
    return (
        name_of(said(value, resource.tenant)),
        name_of(said(value, resource.owner)),
        name_of(value.get(resource.id)),
    )
