"""Rewriting one schema, so that a property which no schema declares is refused: see `closing` for the three ways.

Where the author states `additionalProperties` or declares no property at all, the object stays as open as stated. Pure;
what cannot be used is told to whoever asked, never raised.
"""

from __future__ import annotations

from typing import Literal, Protocol
from urllib.parse import quote

from ringwall.engines.schema.discriminator import tagged
from ringwall.engines.schema.document import (
    ASIDE,
    BRANCHES,
    JSON,
    PREFIX,
    Components,
    Schema,
    branches,
    in_place,
    marked,
    members,
    resolve,
    types,
)
from ringwall.engines.schema.formats import RANGES, beyond, within
from ringwall.engines.schema.patterns import linear, portable

Mode = Literal["open", "closed", "raw"]
BASE = "urn:ringwall:components"

_KEPT = frozenset(
    {"type", "enum", "const", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength",
     "minLength", "maxItems", "minItems", "uniqueItems", "maxContains", "minContains", "maxProperties",
     "minProperties", "dependentRequired", "format"}
)  # fmt: skip
_LISTS = ("prefixItems", *BRANCHES)
_TESTS = ("not", "if", "contains", "propertyNames")
_PLACES = ("additionalProperties", "unevaluatedProperties", "items", "unevaluatedItems")
_UNUSABLE = ("$dynamicRef", "$recursiveRef")


class Told(Protocol):
    """Who asked for a schema to be rewritten, and is told what comes of it."""

    def problem(self, text: str) -> None:
        """What is wrong in the schema."""
        ...

    def leads_to(self, mode: Mode, name: str) -> None:
        """A component that has to be rewritten, too."""
        ...


