"""Discriminators (OpenAPI, Discriminator Object): which component a value says that it is, and who extends whom."""

from __future__ import annotations

from ringwall.engines.schema.document import JSON, PREFIX, Components, Schema, branches


class Tag:
    """A discriminator: the property's name, and which of its values mean which component."""

    def __init__(self, name: str, mapping: dict[str, JSON]) -> None:
        self.name = name
        self._mapping = mapping

    def values_of(self, component: str) -> tuple[str, ...]:
        """The names under which a component goes: those mapped to it, else its own."""
        mapped = tuple(k for k, v in self._mapping.items() if v in (component, PREFIX + component))
        return mapped or (component,)


def tag_of(schema: Schema) -> Tag | None:
    given = schema.get("discriminator") if isinstance(schema, dict) else None
    if not isinstance(given, dict):
        return None
    name, mapping = given.get("propertyName"), given.get("mapping")
    return Tag(name, mapping if isinstance(mapping, dict) else {}) if isinstance(name, str) else None


def holding(name: str, values: JSON) -> dict[str, JSON]:
    return {"properties": {name: values}, "required": [name]}


def tagged(schema: dict[str, JSON], below: list[Schema], made: list[Schema] | None = None) -> list[Schema]:
    """Branches that hold for the names alone by which the schema's discriminator calls them, where it has one and
    all branches are components."""
    made = below if made is None else made
    tag = tag_of(schema)
    names = [str(b["$ref"])[len(PREFIX) :] for b in below if isinstance(b, dict) and _refers(b)]
    if tag is None or len(names) != len(below):
        return made
    return [
        {**b, **holding(tag.name, {"enum": list(tag.values_of(name))})}
        for b, name in zip(made, names, strict=True)
        if isinstance(b, dict)
    ]


def _refers(schema: dict[str, JSON]) -> bool:
    reference = schema.get("$ref")
    return isinstance(reference, str) and reference.startswith(PREFIX)


def extended_by(components: Components) -> dict[str, list[str]]:
    """The components that extend another by `allOf`, by the name of the one extended (all the way up)."""
    direct: dict[str, list[str]] = {}
    for name, schema in components.items():
        for below in branches(schema, "allOf") if isinstance(schema, dict) else ():
            reference = below.get("$ref") if isinstance(below, dict) else None
            if isinstance(reference, str) and reference.startswith(PREFIX):
                direct.setdefault(reference[len(PREFIX) :], []).append(name)
    return {name: _descendants(name, direct) for name in direct}


def _descendants(name: str, direct: dict[str, list[str]]) -> list[str]:
    found: list[str] = []
    waiting = list(direct[name])
    while waiting:
        child = waiting.pop()
        if child not in found and child != name:
            found.append(child)
            waiting.extend(direct.get(child, ()))
    return found
