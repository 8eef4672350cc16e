"""One operation of an OpenAPI document: its parameters, body and replies, and what leaves it undecidable."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ringwall.contract.api import JSON, ApiOperation, Body, Encoding, MediaType, Parameter, Reply, Schema
from ringwall.contract.dialect import Schemas, Unit
from ringwall.contract.references import Library, Place, Unresolved
from ringwall.contract.templates import parameters as names_in

Where = Literal["path", "query", "header", "cookie"]
_WHERE: Mapping[str, Where] = {"path": "path", "query": "query", "header": "header", "cookie": "cookie"}
_STYLES: Mapping[str, tuple[str, ...]] = {
    "path": ("simple", "label", "matrix"),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
_NOT_PARAMETERS = frozenset({"accept", "content-type", "authorization"})
_STATUS = re.compile(r"[1-5](?:[0-9]{2}|XX)|default")

Telling = tuple[Place, str, str]


@dataclass(slots=True)
class Draft:
    """An operation while it is read. `flaws` close it, `doubts` do not; `asked` and `answered` are the schemas of
    its request and of its replies, judged once all are converted."""

    method: str
    path: str
    place: Place
    library: Library
    schemas: Schemas
    parameters: list[Parameter] = field(default_factory=list)
    body: Body | None = None
    replies: dict[str, Reply] = field(default_factory=dict)
    flaws: list[Telling] = field(default_factory=list)
    doubts: list[Telling] = field(default_factory=list)
    asked: list[Unit] = field(default_factory=list)
    answered: list[Unit] = field(default_factory=list)

    def flaw(self, place: Place, found: str, expected: str) -> None:
        """Something that leaves the operation undecidable."""
        self.flaws.append((place, found, expected))

    def read(self, item: Place) -> None:
        """Everything that the document says of it; `item` holds the parameters that its path shares."""
        if not isinstance(self.place.value, dict):
            self.flaw(self.place, "an operation that is no mapping", "an operation")
            return
        self._parameters(item)
        self._body()
        self._replies()

    def operation(self) -> ApiOperation:
        """The operation as it is now known."""
        self._judge_schemas()
        given = self.place.value if isinstance(self.place.value, dict) else {}
        name, tags = given.get("operationId"), given.get("tags")
        return ApiOperation(
            method=self.method,
            path=self.path,
            operation_id=name if isinstance(name, str) else None,
            tags=tuple(t for t in tags if isinstance(t, str)) if isinstance(tags, list) else (),
            parameters=tuple(self.parameters),
            body=self.body,
            replies=self.replies,
            line=self.place.line,
            flaw=self.flaws[0][1] if self.flaws else None,
        )

    def _judge_schemas(self) -> None:
        """What is broken anywhere closes it; what is only looser than meant closes it on the way in."""
        for units, strict in ((self.asked, True), (self.answered, False)):
            for unit in units:
                for doubt in unit.doubts:
                    told = (doubt.place, doubt.found, doubt.expected)
                    (self.flaws if doubt.broken or strict else self.doubts).append(told)
            if not self.schemas.doubtful:
                continue
            for name in sorted(self.schemas.reach(ref for unit in units for ref in unit.refs)):
                for doubt in self.schemas.units[name].doubts:
                    if doubt.broken or strict:
                        self.flaw(self.place, f"{doubt.found}, in the schema {name}", doubt.expected)

    def _unit(self, place: Place, into: list[Unit]) -> Schema:
        unit = self.schemas.unit(place)
        into.append(unit)
        return unit.schema

    def _parameters(self, item: Place) -> None:
        found: dict[tuple[str, str], Place] = {}
        for shared, places in ((True, self._listed(item)), (False, self._listed(self.place))):
            for place in places:
                value = place.value if isinstance(place.value, dict) else {}
                key = str(value.get("in")), str(value.get("name"))
                if key in found and not shared and found[key].path[: len(self.place.path)] == self.place.path:
                    self.flaw(place, f"the {key[0]} parameter {key[1]!r} twice", "each once")
                found[key] = place
        for place in found.values():
            self._parameter(place)
        self._path_parameters()

    def _listed(self, owner: Place) -> Iterator[Place]:
        listed = owner.below("parameters")
        if listed.value is None:
            return
        if not isinstance(listed.value, list):
            self.flaw(listed, "`parameters` that are no list", "a list of parameters")
            return
        for index in range(len(listed.value)):
            try:
                yield self.library.resolve(listed.below(index))
            except Unresolved as error:
                self.flaw(listed.below(index), str(error), "a parameter")

    def _parameter(self, place: Place) -> None:
        value = place.value
        if not isinstance(value, dict):
            self.flaw(place, "a parameter that is no mapping", "a parameter")
            return
        name, where = value.get("name"), _WHERE.get(str(value.get("in")))
        if not isinstance(name, str) or not name or where is None:
            self.flaw(place, f"a parameter {str(name)[:60]!r} in {str(value.get('in'))[:60]!r}",
                      "a name, and in: path, query, header or cookie")  # fmt: skip
        elif where == "header" and name.lower() in _NOT_PARAMETERS:
            return
        elif where == "path" and name not in names_in(self.path) and name.rstrip("+*") not in names_in(self.path):
            self.doubts.append((place, f"the path parameter {name!r}, which the path does not have", "no such one"))
        else:
            self._add(place, value, name.rstrip("+*") if where == "path" else name, where)

    def _add(self, place: Place, value: dict[str, JSON], name: str, where: Where) -> None:
        default = "simple" if where in ("path", "header") else "form"
        style = value.get("style", default)
        if not isinstance(style, str) or style not in _STYLES[where]:
            self.flaw(place, f"the style {str(style)[:60]!r} in {where}", f"one of {', '.join(_STYLES[where])}")
            return
        explode = value.get("explode")
        described = self._described(place, value)
        if described is None:
            return
        schema, media = described
        self.parameters.append(
            Parameter(
                name=name,
                where=where,
                required=where == "path" or value.get("required") is True,
                style=style,
                explode=explode if isinstance(explode, bool) else style == "form",
                schema=schema,
                media_type=media,
                allow_reserved=value.get("allowReserved") is True,
            )
        )

    def _described(self, place: Place, value: dict[str, JSON]) -> tuple[Schema, str | None] | None:
        """A parameter's schema, and its media type where it is written as content."""
        content = value.get("content")
        if isinstance(content, dict) and len(content) == 1:
            media = next(iter(content))
            inner = place.below("content", media, "schema")
            return (self._unit(inner, self.asked) if inner.value is not None else True), media_type(media)
        if "schema" not in value:
            self.flaw(place, f"the parameter {value.get('name')!r} without a schema", "`schema` or `content`")
            return None
        return self._unit(place.below("schema"), self.asked), None

    def _path_parameters(self) -> None:
        declared = {p.name for p in self.parameters if p.where == "path"}
        if not self.flaws:
            for name in names_in(self.path):
                if name not in declared:
                    self.flaw(self.place, f"the path parameter {name!r} not declared", "a declared parameter")

    def _body(self) -> None:
        written = self.place.below("requestBody")
        if written.value is None:
            return
        try:
            body = self.library.resolve(written)
        except Unresolved as error:
            self.flaw(written, str(error), "a request body")
            return
        content = body.below("content")
        if not isinstance(content.value, dict) or not content.value:
            self.flaw(written, "a request body without content", "its media types")
            return
        self.body = Body(body.below("required").value is True, self._content(content, self.asked))

    def _content(self, content: Place, units: list[Unit]) -> dict[str, MediaType]:
        made: dict[str, MediaType] = {}
        for media in content.value if isinstance(content.value, dict) else ():
            entry = content.below(media)
            schema = entry.below("schema")
            made.setdefault(
                media_type(media),
                MediaType(
                    self._unit(schema, units) if schema.value is not None else None,
                    _encodings(entry.below("encoding").value),
                ),
            )
        return made

    def _replies(self) -> None:
        replies = self.place.below("responses")
        if not isinstance(replies.value, dict):
            return
        for status in replies.value:
            if status.startswith("x-"):
                continue
            if not _STATUS.fullmatch(status.upper()) and status != "default":
                self.doubts.append((replies.below(status), f"the status {status[:40]!r}", "200, 4XX or default"))
                continue
            self._reply(status if status == "default" else status.upper(), replies.below(status))

    def _reply(self, status: str, written: Place) -> None:
        try:
            reply = self.library.resolve(written)
        except Unresolved as error:
            self.flaw(written, str(error), "a response")
            return
        self.replies[status] = Reply(self._content(reply.below("content"), self.answered))


def media_type(written: str) -> str:
    """A media type in lower case, without its parameters (RFC 9110, section 8.3.1)."""
    return written.split(";", 1)[0].strip().lower()


def _encodings(value: JSON) -> dict[str, Encoding]:
    given = value if isinstance(value, dict) else {}
    return {name: _encoding(entry) for name, entry in given.items() if isinstance(entry, dict)}


def _encoding(entry: Mapping[str, JSON]) -> Encoding:
    content, style, explode = entry.get("contentType"), entry.get("style", "form"), entry.get("explode")
    name = style if isinstance(style, str) else "form"
    return Encoding(
        content_type=content if isinstance(content, str) else None,
        style=name,
        explode=explode if isinstance(explode, bool) else name == "form",
    )
