"""Each operation of the API bound to the rule that decides and the resource it acts on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from ringwall.contract.api import Api, ApiOperation, Parameter
from ringwall.contract.batch import carries
from ringwall.contract.model import Operation, Resource, Rule
from ringwall.contract.survey import Shown, Survey, media_schemas, properties
from ringwall.contract.templates import BadTemplate, canonical, parameters

_GENERIC = frozenset({"id", "uuid", "guid", "pk", "key", "slug", "name", "uid"})
_MARK = re.compile(r"[^a-z0-9]")
_BRACED = re.compile(r"\{([^{}]+)\}")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A rule's key, ready to be matched. `rank` orders: exact, longer glob, tag, everything."""

    rule: Rule
    rank: tuple[int, int]
    exact: str | None
    glob: re.Pattern[str] | None
    tag: str | None

    def fits(self, operation: ApiOperation) -> bool:
        """Whether the rule is about this operation."""
        if self.exact is not None:
            return plain(operation.key) == plain(self.exact)
        if self.tag is not None:
            return self.tag in operation.tags
        return self.glob is None or self.glob.fullmatch(operation.key) is not None


def pattern(rule: Rule) -> Pattern:
    """What a rule's key means. Raises BadTemplate for a path that no request can be matched with."""
    key = rule.key
    if key == "*":
        return Pattern(rule, (0, 0), None, None, None)
    if key.startswith("tag:"):
        return Pattern(rule, (1, 0), None, None, key.removeprefix("tag:"))
    method, path = key.split(" ", 1)
    if method == "*" or "*" in _BRACED.sub("", path):
        text = "".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", key))
        return Pattern(rule, (2, len(key.replace("*", ""))), None, re.compile(text, re.DOTALL), None)
    return Pattern(rule, (3, 0), f"{method} {canonical(path)}", None, None)


def plain(key: str) -> str:
    """A key without the marks of parameters that span slashes: a contract may add them to what a document lacks."""
    return key.replace("+}", "}")


def socket(key: str) -> ApiOperation:
    """A WebSocket that the contract names (`WS /path`): OpenAPI has no word for it."""
    path = key.split(" ", 1)[1]
    given = (Parameter(n, "path", True, "simple", False, {"type": "string"}) for n in parameters(path))
    return ApiOperation("GET", path, None, (), tuple(given), None, {}, line=0, websocket=True)


def deciding(operation: ApiOperation, patterns: Iterable[Pattern]) -> list[Rule]:
    """The most specific rules about an operation: one, none, or several that contradict each other."""
    fitting = [p for p in patterns if p.fits(operation)]
    best = max((p.rank for p in fitting), default=None)
    return [p.rule for p in fitting if p.rank == best]


def amended(operation: ApiOperation, rule: Rule | None) -> ApiOperation:
    """The operation with what its rule says that the document does not: slashes in a parameter, forgotten queries."""
    operation = spanning(operation, rule)
    declared = {p.name for p in operation.parameters if p.where == "query"}
    forgotten = [name for name in rule.query if name not in declared] if rule else []
    more = (Parameter(name, "query", False, "form", True, {"type": "string"}) for name in dict.fromkeys(forgotten))
    return replace(operation, parameters=(*operation.parameters, *more)) if forgotten else operation


def spanning(operation: ApiOperation, rule: Rule | None) -> ApiOperation:
    """The operation with the template of the rule that names it, where that lets a parameter span slashes."""
    if rule is None or ("+}" not in rule.key and "*}" not in rule.key and ":path}" not in rule.key):
        return operation
    try:
        stated = canonical(rule.key.split(" ", 1)[1])
    except BadTemplate:
        return operation
    same = plain(stated) == plain(operation.path)
    return replace(operation, path=stated) if same and rule.key.split(" ", 1)[0] != "*" else operation


