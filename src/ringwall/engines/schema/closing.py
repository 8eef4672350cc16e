"""Closing: component schemas rewritten so that a property which no schema declares is refused.

Each schema is rewritten in three ways. *open*: it stands beside others on the same value (a branch, a target of
`allOf`), so it may not close. *closed*: it stands alone on its value. *raw*: it only tests (`not`, `if`, `contains`),
so that closing would turn its sense. Where the author states `additionalProperties` or declares no property at all,
the object stays as open as stated. Pure; what cannot be used is collected as problems, never raised.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ringwall.engines.schema.discriminator import extended_by, holding, tag_of
from ringwall.engines.schema.document import JSON, PREFIX, Components, Schema, branches, resolve
from ringwall.engines.schema.rewriting import Mode, Rewriter


@dataclass(slots=True)
class Part:
    """One rewritten schema: what is wrong in it, which components it leads to, and how many in all."""

    schema: Schema = True
    problems: list[str] = field(default_factory=list)
    leads_to: set[tuple[Mode, str]] = field(default_factory=set)
    reach: int = 0


class Closing:
    """Rewrites schemas, and every component that they lead to, once for each way of rewriting."""

    def __init__(self, components: Components, modes: tuple[Mode, ...] = ("closed", "open")) -> None:
        self._components = components
        self._children = extended_by(components)
        self._waiting: list[tuple[Mode, str]] = []
        self._at = Part()
        self._rewriter = Rewriter(components, self)
        self._parts: dict[tuple[Mode, str], Part] = {}
        for name in components:
            for mode in modes:
                self._ask(mode, name)
        self._drain()

    @property
    def document(self) -> dict[str, JSON]:
        """All rewritten components: `{"open": {"Pet": …}, "closed": …, "raw": …}`."""
        out: dict[str, dict[str, JSON]] = {"open": {}, "closed": {}, "raw": {}}
        for (mode, name), part in self._parts.items():
            out[mode][name] = part.schema
        return dict(out)

    @property
    def wide(self) -> bool:
        """Whether a number beyond 64 bits was met."""
        return self._rewriter.wide

    def __len__(self) -> int:
        return len(self._parts)

    def parts(self) -> list[Part]:
        """Every component as rewritten so far."""
        return list(self._parts.values())

    def closed(self, schema: Schema) -> Part:
        """The schema for a value that no other schema describes, with every problem that it leads to."""
        return self._root(schema, "closed")

    def raw(self, schema: Schema) -> Part:
        """The schema as written, to test a value with."""
        return self._root(schema, "raw")

    def _root(self, schema: Schema, mode: Mode) -> Part:
        root = self._at = Part()
        root.schema = self._rewriter.rewrite(schema, mode)
        self._drain()
        reached = set(root.leads_to)
        waiting = list(reached)
        while waiting:
            part = self._parts[waiting.pop()]
            root.problems.extend(part.problems)
            new = part.leads_to - reached
            reached |= new
            waiting.extend(new)
        root.reach = len(reached)
        return root

    def _drain(self) -> None:
        """Rewrite what was asked for, and what that asks for, one after the other: no chain is too long."""
        while self._waiting:
            mode, name = self._waiting.pop()
            target = resolve(PREFIX + name, self._components)
            part = self._at = self._parts[mode, name]
            if target is not None:
                part.schema = self._family(name, target) if mode == "closed" else self._rewriter.rewrite(target, mode)

    def _ask(self, mode: Mode, name: str) -> None:
        if (mode, name) not in self._parts:
            self._parts[mode, name] = Part()
            self._waiting.append((mode, name))

    def problem(self, text: str) -> None:
        """Note what is wrong in the schema at hand."""
        if text not in self._at.problems:
            self._at.problems.append(text)

    def leads_to(self, mode: Mode, name: str) -> None:
        """Have a component rewritten after the one at hand, which leads to it."""
        self._ask(mode, name)
        self._at.leads_to.add((mode, name))

    def _family(self, name: str, target: Schema) -> Schema:
        """A closed component; one that others extend by `allOf` and name by its discriminator takes them too."""
        children = self._children.get(name)
        tag = tag_of(target)
        if not children or tag is None or isinstance(target, bool) or branches(target, "oneOf"):
            return self._rewriter.rewrite(target, "closed")
        named = {child: tag.values_of(child) for child in children}
        known = [value for values in named.values() for value in values]
        kin: list[JSON] = [
            {"$ref": self._rewriter.reference(PREFIX + child, "open"), **holding(tag.name, {"enum": list(values)})}
            for child, values in named.items()
        ]
        kin.append({"properties": {tag.name: {"not": {"enum": list(known)}}}})
        return {"$ref": self._rewriter.reference(PREFIX + name, "open"), "anyOf": kin, "unevaluatedProperties": False}
