"""How one parameter is read from its place: path, query, header or cookie, in its declared style, and made typed.

Readers are worked out at start. What is written in another style, or twice, is a refusal as a value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwall.contract.api import Parameter, Schema
from ringwall.core.decode import decoded
from ringwall.core.message import JSON, Head, QueryPair
from ringwall.core.verdict import Fault, Refuse
from ringwall.engines.schema import Bounds, Malformed, decode, members, types
from ringwall.engines.schema import style as styles
from ringwall.engines.schema.coerce import coerce
from ringwall.engines.schema.document import in_place
from ringwall.layers.validation.reasons import JSON_REASONS, REPEATED, STYLE
from ringwall.layers.validation.settings import Settings

Pairs = dict[str, list[QueryPair]]
Read = Callable[["Sources"], "JSON | Absent | Refuse"]
IGNORED = frozenset({"accept", "content-type", "authorization"})


class Absent:
    """The parameter was not sent."""


ABSENT = Absent()


@dataclass(frozen=True, slots=True)
class Sources:
    """Where parameters come from: the path's by name, the query's pairs by name, and the head."""

    path: Mapping[str, str]
    query: Pairs
    head: Head


@dataclass(frozen=True, slots=True)
class Typing:
    """What a value's text may become: its kind, and the types of itself, its elements or its members by name."""

    kind: styles.Kind
    own: frozenset[str]
    items: frozenset[str]
    names: Mapping[str, frozenset[str]]
    others: frozenset[str]

    def typed(self, raw: styles.Raw) -> JSON:
        """The typed value of text, a list of texts, or a map of texts."""
        if isinstance(raw, str):
            return coerce(raw, self.own)
        if isinstance(raw, list):
            return [coerce(text, self.items) for text in raw]
        return {name: coerce(text, self.names.get(name, self.others)) for name, text in raw.items()}


def typing_of(schema: Schema, components: Mapping[str, Schema]) -> Typing:
    """Worked out from the schema and all that applies with it."""
    own = types(schema, components)
    kind: styles.Kind = "scalar"
    if "array" in own and len(own - {"null"}) < 3:
        kind = "array"
    elif "object" in own and own <= {"object", "null"}:
        kind = "object"
    items: frozenset[str] = frozenset()
    names: dict[str, frozenset[str]] = {}
    others: frozenset[str] = frozenset()
    for here in in_place(schema, components):
        below, more = here.get("items"), here.get("additionalProperties")
        if isinstance(below, (bool, dict)):
            items |= types(below, components)
        if isinstance(more, dict):
            others |= types(more, components)
        for name, member in members(here).items():
            names[name] = names.get(name, frozenset()) | types(member, components)
    return Typing(kind, own, items, names, others)


def reader(parameter: Parameter, settings: Settings) -> Read:
    """How one parameter is read."""
    if parameter.media_type is not None:
        return _of_content(parameter, settings.bounds)
    typing = typing_of(parameter.schema, settings.schemas)
    return _PLACES[parameter.where](parameter, typing)


def _of_content(parameter: Parameter, bounds: Bounds) -> Read:
    """A parameter described by `content`: JSON text in one value, or text of another media type as it is."""
    take = _TEXT_OF[parameter.where](parameter.name)
    is_json = (parameter.media_type or "").endswith("json")
    pointer = f"/{parameter.where}/{parameter.name}"

    def read(sources: Sources) -> JSON | Absent | Refuse:
        text = take(sources)
        if not isinstance(text, str) or not is_json:
            return text
        found = decode(text.encode("utf-8", "surrogatepass"), bounds)
        if isinstance(found, Malformed):
            reason = JSON_REASONS[found.what]
            return Refuse(reason, (Fault(pointer, reason.code),))
        return found.value

    return read


def _of_path(parameter: Parameter, typing: Typing) -> Read:
    name, style, explode = parameter.name, parameter.style, parameter.explode

    def read(sources: Sources) -> JSON | Absent | Refuse:
        text = sources.path.get(name)
        if text is None:
            return ABSENT
        raw: styles.Raw | None
        if style == "label":
            raw = styles.label(text, typing.kind, styles.as_is, explode=explode)
        elif style == "matrix":
            raw = styles.matrix(text, name, typing.kind, styles.as_is, explode=explode)
        else:
            raw = styles.simple(text, typing.kind, styles.as_is, explode=explode)
        return _typed(raw, typing, "path", name)

    return read


def _of_header(parameter: Parameter, typing: Typing) -> Read:
    key, name, explode = parameter.name.lower(), parameter.name, parameter.explode
    if key in IGNORED:
        return lambda sources: ABSENT

    def read(sources: Sources) -> JSON | Absent | Refuse:
        text = sources.head.headers.get(key)
        if text is None:
            return ABSENT
        if typing.kind == "scalar" and ", " in text and _repeated(sources.head, key):
            return Refuse(REPEATED, (Fault(f"/header/{name}", REPEATED.code),))
        return _typed(styles.simple(text, typing.kind, str.strip, explode=explode), typing, "header", name)

    return read


