"""Cedar policies (cedarpolicy.com): parsed once, narrowed to one action each, and asked with facts as plain values.

A decision says which policies determined it and which failed; what to do about a failed one is the caller's to say.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import cedarpy

Uid = tuple[str, str]
"""An entity's type and id."""
_TOKEN: Final = re.compile(r'"(?:[^"\\]|\\.)*"|//[^\n]*|;|\n|[^\s";/]+|.', re.DOTALL)
_LARGEST: Final = (1 << 63) - 1


class Flawed(ValueError):
    """A text that is no Cedar. `line` and `column`, from 1, are where the flaw is, as near as can be told."""

    def __init__(self, line: int, column: int, what: str) -> None:
        super().__init__(what)
        self.line = line
        self.column = column
        self.what = what


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is permitted, the policies that determined it (by `@id`, else by their line), and those that could
    not be evaluated, which Cedar leaves out of account."""

    permitted: bool
    determining: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants to do what to which, by entity ids; the facts of both, the entities that they are in, and the context.
    Attributes are JSON; what Cedar has no value for (null, fractions) is left out."""

    principal: Uid
    action: Uid
    resource: Uid
    facts: Mapping[Uid, Mapping[str, Any]]
    parents: Mapping[Uid, tuple[Uid, ...]]
    context: Mapping[str, Any]


class Narrowed:
    """The policies that can have a say about one action."""

    def __init__(self, policies: Mapping[str, Any], names: Mapping[str, str]) -> None:
        self._set = cedarpy.PolicySet.from_json_str(
            json.dumps({"templates": {}, "staticPolicies": policies, "templateLinks": []})
        )
        self._names = names
        self._text = json.dumps(policies)
        self.size = len(policies)

    def mentions(self, attribute: str) -> bool:
        """Whether any policy reads an attribute of this name."""
        return f'"attr": {json.dumps(attribute)}' in self._text

    def decide(self, request: Request) -> Decision:
        """Cedar's decision."""
        every = {request.principal, request.resource, *request.facts, *request.parents}
        every |= {parent for parents in request.parents.values() for parent in parents}
        entities = [
            {
                "uid": {"type": kind, "id": name},
                "attrs": _record(request.facts.get((kind, name), {})),
                "parents": [{"type": k, "id": n} for k, n in request.parents.get((kind, name), ())],
            }
            for kind, name in sorted(every | {request.action})
        ]
        asked = {
            "principal": {"type": request.principal[0], "id": request.principal[1]},
            "action": {"type": request.action[0], "id": request.action[1]},
            "resource": {"type": request.resource[0], "id": request.resource[1]},
            "context": _record(request.context),
        }
        answer = cedarpy.is_authorized(asked, self._set, entities)
        said = answer.diagnostics
        named = tuple(sorted(self._names.get(policy, policy) for policy in said.reasons))
        failed = tuple(dict.fromkeys(self._failed(str(error)) for error in said.errors))
        if answer.decision is cedarpy.Decision.NoDecision:
            return Decision(False, (), ("the request",))
        return Decision(answer.allowed, named, failed)

    def _failed(self, error: str) -> str:
        """The name of the policy that an error speaks of; nothing else of it, since it may hold facts."""
        found = re.search(r"policy[0-9]+", error)
        return self._names.get(found[0], found[0]) if found else "a policy"


class Policies:
    """A file of policies."""

    def __init__(self, text: str) -> None:
        """Raises Flawed."""
        self._policies, self._names, self._places = _parsed(text)

    def narrowed(self, action: Uid, groups: tuple[Uid, ...] = ()) -> Narrowed:
        """The policies whose scope an action can be in, itself or by its groups."""
        able = {action, *groups}
        kept = {key: policy for key, policy in self._policies.items() if _fits(policy["action"], able)}
        return Narrowed(kept, self._names)

    def actions(self) -> Iterator[tuple[Uid, str, tuple[int, int]]]:
        """Every action that a scope names, with the policy's name, line and column."""
        for key, policy in self._policies.items():
            yield from ((uid, self._names[key], self._places[key]) for uid in _uids(policy["action"]))


