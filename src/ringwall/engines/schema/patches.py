"""What a JSON Merge Patch (RFC 7396) of a schema's values may be.

A patch names only what changes: what the schema requires may be left out, at every depth of objects, and `null`
removes, so it is taken for what may be absent. A list is replaced as a whole and held to the whole schema. Conditions
and discriminators tell nothing of a value that is not there, and are left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ringwall.engines.schema.document import JSON, PREFIX, Components, Schema, branches, in_place, marked, resolve

MERGE_PATCH = "application/merge-patch+json"
_LEFT_OUT = frozenset(
    {"required", "minProperties", "dependentRequired", "dependentSchemas", "discriminator", "if", "then", "else"}
)
_NOTHING: frozenset[str] = frozenset()


def patch_of(schema: Schema, components: Components) -> tuple[Schema, Components]:
    """The schema of the patches of a schema's values, and the components that it leads to, old and new."""
    made = _Patches(components)
    root = made.of(schema, _NOTHING)
    kept = {name: components[name] for name in _reached(made.found | {"": root}, components)}
    return root, {**kept, **made.found}


@dataclass(slots=True)
class _Patches:
    components: Components
    found: dict[str, Schema] = field(default_factory=dict)

    def of(self, schema: Schema, needed: frozenset[str], depth: int = 32) -> Schema:
        """The patch of a schema; `needed` are properties that what stands beside it requires."""
        if isinstance(schema, bool) or depth == 0:
            return schema
        target = resolve(schema.get("$ref"), self.components)
        if target is not None and needed:
            beside = {key: value for key, value in schema.items() if key != "$ref"}
            return self.of({"allOf": [target, beside]}, needed, depth - 1)
        needed |= frozenset(name for here in in_place(schema, self.components) for name in _required(here))
        out = {key: value for key, value in schema.items() if key not in _LEFT_OUT}
        if target is not None:
            out["$ref"] = self._named(str(schema["$ref"]), target)
        for keyword in ("allOf", "anyOf", "oneOf"):
            if keyword in schema:
                out[keyword] = [self.of(below, needed, depth - 1) for below in branches(schema, keyword)]
        for keyword in ("properties", "patternProperties"):
            given = schema.get(keyword)
            if isinstance(given, dict):
                out[keyword] = {name: self._member(s, name in needed) for name, s in given.items()}
        more = schema.get("additionalProperties")
        if isinstance(more, dict):
            out["additionalProperties"] = self._member(more, needed=False)
        return out

    def _member(self, schema: JSON, needed: bool) -> JSON:
        if not isinstance(schema, (bool, dict)):
            return schema
        made = self.of(schema, _NOTHING)
        if needed or schema is False:
            return made
        removable: dict[str, JSON] = {"anyOf": [{"type": "null"}, made]}
        return {**removable, "readOnly": True} if marked(schema, "readOnly", self.components) else removable

    def _named(self, reference: str, target: Schema) -> str:
        """The reference to a component's patch, which is made when it is first met."""
        name = reference.removeprefix(PREFIX).replace("/", ".").replace("~", ".") + ".patch"
        while name in self.components:
            name += "."
        if name not in self.found:
            self.found[name] = True
            self.found[name] = self.of(target, _NOTHING)
        return PREFIX + name


def _required(schema: dict[str, JSON]) -> list[str]:
    given = schema.get("required")
    return [name for name in given if isinstance(name, str)] if isinstance(given, list) else []


def _reached(schemas: dict[str, Schema], components: Components) -> set[str]:
    """The names of the components that schemas lead to."""
    waiting: list[JSON] = list(schemas.values())
    seen: set[str] = set()
    while waiting:
        for reference in _references(waiting.pop()):
            name = reference.removeprefix(PREFIX).split("/")[0]
            if name in components and name not in seen:
                seen.add(name)
                waiting.append(components[name])
    return seen


def _references(value: JSON) -> Iterator[str]:
    """Every reference inside a schema, wherever it stands."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield from (v for k, v in here.items() if k == "$ref" and isinstance(v, str))
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