def _repeated(head: Head, key: str) -> bool:
    wanted = key.encode("latin-1", "replace")
    return sum(name.lower() == wanted for name, _ in head.raw_headers) > 1


def _of_cookie(parameter: Parameter, typing: Typing) -> Read:
    name = parameter.name

    def read(sources: Sources) -> JSON | Absent | Refuse:
        found = [value for key, value in sources.head.cookies if key == name]
        if not found:
            return ABSENT
        if len(found) > 1:
            return Refuse(REPEATED, (Fault(f"/cookie/{name}", REPEATED.code),))
        return _typed(styles.delimited(found[0], "form", typing.kind, styles.as_is), typing, "cookie", name)

    return read


def _of_query(parameter: Parameter, typing: Typing) -> Read:
    name, style = parameter.name, parameter.style
    if style == "deepObject":
        return _deep(name, typing)
    if parameter.explode and typing.kind == "array":
        return lambda sources: _each(sources.query.get(name), typing)
    if parameter.explode and typing.kind == "object":
        return _spread(typing)

    def read(sources: Sources) -> JSON | Absent | Refuse:
        found = sources.query.get(name)
        if found is None:
            return ABSENT
        if len(found) > 1:
            return Refuse(REPEATED, (Fault(f"/query/{name}", REPEATED.code),))
        if typing.kind == "scalar":
            return coerce(found[0].value, typing.own)
        return _typed(styles.delimited(found[0].raw, style, typing.kind, _plain), typing, "query", name)

    return read


def _each(found: list[QueryPair] | None, typing: Typing) -> JSON | Absent:
    return ABSENT if found is None else [coerce(pair.value, typing.items) for pair in found]


def _deep(name: str, typing: Typing) -> Read:
    """`name[key]=value`, one level, as OpenAPI defines it."""
    prefix = name + "["

    def read(sources: Sources) -> JSON | Absent | Refuse:
        raw: dict[str, str] = {}
        for key, pairs in sources.query.items():
            if key.startswith(prefix) and key.endswith("]"):
                if len(pairs) > 1:
                    return Refuse(REPEATED, (Fault(f"/query/{name}", REPEATED.code),))
                raw[key[len(prefix) : -1]] = pairs[0].value
        return typing.typed(raw) if raw else ABSENT

    return read


def _spread(typing: Typing) -> Read:
    """An exploded object: each of its properties is a parameter of its own."""

    def read(sources: Sources) -> JSON | Absent | Refuse:
        raw: dict[str, str] = {}
        for key in typing.names:
            pairs = sources.query.get(key)
            if pairs is not None:
                if len(pairs) > 1:
                    return Refuse(REPEATED, (Fault(f"/query/{key}", REPEATED.code),))
                raw[key] = pairs[0].value
        return typing.typed(raw) if raw else ABSENT

    return read


def _typed(raw: styles.Raw | None, typing: Typing, where: str, name: str) -> JSON | Refuse:
    return Refuse(STYLE, (Fault(f"/{where}/{name}", STYLE.code),)) if raw is None else typing.typed(raw)


def _plain(text: str) -> str:
    """Percent-decoding of a part of a query's value; `admit` has seen that it decodes."""
    return decoded(text.encode("ascii").replace(b"+", b" "))


def _query_text(name: str) -> Callable[[Sources], str | Absent | Refuse]:
    def take(sources: Sources) -> str | Absent | Refuse:
        found = sources.query.get(name)
        if found is None:
            return ABSENT
        return found[0].value if len(found) == 1 else Refuse(REPEATED, (Fault(f"/query/{name}", REPEATED.code),))

    return take


def _cookie_text(name: str) -> Callable[[Sources], str | Absent | Refuse]:
    def take(sources: Sources) -> str | Absent | Refuse:
        found = [value for key, value in sources.head.cookies if key == name]
        if not found:
            return ABSENT
        return found[0] if len(found) == 1 else Refuse(REPEATED, (Fault(f"/cookie/{name}", REPEATED.code),))

    return take


_TEXT_OF: Mapping[str, Callable[[str], Callable[[Sources], str | Absent | Refuse]]] = {
    "path": lambda name: lambda sources: sources.path.get(name, ABSENT),
    "query": _query_text,
    "header": lambda name: lambda sources: sources.head.headers.get(name.lower(), ABSENT),
    "cookie": _cookie_text,
}
_PLACES: Mapping[str, Callable[[Parameter, Typing], Read]] = {
    "path": _of_path,
    "query": _of_query,
    "header": _of_header,
    "cookie": _of_cookie,
}