def _fits(scope: Mapping[str, Any], able: set[Uid]) -> bool:
    return scope["op"] == "All" or any(uid in able for uid in _uids(scope))


def _uids(scope: Mapping[str, Any]) -> Iterator[Uid]:
    for entity in [scope["entity"]] if "entity" in scope else scope.get("entities", []):
        yield entity["type"], entity["id"]


def _parsed(text: str) -> tuple[dict[str, Any], dict[str, str], dict[str, tuple[int, int]]]:
    """The policies in Cedar's JSON form by ids of ours, the names that people know them by, and where each begins."""
    found: dict[str, Any] = {}
    names: dict[str, str] = {}
    places: dict[str, tuple[int, int]] = {}
    for line, column, policy in _pieces(text):
        try:
            made = json.loads(cedarpy.policies_to_json_str(policy))
        except ValueError as flaw:
            raise Flawed(*_nearer(line, column, policy, str(flaw)), str(flaw)) from None
        if made["templates"]:
            raise Flawed(line, column, "a template, which no link makes a policy of here")
        for each in made["staticPolicies"].values():
            key = f"policy{len(found)}"
            name = (each.get("annotations") or {}).get("id") or f"line {line}"
            if name in names.values():
                raise Flawed(line, column, f"another policy with the id {name!r}")
            found[key], names[key], places[key] = each, name, (line, column)
    return found, names, places


def _pieces(text: str) -> Iterator[tuple[int, int, str]]:
    """Each policy of a text, to its semicolon, with the line and column where it begins. What a policy is, Cedar's own
    parser says: this only finds where one ends, outside strings and comments."""
    line, column, start, begun = 1, 1, 0, (0, 0)
    for token in _TOKEN.finditer(text):
        word = token[0]
        if not begun[0] and not word.isspace() and not word.startswith("//"):
            begun, start = (line, column), token.start()
        if word == ";":
            yield *begun, text[start : token.end()]
            begun = (0, 0)
        line += word.count("\n")
        column = len(word) - word.rfind("\n") if "\n" in word else column + len(word)
    if begun[0]:
        yield *begun, text[start:]


def _nearer(line: int, column: int, policy: str, flaw: str) -> tuple[int, int]:
    """Where in a policy the flaw is: at the word that its message ends with or quotes, else where the policy begins."""
    quoted = [word for pair in re.findall(r"`([^`]+)`|'([^']+)'", flaw) for word in pair if word]
    for word in (*quoted, flaw.rpartition(": ")[2].strip()):
        place = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", policy)
        if place is not None:
            before = policy[: place.start()]
            below = before.count("\n")
            return line + below, place.start() - before.rfind("\n") if below else column + place.start()
    return line, column


def _record(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: made for key, value in values.items() if (made := _value(value)) is not None}


def _value(value: Any) -> Any:
    """A value as Cedar's JSON has it; None for what it has no value for. No text of a request becomes an escape."""
    if isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST else None
    if isinstance(value, Address):
        return {"__extn": {"fn": "ip", "arg": value.text}} if value.holds else None
    if isinstance(value, Entity):
        return {"__entity": {"type": value.type, "id": value.id}}
    if isinstance(value, (list, tuple, frozenset, set)):
        items = sorted(value) if isinstance(value, (frozenset, set)) else value
        return [made for item in items if (made := _value(item)) is not None]
    if isinstance(value, Mapping):
        return _record({k: v for k, v in value.items() if k not in ("__extn", "__entity", "__expr")})
    return None


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity as the value of an attribute."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address, for Cedar's `ip`."""

    text: str

    @property
    def holds(self) -> bool:
        """Whether it is one."""
        try:
            ipaddress.ip_address(self.text)
        except ValueError:
            return False
        return True