class Binder:
    """Finds what operations act on, from schemas and paths."""

    def __init__(self, api: Api, resources: Mapping[str, Resource]) -> None:
        self._api = api
        self._survey = Survey(api.schemas)
        self._resources = resources
        self._by_schema = {r.schema: r for r in reversed(list(resources.values())) if r.schema}
        self._by_word = {w: r for r in reversed(list(resources.values())) for w in _words(r)}
        ids = [r.id for r in resources.values()]
        self._by_id = {r.id: r for r in resources.values() if ids.count(r.id) == 1 and r.id not in _GENERIC}

    def bind(self, api: ApiOperation, rule: Rule | None) -> Operation:
        """The operation with its rule, resource and objects."""
        shown = () if api.websocket else self._survey.replied(api)
        objects = tuple(self._objects(api.path))
        resource = self._stated(rule) or self._resource(api, shown, objects)
        filtered = rule is not None and rule.filter is not None  # a search may be a POST
        return Operation(
            api=api,
            base_path=self._api.base_path,
            rule=rule,
            resource=resource,
            objects=objects,
            lists=filtered or (api.method == "GET" and self._lists(resource, shown)),
            creates=api.method == "POST" and not filtered and self._creates(api, resource, shown),
            carries=carries(api, self._api.schemas),
        )

    def _stated(self, rule: Rule | None) -> Resource | None:
        return self._resources.get(rule.resource) if rule and rule.resource else None

    def _resource(
        self, api: ApiOperation, shown: tuple[Shown, ...], objects: tuple[tuple[str, str], ...]
    ) -> Resource | None:
        for manner in ("object", "list", "wrapped"):
            for found in shown:
                if found.manner == manner and found.component in self._by_schema:
                    return self._by_schema[found.component]
        for found in self._survey.sent(api):
            if found.manner == "object" and found.component in self._by_schema:
                return self._by_schema[found.component]
        if objects:
            return self._resources[objects[-1][1]]
        literals = [part for part in api.path.split("/") if part and "{" not in part]
        return self._by_word.get(_fold(literals[-1])) if literals else None

    def _objects(self, path: str) -> Iterator[tuple[str, str]]:
        """The path parameters that name objects, outermost first."""
        before = ""
        for part in path.split("/"):
            for name in parameters(part):
                resource = self._by_id.get(name) or self._of_segment(before, name)
                if resource is not None:
                    yield name, resource.name
            if "{" not in part:
                before = part

    def _of_segment(self, segment: str, name: str) -> Resource | None:
        """`/patients/{id}`, `/patients/{patientId}`: the segment before names the kind."""
        resource = self._by_word.get(_fold(segment))
        if resource is None:
            return None
        folded = _fold(name)
        own = {w + e for w in _words(resource) for e in ("", *_GENERIC)}
        return resource if folded in _GENERIC or folded in own or name == resource.id else None

    def _lists(self, resource: Resource | None, shown: tuple[Shown, ...]) -> bool:
        whole = any(s.manner == "object" and resource and s.component == resource.schema for s in shown)
        return not whole and any(s.manner == "list" and resource and s.component == resource.schema for s in shown)

    def _creates(self, api: ApiOperation, resource: Resource | None, shown: tuple[Shown, ...]) -> bool:
        collection = not api.path.rstrip("/").endswith("}")
        same = any(s.manner == "object" and resource and s.component == resource.schema for s in shown)
        silent = not shown and resource is not None and self._by_word.get(_fold(api.path.split("/")[-1])) is resource
        return collection and (same or silent) and not self._acts(api, resource)

    def _acts(self, api: ApiOperation, resource: Resource | None) -> bool:
        """`POST /payments/{payment_id}/refund` answers with a payment too, but makes none; nor does `POST /refunds`
        that takes a `payment_id`."""
        if resource is None:
            return False
        named = any(name == resource.name for _, name in self._objects(api.path))
        return named or (
            self._by_word.get(_fold(api.path.rstrip("/").split("/")[-1])) is not resource and self._takes(api, resource)
        )

    def _takes(self, api: ApiOperation, resource: Resource) -> bool:
        """Whether a parameter or a property of the body is named as an id of the resource, or as ids."""
        bodies = media_schemas(api.body.content if api.body else {})
        names = {name for body in bodies for name in properties(body, self._api.schemas)}
        names |= {parameter.name for parameter in api.parameters if parameter.where != "path"}
        ends = ("id", "ids", "uuid", "uuids", "guid", "pk")
        return not {_fold(n) for n in names}.isdisjoint(word + end for word in _words(resource) for end in ends)


def _fold(text: str) -> str:
    return _MARK.sub("", text.lower())


def _words(resource: Resource) -> frozenset[str]:
    """A resource's name and its schema's, each also as a plural."""
    names = {_fold(n) for n in (resource.name, resource.schema) if n}
    names.discard("")
    return frozenset(w for n in names for w in (n, *plurals(n)))


def plurals(word: str) -> tuple[str, ...]:
    """English plurals of a folded word, as paths use them."""
    if word.endswith("y"):
        return (f"{word[:-1]}ies", f"{word}s")
    return (f"{word}es", f"{word}s")
