"""Parameters: all of a request's, read from their places and put together as one object for one schema.

Unknown query names are refused; unknown headers and cookies belong to others (proxies, browsers) and are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Literal

from ringwall.contract.api import Parameter
from ringwall.contract.model import Operation
from ringwall.core.known import Known
from ringwall.core.message import JSON, Head
from ringwall.core.verdict import Fault, Refuse
from ringwall.layers.validation.places import IGNORED, Absent, Pairs, Sources, reader, typing_of
from ringwall.layers.validation.reasons import QUERY_UNKNOWN, SCHEMA_REASONS
from ringwall.layers.validation.settings import Settings

LONGEST = 8192
"""Characters of a query's value, where the document states no length: what transport takes of a whole target."""
LENGTH = SCHEMA_REASONS["length"]
Given = dict[str, dict[str, JSON]]

Where = Literal["path", "query", "header", "cookie"]
WHERES: tuple[Where, ...] = ("path", "query", "header", "cookie")


def combined(operation: Operation) -> dict[str, JSON]:
    """One schema for all parameters: `{"path": {…}, "query": {…}, …}`."""
    places: dict[str, JSON] = {}
    for where in WHERES:
        mine = [p for p in operation.api.parameters if p.where == where and not _left_alone(p)]
        unnamed = _TEMPLATE.findall(operation.api.path) if where == "path" else []
        places[where] = {
            "type": "object",
            "properties": {**dict.fromkeys(unnamed, _STRING), **{p.name: p.schema for p in mine}},
            "required": [p.name for p in mine if p.required],
        }
    return {"type": "object", "properties": places}


_STRING: JSON = {"type": "string"}
_TEMPLATE = re.compile(r"\{([^{}]+?)\+?\}")


def _left_alone(parameter: Parameter) -> bool:
    return parameter.where == "header" and parameter.name.lower() in IGNORED


def readers(operation: Operation, settings: Settings) -> Callable[[Head, Known], Given | Refuse]:
    """Read all parameters of a request, or say what is wrong with how they are written."""
    mine = [(p.where, p.name, reader(p, settings)) for p in operation.api.parameters]
    known_name = _names(operation, settings)

    def read(head: Head, known: Known) -> Given | Refuse:
        query: Pairs = {}
        for pair in head.query:
            if not known_name(pair.name):
                return Refuse(QUERY_UNKNOWN, (Fault("/query", QUERY_UNKNOWN.code),))
            if len(pair.value) > LONGEST:
                return Refuse(LENGTH, (Fault(f"/query/{pair.name}", LENGTH.code),))
            query.setdefault(pair.name, []).append(pair)
        given: Given = {"path": dict(known.params), "query": {}, "header": {}, "cookie": {}}
        sources = Sources(known.params, query, head)
        for where, name, take in mine:
            value = take(sources)
            if isinstance(value, Refuse):
                return value
            if not isinstance(value, Absent):
                given[where][name] = value
        return given

    return read


def _names(operation: Operation, settings: Settings) -> Callable[[str], bool]:
    """Which names a query may hold: of parameters, of an exploded object's properties, and `deep[key]`."""
    names: set[str] = set()
    deep: list[str] = []
    for parameter in operation.api.parameters:
        if parameter.where != "query":
            continue
        typing = typing_of(parameter.schema, settings.schemas)
        if parameter.style == "deepObject":
            deep.append(parameter.name + "[")
        elif parameter.explode and typing.kind == "object" and parameter.media_type is None:
            names |= typing.names.keys()
        else:
            names.add(parameter.name)
    prefixes = tuple(deep)
    if not prefixes:
        return names.__contains__
    return lambda name: name in names or (name.startswith(prefixes) and name.endswith("]"))