class Rewriter:
    """Rewrites schemas over one set of components. `wide` says whether a number beyond 64 bits was met."""

    def __init__(self, components: Components, told: Told) -> None:
        self._components = components
        self._told = told
        self.wide = False

    def rewrite(self, schema: Schema, mode: Mode, hidden: frozenset[str] = frozenset()) -> Schema:
        """The schema in that way. `hidden` are names that a request need not have."""
        if isinstance(schema, bool):
            return schema
        if mode == "closed" and set(schema) & _ANNOTATED == {"$ref"}:
            return {"$ref": self.reference(schema["$ref"], "closed")}
        out = self._own(schema)
        if mode != "raw" and not schema.keys().isdisjoint(_NEEDING):
            hidden |= self._hidden(schema)
        self._properties(schema, out, mode, hidden)
        self._compositions(schema, out, mode, hidden)
        for keyword in _PLACES:
            below = schema.get(keyword)
            if isinstance(below, (bool, dict)):
                out[keyword] = self.rewrite(below, _below(mode))
        for keyword in _TESTS:
            below = schema.get(keyword)
            if isinstance(below, (bool, dict)):
                out[keyword] = self.rewrite(below, "raw")
        if mode == "closed":
            self._close(schema, out)
        if mode != "raw":
            _any_branch(out)
        return out

    def _own(self, schema: dict[str, JSON]) -> dict[str, JSON]:
        """The keywords that speak of the value itself; annotations are left behind."""
        out = {key: schema[key] for key in _KEPT & schema.keys()}
        for keyword in _UNUSABLE:
            if keyword in schema:
                self._told.problem(f"{keyword} is not supported")
        pattern = schema.get("pattern")
        if isinstance(pattern, str):
            out["pattern"] = self._pattern(pattern)
        named = schema.get("format")
        if isinstance(named, str) and named in RANGES and types(schema, self._components) & {"integer", "number"}:
            within(out, *RANGES[named])
        elif schema.get("type") == "integer" and "maximum" not in out:
            within(out, *RANGES["int64"])
        self.wide |= any(beyond(out.get(k)) for k in ("maximum", "minimum", "enum", "const"))
        if schema.get("contentEncoding") == "base64" and "format" not in out:
            out["format"] = "byte"
        return out

    def _pattern(self, pattern: str) -> str:
        usable = portable(pattern)
        if not linear(usable):
            self._told.problem(f"the pattern {pattern!r} does not run in linear time")
            return "^$"
        return usable

    def _properties(self, schema: dict[str, JSON], out: dict[str, JSON], mode: Mode, hidden: frozenset[str]) -> None:
        inner = _below(mode)
        declared = members(schema)
        if declared or "properties" in schema:
            out["properties"] = {
                name: False if mode != "raw" and self._read_only(below) else self.rewrite(below, inner)
                for name, below in declared.items()
            }
        by_pattern = members(schema, "patternProperties")
        if by_pattern:
            out["patternProperties"] = {self._pattern(p): self.rewrite(s, inner) for p, s in by_pattern.items()}
        dependent = members(schema, "dependentSchemas")
        if dependent:
            out["dependentSchemas"] = {n: self.rewrite(s, _beside(mode), hidden) for n, s in dependent.items()}
        required = schema.get("required")
        if isinstance(required, list):
            out["required"] = [name for name in required if name not in hidden]
        elif required is not None and not isinstance(required, bool):
            self._told.problem("`required` is not a list of names")

    def _compositions(self, schema: dict[str, JSON], out: dict[str, JSON], mode: Mode, hidden: frozenset[str]) -> None:
        reference = schema.get("$ref")
        if reference is not None:
            out["$ref"] = self.reference(reference, _beside(mode))
        for keyword in _LISTS:
            if keyword in schema:
                apart = keyword == "prefixItems" or (keyword == "oneOf" and self._alone(schema))
                way = _below(mode) if apart else _beside(mode)
                out[keyword] = [self.rewrite(s, way, hidden) for s in branches(schema, keyword)]
        for keyword in ASIDE:
            below = schema.get(keyword)
            if isinstance(below, (bool, dict)):
                out[keyword] = self.rewrite(below, _beside(mode), hidden)
        if mode != "raw":
            self._tag(schema, out)
            self._free_branches(schema, out)

    def reference(self, reference: JSON, mode: Mode) -> str:
        """The address of a component rewritten in this way; it is rewritten after the one at hand."""
        if not isinstance(reference, str) or resolve(reference, self._components) is None:
            self._told.problem(f"the reference {reference!r} leads nowhere")
            return "#/~nothing"
        name = reference[len(PREFIX) :]
        self._told.leads_to(mode, name)
        return f"{BASE}#/{mode}/{_token(name)}"

    def _tag(self, schema: dict[str, JSON], out: dict[str, JSON]) -> None:
        """Where a discriminator names the branch, the branch holds for that name only: as any reader will choose."""
        for keyword in ("oneOf", "anyOf"):
            if keyword in schema:
                out[keyword] = list(tagged(schema, branches(schema, keyword), branches(out, keyword)))

    def _free_branches(self, schema: dict[str, JSON], out: dict[str, JSON]) -> None:
        """A branch that declares nothing, beside no declaration, means any object: it says so then."""
        rest = {k: v for k, v in schema.items() if k not in ("anyOf", "oneOf")}
        if len(rest) == len(schema) or self._declares(rest):
            return
        for keyword in ("anyOf", "oneOf"):
            made = branches(out, keyword)
            for position, below in enumerate(branches(schema, keyword)):
                kept = made[position]
                if isinstance(kept, dict) and "object" in types(below, self._components) and not self._declares(below):
                    made[position] = {"additionalProperties": True, **kept}
            if made:
                out[keyword] = list(made)

    def _close(self, schema: dict[str, JSON], out: dict[str, JSON]) -> None:
        if "additionalProperties" in schema or "unevaluatedProperties" in schema or not self._declares(schema):
            return
        composed = not out.keys().isdisjoint(_COMPOSED)
        out["unevaluatedProperties" if composed else "additionalProperties"] = False

    def _alone(self, schema: dict[str, JSON]) -> bool:
        """Whether only `oneOf` declares properties here: each branch is then closed by itself, adding to no other."""
        return not self._declares({k: v for k, v in schema.items() if k != "oneOf"})

    def _declares(self, schema: Schema) -> bool:
        """Whether any schema on this value declares a property."""
        if isinstance(schema, bool) or schema.keys().isdisjoint(_DECLARING):
            return False
        return any(s.get("properties") or s.get("patternProperties") for s in in_place(schema, self._components))

    def _hidden(self, schema: dict[str, JSON]) -> frozenset[str]:
        """Read-only properties: a request need not have what it may not send (OpenAPI, Schema Object)."""
        return frozenset(
            name
            for s in in_place(schema, self._components)
            for name, below in members(s).items()
            if self._read_only(below)
        )

    def _read_only(self, schema: Schema) -> bool:
        return marked(schema, "readOnly", self._components)


_NEEDING = frozenset({"required", *BRANCHES, *ASIDE, "dependentSchemas"})
_DECLARING = frozenset({"$ref", "properties", "patternProperties", *BRANCHES, *ASIDE, "dependentSchemas"})
_COMPOSED = frozenset({"$ref", *BRANCHES, "if", *ASIDE, "dependentSchemas"})
_ANNOTATED = frozenset({"$ref", "properties", *_KEPT, *_LISTS, *_TESTS, *_PLACES, *ASIDE, "patternProperties",
                        "required", "dependentSchemas", "discriminator", "pattern", "contentEncoding"})  # fmt: skip


def _any_branch(out: dict[str, JSON]) -> None:
    """Take `oneOf` as `anyOf`. Documents in the wild offer branches that overlap (integer beside number, two open
    objects), and the servers behind them take the first that fits; a value that no branch has alone is refused.
    """
    given = out.pop("oneOf", None)
    if given is None:
        return
    if "anyOf" not in out:
        out["anyOf"] = given
        return
    others = out.get("allOf")
    out["allOf"] = [*(others if isinstance(others, list) else []), {"anyOf": given}]


def _beside(mode: Mode) -> Mode:
    return "raw" if mode == "raw" else "open"


def _below(mode: Mode) -> Mode:
    return "raw" if mode == "raw" else "closed"


def _token(name: str) -> str:
    """A component's name as one token of a JSON pointer in a URI fragment."""
    return quote(name.replace("~", "~0").replace("/", "~1"), safe="")
