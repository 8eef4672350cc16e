"""From a head to its plan: a tree over path segments, built at start (OpenAPI 3.1, Path Templating).

Concrete segments come before templated ones. What no operation is declared for gets a plan that refuses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeVar
from urllib.parse import unquote

import re2

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
    """One segment's place: `mixed` are templates such as `{id}:cancel`; `tails` match all that is left, from a
    parameter that spans segments on."""

    literal: dict[str, _Node] = field(default_factory=dict)
    mixed: list[tuple[re2._Regexp, _Node]] = field(default_factory=list)
    single: _Node | None = None
    tails: list[tuple[re2._Regexp, _Leaf]] = field(default_factory=list)
    leaf: _Leaf | None = None


_SHOWN = 12
"""Segments of an undeclared path that an event tells."""
_NAME = re2.compile(r"\{([^{}]+)\}")
_OPTIONS = re2.Options()
_OPTIONS.dot_nl = True


Place = TypeVar("Place", _Node, _Leaf)


class Router:
    """All plans by method and path. Read-only once built."""

    def __init__(self, base_path: str) -> None:
        self._base = tuple(part for part in base_path.split("/") if part)
        self._root = _Node()
        self._own: dict[str, dict[str, Plan]] = {}
        self._words: set[str] = set(self._base)

    def add(self, method: str, template: str, plan: Plan) -> None:
        """Declare an operation; `method` is `WS` for a WebSocket. Its template stands below the base path.

        Of two templates that differ in names alone the first stands, as with the frameworks that match in order.
        """
        node = self._root
        parts = [unquote(part) for part in template[1:].split("/")]
        names = tuple(name.rstrip("+") for name in _NAME.findall(template))
        self._words.update(part for part in parts if "{" not in part)
        for at, part in enumerate(parts):
            if "+}" in part:
                leaf = _tail(node, "/".join(parts[at:]))
                break
            node = _child(node, part)
        else:
            leaf = node.leaf = node.leaf or _Leaf()
        leaf.plans.setdefault(method, (plan, names))

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

    def outline(self, head: Head) -> str:
        """A path that is not declared, as far as it can be told without repeating what a caller wrote: the words that
        stand in declared paths, and `{…}` for all else."""
        shown = [part if part in self._words else "{…}" for part in head.segments[:_SHOWN]]
        return "/" + "/".join([*shown, "…"] if len(head.segments) > _SHOWN else shown)

    def methods(self, head: Head) -> tuple[str, ...]:
        """The methods declared for a request's path, whatever its own."""
        found = self.match(replace(head, method="OPTIONS", upgrade=False))
        return ("OPTIONS",) if isinstance(found, Match) else found

    def _find(self, head: Head, segments: tuple[str, ...]) -> Match | tuple[str, ...]:
        allowed: list[str] = []
        found = _search(self._root, segments, 0, (), ("WS" if head.upgrade else head.method, allowed))
        return found or tuple(dict.fromkeys("GET" if m == "WS" else m for m in allowed))


def _child(node: _Node, part: str) -> _Node:
    names = _NAME.findall(part)
    if not names:
        return node.literal.setdefault(part, _Node())
    if part == f"{{{names[0]}}}":
        node.single = node.single or _Node()
        return node.single
    return _kept(node.mixed, _pattern(part), _Node())


def _tail(node: _Node, rest: str) -> _Leaf:
    return _kept(node.tails, _pattern(rest), _Leaf())


def _kept(entries: list[tuple[re2._Regexp, Place]], pattern: str, new: Place) -> Place:
    """What stands under a pattern, which is put in where it is new: the one with the most literal text first."""
    for known, place in entries:
        if known.pattern == pattern:
            return place
    entries.append((re2.compile(pattern, _OPTIONS), new))
    entries.sort(key=lambda entry: -len(entry[0].pattern))
    return new


def _pattern(template: str) -> str:
    """A template as a pattern for an engine that is linear in what a caller sends, however many parameters."""
    out, at = "", 0
    for name in _NAME.finditer(template):
        out += str(re2.escape(template[at : name.start()])) + ("(.*)" if name[1].endswith("+") else "([^/]+)")
        at = name.end()
    return out + str(re2.escape(template[at:]))


Asked = tuple[str, list[str]]
"""A method, and where to note those that a path has instead."""


def _search(node: _Node, segments: tuple[str, ...], at: int, values: tuple[str, ...], asked: Asked) -> Match | None:
    """The plan of the most concrete template that fits and has the method. The tree's size bounds the search."""
    if at == len(segments):
        return _of_leaf(node.leaf, values, asked) if node.leaf is not None else None
    segment = segments[at]
    child = node.literal.get(segment)
    found = _search(child, segments, at + 1, values, asked) if child is not None else None
    if found is None and (node.mixed or node.single or node.tails):
        return _search_templates(node, segments, at, values, asked)
    return found


def _search_templates(
    node: _Node, segments: tuple[str, ...], at: int, values: tuple[str, ...], asked: Asked
) -> Match | None:
    segment, found = segments[at], None
    for pattern, below in node.mixed:
        fits = pattern.fullmatch(segment)
        if fits is not None and (found := _search(below, segments, at + 1, (*values, *fits.groups()), asked)):
            return found
    if node.single is not None and segment:
        found = _search(node.single, segments, at + 1, (*values, segment), asked)
    rest = "/".join(segments[at:]) if node.tails and found is None else ""
    for pattern, leaf in node.tails if found is None else ():
        fits = pattern.fullmatch(rest)
        if fits is not None and (found := _of_leaf(leaf, (*values, *fits.groups()), asked)):
            return found
    return found


def _of_leaf(leaf: _Leaf, values: tuple[str, ...], asked: Asked) -> Match | None:
    method, allowed = asked
    entry = leaf.plans.get(method) or (leaf.plans.get("GET") if method == "HEAD" else None)
    if entry is None:
        allowed.extend(leaf.plans)
        return None
    plan, names = entry
    return Match(plan, dict(zip(names, values, strict=True)))
