"""A second look at what validation refused: which kinds of attack it looks like, for the journal and its rules alone.

A slip and an attack are refused with the same reason; only their content tells them apart, and no content is kept.
Bounded, and done for refused requests only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final
from urllib.parse import parse_qsl

import orjson

from ringwall.contract.model import Contract, Operation
from ringwall.core.message import Head, Request
from ringwall.core.plan import Plan, Suspect
from ringwall.core.verdict import Refuse
from ringwall.engines.payload import inspect, inspect_tree

MASS_ASSIGNMENT: Final = "mass-assignment"
REDIRECT: Final = "redirect"

_BYTES, _TEXTS, _KINDS = 32_768, 40, 4
_HEADER = re.compile(r"[\r\n][A-Za-z][A-Za-z0-9-]{0,60}:")
_ABSOLUTE = re.compile(r"(?:/|[A-Za-z]:[/\\])[^/\\\s]+[/\\]")
_ELSEWHERE = re.compile(r"[\s\x00]*(?:[a-z][a-z0-9+.-]{0,20}:)?[/\\]{2}", re.IGNORECASE)


def suspicion(contract: Contract) -> Suspect:
    """What looks at the refused inputs of a contract's operations."""
    properties = {operation.key: _properties(operation, contract) for operation in contract.operations}

    def suspect(plan: Plan, message: Request | Head, refuse: Refuse) -> tuple[str, ...]:
        kinds = dict.fromkeys(_assigned(refuse, properties.get(plan.operation, frozenset())))
        kinds |= dict.fromkeys(islice(_kinds(message), _TEXTS))
        return tuple(islice((kind for kind in kinds if kind), _KINDS))

    return suspect


def _properties(operation: Operation, contract: Contract) -> frozenset[str]:
    """The properties that an object of the operation's resource has, whether or not a caller may send them."""
    resource = operation.resource
    if resource is None:
        return frozenset()
    schema = contract.api.schemas.get(resource.schema or "")
    stated = schema.get("properties") if isinstance(schema, Mapping) else None
    found = stated if isinstance(stated, Mapping) else {}
    return frozenset({*resource.fields, *map(str, found), resource.id, resource.owner or "", resource.tenant or ""})


def _assigned(refuse: Refuse, properties: frozenset[str]) -> Iterator[str]:
    """A property that the operation does not take and yet the object has."""
    for fault in refuse.faults:
        if fault.reason == "validation.unknown" and fault.pointer.rpartition("/")[2] in properties:
            yield MASS_ASSIGNMENT


def _kinds(message: Request | Head) -> Iterator[str]:
    head = message.head if isinstance(message, Request) else message
    for pair in head.query:
        yield from _kind(pair.value[:_BYTES])
        if _HEADER.search(pair.value[:_BYTES]):
            yield "crlf"
    if isinstance(message, Request) and message.body:
        yield from _in_body(message.body[:_BYTES], head.media_type)


def _in_body(body: bytes, media: str) -> Iterator[str]:
    try:
        text = body.decode(json.detect_encoding(body), "replace")
    except LookupError:
        return
    if media == "application/x-www-form-urlencoded":
        try:
            pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_TEXTS)
        except ValueError:
            return
        for _, value in pairs:
            yield from _kind(value)
        return
    try:
        tree = orjson.loads(text)
    except orjson.JSONDecodeError:
        yield from _kind(text)
        return
    yield from (finding.kind for _, finding in inspect_tree(tree))


def _kind(value: str) -> Iterator[str]:
    finding = inspect(value, "plain")
    if finding is not None:
        yield finding.kind
    elif _ELSEWHERE.match(value):
        yield REDIRECT
    elif _ABSOLUTE.match(value):
        yield "lfi"
