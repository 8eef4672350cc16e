"""Pruning: a reply without the properties that its schema does not declare, or marks as write-only.

Where alternatives are declared, the value is held against each and keeps what the ones that it fits declare; a value
that fits none keeps what any of them declares. The value itself is changed: of a page of a hundred objects with one
undeclared property each, copies cost six times what taking it out does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

from ringwall.engines.schema.compiled import Compiler, Unusable, Validator
from ringwall.engines.schema.document import JSON, Components, Schema
from ringwall.engines.schema.shape import ANYTHING, Node, Shapes

_DEEP = frozenset({dict, list})


@dataclass(slots=True)
class Removed:
    """How many members were left out of a value, and whether any of them was an object or a list itself."""

    count: int = 0
    deep: bool = False

    def take(self, value: dict[str, JSON], names: Collection[str]) -> None:
        """Leave members out."""
        kinds = set(map(type, map(value.pop, names)))  # all of them first: a look that ends early would leave some in
        self.deep = self.deep or not _DEEP.isdisjoint(kinds)
        self.count += len(names)


Pruner = Callable[[JSON], Removed]
"""Makes a value what is declared, in place."""


class _Same:
    """Component schemas by identity: those of one API are made ready once."""

    def __init__(self, components: Components) -> None:
        self.components = components

    def __hash__(self) -> int:
        return id(self.components)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.components is self.components


@lru_cache(maxsize=8)
def _pruning(same: _Same) -> _Pruning:
    return _Pruning(same.components)


def pruner(schema: Schema, components: Components) -> Pruner:
    """The pruner of one declared reply."""
    pruning = _pruning(_Same(components))
    node = pruning.node(schema)

    def prune(value: JSON) -> Removed:
        removed = Removed()
        pruning.prune(value, node, removed)
        return removed

    return prune


class _Pruning:
    def __init__(self, components: Components) -> None:
        self.shapes = Shapes(components)
        self._components = components
        self._compiler: Compiler | None = None
        self._tests: dict[int, tuple[Validator | Unusable, ...]] = {}
        self._shapes_of: dict[tuple[int, tuple[int, ...]], Node] = {}
        self._making = Lock()  # replies of several threads may be the first to show an alternative

    def node(self, schema: Schema) -> Node:
        """The shape of a declared reply."""
        with self._making:
            return self.shapes.node(schema)

    def prune(self, value: JSON, node: Node, removed: Removed) -> None:
        """Make the value what `node` declares. A list that came where one object is declared is held to that, element
        by element."""
        if type(value) is dict:
            if node is not ANYTHING:
                self._members(value, node, removed)
        elif type(value) is list and node.items is not ANYTHING:
            self._elements(value, node.items or node, removed)

    def _elements(self, value: list[JSON], node: Node, removed: Removed) -> None:
        names, nested = node.names or _ready(node)
        plain = node.other is None and not node.choices and not nested
        for below in value:
            if plain and type(below) is dict:
                if undeclared := below.keys() - names:
                    removed.take(below, undeclared)
            else:
                self.prune(below, node, removed)

    def _members(self, value: dict[str, JSON], node: Node, removed: Removed) -> None:
        if node.choices:
            node = self._chosen(value, node)
        names, nested = node.names or _ready(node)
        if not value.keys() <= names:
            self._undeclared(value, node, names, removed)
        for name, below in nested:
            given = value.get(name)
            if type(given) is dict or type(given) is list:
                self.prune(given, below, removed)

    def _undeclared(self, value: dict[str, JSON], node: Node, names: frozenset[str], removed: Removed) -> None:
        """Leave out the undeclared members; look into those that a map holds."""
        for name in [name for name in value if name not in names]:
            if node.other is None or name in node.hidden:
                removed.take(value, [name])
            else:
                self.prune(value[name], node.other, removed)

    def _chosen(self, value: dict[str, JSON], node: Node) -> Node:
        """The shape of those alternatives that the value fits, or of all where it fits none."""
        tests = self._tests.get(id(node)) or self._made_tests(node)
        fits = tuple(n for n, test in enumerate(tests) if isinstance(test, Validator) and test.is_valid(value))
        return self._shapes_of.get((id(node), fits)) or self._joined(node, fits)

    def _made_tests(self, node: Node) -> tuple[Validator | Unusable, ...]:
        with self._making:
            if self._compiler is None:
                self._compiler = Compiler(self._components, ("raw",))
            tests = self._tests[id(node)] = tuple(map(self._compiler.testing, node.choices))
            return tests

    def _joined(self, node: Node, fits: tuple[int, ...]) -> Node:
        with self._making:
            shape = self.shapes.joined(tuple(node.choices[n] for n in fits) or node.choices)
            self._shapes_of[id(node), fits] = shape
            return shape


def _ready(node: Node) -> tuple[frozenset[str], tuple[tuple[str, Node], ...]]:
    """The names that stay, and the members that have something below to look into: worked out once for a node."""
    names = frozenset(node.properties) - node.hidden
    nested = tuple((name, below) for name, below in node.properties.items() if name in names and _structured(below))
    node.names = (names, nested)
    return node.names


def _structured(node: Node) -> bool:
    inner = (node.items, node.other)
    return bool(node.properties or node.choices) or any(below not in (None, ANYTHING) for below in inner)
