"""From a head to its plan: a tree over path segments, built at start (OpenAPI 3.1, Path Templating).

Concrete segments come before templated ones. What no operation is declared for gets a plan that refuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from ringwall.core.message import Head
from ringwall.core.plan import Plan


class Match(NamedTuple):
    """A plan and the decoded values of its path parameters."""

    plan: Plan
    params: Mapping[str, str]


@dataclass(slots=True)
class _Leaf:
    plans: dict[str, tuple[Plan, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(slots=True)
class _Node:
    """One segment's place: `mixed` are templates such as `{id}:cancel`, `tail` takes all that is left."""

    literal: dict[str, _Node] = field(default_factory=dict)
    mixed: list[tuple[re.Pattern[str], _Node]] = field(default_factory=list)
    single: _Node | None = None
    tail: _Leaf | None = None
    leaf: _Leaf | None = None


_NAME = re.compile(r"\{([^{}]+)\}")


class Router:
    """All plans by method and path. Read-only once built."""

    def __init__(self, base_path: str) -> None:
        self._base = tuple(part for part in base_path.split("/") if part)
        self._root = _Node()
        self._own: dict[str, dict[str, Plan]] = {}

    def add(self, method: str, template: str, plan: Plan) -> None:
        """Declare an operation; `method` is `WS` for a WebSocket. Its template stands below the base path."""
        node = self._root
        parts = template[1:].split("/")
        names: list[str] = []
        for part in parts:
            found = _NAME.findall(part)
            names.extend(name.rstrip("+") for name in found)
            if found and found[-1].endswith("+"):
                node.tail = node.tail or _Leaf()
                node.tail.plans[method] = (plan, tuple(names))
                return
            node = _child(node, part, found)
        node.leaf = node.leaf or _Leaf()
        node.leaf.plans[method] = (plan, tuple(names))

    def add_own(self, method: str, path: str, plan: Plan) -> None:
        """Declare one of ringwall's own endpoints, by its exact path."""
        self._own.setdefault(path, {})[method] = plan

    def match(self, head: Head) -> Match | tuple[str, ...]:
        """The plan of a request, or the methods that its path has (none: the path is not declared).

        A GET's plan serves HEAD. Where only the form with or without a trailing slash is declared, its plan
        decides on the other too, and the application answers (many redirect).
        """
        own = self._own.get(head.path)
        if own is not None:
            plan = own.get("GET" if head.method == "HEAD" else head.method)
            return Match(plan, {}) if plan else tuple(own)
        if head.segments[: len(self._base)] != self._base:
            return ()
        below = head.segments[len(self._base) :]
        found = self._find(head, below)
        if isinstance(found, Match):
            return found
        other = below[:-1] if below and below[-1] == "" else (*below, "")
        again = self._find(head, other) if other else ()
        return again if isinstance(again, Match) else (found or again)

    def methods(self, head: Head) -> tuple[str, ...]:
        """The methods declared for a request's path, whatever its own."""
        found = self.match(replace(head, method="OPTIONS", upgrade=False))
        return ("OPTIONS",) if isinstance(found, Match) else found

    def _find(self, head: Head, segments: tuple[str, ...]) -> Match | tuple[str, ...]:
        method = "WS" if head.upgrade else head.method
        allowed: list[str] = []
        for leaf, values in _walk(self._root, segments, 0, ()):
            entry = leaf.plans.get(method) or (leaf.plans.get("GET") if method == "HEAD" else None)
            if entry is not None:
                plan, names = entry
                return Match(plan, dict(zip(names, values, strict=True)))
            allowed.extend(leaf.plans)
        return tuple(dict.fromkeys("GET" if m == "WS" else m for m in allowed))


def _child(node: _Node, part: str, names: list[str]) -> _Node:
    if not names:
        return node.literal.setdefault(part, _Node())
    if part == f"{{{names[0]}}}":
        node.single = node.single or _Node()
        return node.single
    pattern = re.compile("".join(_piece(p) for p in re.split(r"(\{[^{}]+\})", part)))
    for known, child in node.mixed:
        if known.pattern == pattern.pattern:
            return child
    child = _Node()
    node.mixed.append((pattern, child))
    node.mixed.sort(key=lambda entry: -len(entry[0].pattern))
    return child


def _piece(text: str) -> str:
    return "([^/]+?)" if text.startswith("{") else re.escape(text)


def _walk(
    node: _Node, segments: tuple[str, ...], at: int, values: tuple[str, ...]
) -> Iterator[tuple[_Leaf, tuple[str, ...]]]:
    """Every leaf that fits, most concrete first. The tree's size bounds the walk."""
    if at == len(segments):
        if node.leaf is not None:
            yield node.leaf, values
        return
    segment = segments[at]
    child = node.literal.get(segment)
    if child is not None:
        yield from _walk(child, segments, at + 1, values)
    for pattern, below in node.mixed:
        fits = pattern.fullmatch(segment)
        if fits is not None:
            yield from _walk(below, segments, at + 1, (*values, *fits.groups()))
    if node.single is not None and segment:
        yield from _walk(node.single, segments, at + 1, (*values, segment))
    if node.tail is not None:
        yield node.tail, (*values, "/".join(segments[at:]))
