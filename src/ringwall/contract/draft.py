"""A first contract for an API: what can be told from names, with reasons, and everything unsure left closed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ringwall.contract import draft_login, guess
from ringwall.contract.api import Api, ApiOperation, Schema
from ringwall.contract.bind import Binder, plurals
from ringwall.contract.grammar import KEY, NAME
from ringwall.contract.login_guess import Login, recognised
from ringwall.contract.model import At, Field, Operation, Resource
from ringwall.contract.survey import Survey, properties
from ringwall.contract.templates import parameters
from ringwall.contract.upstream import steps

_NOWHERE = At("", 0, 0)
_VERSION = re.compile(r"v[0-9]{1,3}")


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource that was found, and why."""

    resource: Resource
    reason: str
    owner: guess.Guess | None
    tenant: guess.Guess | None
    fields: tuple[tuple[str, guess.Guess], ...]


def draft(api: Api, reference: str, *, base_path: str | None = None, allow: str | None = None) -> str:
    """The text of a contract that loads with this API. `reference` is what `api:` says.

    `allow` names a role that every operation is opened to; without it only what is plain is opened.
    """
    login = recognised(api)
    kinds = tuple(_owned(kind, login, confine=allow is None) for kind in _kinds(api, allow))
    lines = [
        f"# Drafted from {quoted(api.title or reference)} {quoted(api.version)}: read every line before you trust it.",
        "# What is not stated is closed.",
        "ringwall: 1",
        f"api: {quoted(reference)}",
        *([f"base_path: {quoted(base_path)}"] if base_path else []),
        "mode: enforce",
        "",
        *draft_login.authentication(login, allow or "user", quoted),
        "",
        "roles:",
        *([f"  {allow}: {{}}"] if allow else ["  user: {}", "  admin: {}"]),
        "",
        *_resources(kinds),
        *_operations(api, kinds, allow, draft_login.wrapped(login)),
    ]
    return "\n".join(lines) + "\n"


def quoted(text: str) -> str:
    """A YAML double-quoted scalar, on one line and printable whatever the text holds."""
    safe = "".join(_escaped(mark) for mark in text[:500])
    return f'"{safe}"'


def _escaped(mark: str) -> str:
    if mark in '"\\':
        return f"\\{mark}"
    return mark if mark == " " or mark.isprintable() else f"\\U{ord(mark):08X}"


def _kinds(api: Api, allow: str | None) -> Iterator[Kind]:
    """A path such as `/patients/{id}` whose reply is a component makes a resource of it."""
    names: set[str] = set()
    schemas: set[str] = set()
    survey = Survey(api.schemas)
    for operation in api.operations:
        found = _item(operation, api, survey)
        if found is None or operation.flaw:
            continue
        segment, parameter, component = found
        name = _singular(segment)
        if name in names or component in schemas or not _nameable(name):
            continue
        names.add(name)
        schemas.add(component)
        yield _kind(name, parameter, component, operation, api, confine=allow is None)


def _owned(kind: Kind, login: Login | None, *, confine: bool) -> Kind:
    """A kind whose id is what the API's own login calls its people by: each is its own owner."""
    subject = steps(login.subject)[-1:] if login is not None and login.subject and login.token else ()
    if kind.owner is not None or subject != (kind.resource.id,):
        return kind
    owner = guess.Guess(kind.resource.id, "what the login calls its people by")
    return replace(kind, owner=owner, resource=replace(kind.resource, owner=owner.value if confine else None))


def _nameable(name: str) -> bool:
    """Whether a resource may be called so."""
    return re.fullmatch(NAME.pattern, name) is not None


def _item(operation: ApiOperation, api: Api, survey: Survey) -> tuple[str, str, str] | None:
    parts = [part for part in operation.path.split("/") if part and not _VERSION.fullmatch(part)]
    if operation.method != "GET" or len(parts) < 2 or "{" in parts[-2] or not parts[-1].startswith("{"):
        return None
    component = next((s.component for s in survey.replied(operation) if s.manner == "object"), None)
    if component is None or not properties(api.schemas[component], api.schemas):
        return None
    return parts[-2], parameters(parts[-1])[0], component


def _singular(segment: str) -> str:
    word = guess.spoken(segment).replace(" ", "_")
    for ending, single in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1 and not word.endswith("ss"):
            return word.removesuffix(ending) + single
    return word


def _kind(name: str, parameter: str, component: str, operation: ApiOperation, api: Api, *, confine: bool) -> Kind:
    known = properties(api.schemas[component], api.schemas)
    candidates = (parameter, "id", f"{name}_id")
    identity = next((c for c in candidates if c in known), parameter)
    owner = _owner({n: schema for n, schema in known.items() if n != identity}, api)
    fields = []
    for prop, schema in known.items():
        found = guess.data_class(prop, schema, component)
        if found is not None and prop.isprintable() and 0 < len(prop) <= 200:
            fields.append((prop, found))
    held = owner.value if owner is not None and confine else None
    resource = Resource(name, component, identity, held, None, dict[str, Field](), _NOWHERE)
    reason = f"{operation.key} answers with {component}"
    return Kind(resource, reason, owner, guess.tenant(known), tuple(fields))


def _owner(known: Mapping[str, Schema], api: Api) -> guess.Guess | None:
    """The property that likely holds the owner; of an object (`author: {email, …}`), what names a person there."""
    found = guess.owner(known)
    below = properties(known[found.value], api.schemas) if found is not None else {}
    if found is None or not below:
        return found
    inner = guess.subject(below)
    return guess.Guess(f"{found.value}.{inner.value}", f"{found.reason}, {inner.reason}") if inner is not None else None


def _resources(kinds: tuple[Kind, ...]) -> Iterator[str]:
    yield "resources:"
    for kind in kinds:
        yield from _resource(kind)
        yield ""
    if not kinds:
        yield "  # None was recognised: a path such as /things/{id} whose reply is a component makes one."
        yield ""


def _resource(kind: Kind) -> Iterator[str]:
    resource = kind.resource
    yield f"  {resource.name}:  # {_remark(kind.reason)}"
    yield f"    schema: {quoted(resource.schema or '')}"
    yield f"    id: {quoted(resource.id)}"
    if kind.owner is not None:
        mark = "" if resource.owner else "# "
        yield f"    {mark}owner: {quoted(kind.owner.value)}  # {kind.owner.reason}: must hold the subject that signs in"
    if kind.tenant is not None:
        yield f"    # tenant: {quoted(kind.tenant.value)}  # {kind.tenant.reason}: confines everyone to their own"
    if kind.fields:
        yield "    fields:"
        for name, found in kind.fields:
            yield f"      {quoted(name)}: {{class: {found.value}}}  # {found.reason}"


def _remark(text: str) -> str:
    """A text inside a comment, on one line."""
    return quoted(text)[1:-1]


def _operations(api: Api, kinds: tuple[Kind, ...], allow: str | None, wrapped: frozenset[str]) -> Iterator[str]:
    binder = Binder(api, {kind.resource.name: kind.resource for kind in kinds})
    opened: list[str] = []
    closed: list[str] = []
    for operation in api.operations:
        bound = binder.bind(operation, None)
        key = quoted(operation.key)
        if operation.flaw or not _statable(operation.key):
            closed.append(f"  # {key}: {{allow: []}}  # {_remark(operation.flaw or 'cannot be named')}: closed")
            continue
        if operation.key in wrapped:
            closed.append(f"  # {key}: opened by authentication.upstream")
            continue
        rule, reason = _rule(bound, allow)
        reason += _spans(operation.path)
        if rule is not None:
            opened.append(f"  {key}: {rule}  # {reason}")
        else:
            closed.append(f"  # {key}: {{allow: [admin]}}  # {reason}")
    yield "operations:"
    yield from opened
    yield ""
    yield '  # OpenAPI has no word for WebSockets; those that there are, are named here: "WS /path": {allow: [ROLE]}'
    if closed:
        yield ""
        yield "  # Closed, because nothing above tells who should have them. Take the `#` away and name the roles:"
        yield from closed


def _spans(path: str) -> str:
    """What to write where a parameter that is named like a file may hold slashes: OpenAPI has no word for it."""
    found = next((name for name in parameters(path) if guess.is_file_path(name) and f"{{{name}}}" in path), None)
    return f"; if {{{found}}} holds slashes, write {{{found}+}}" if found else ""


def _statable(key: str) -> bool:
    return len(key) <= 490 and "*" not in key and re.fullmatch(KEY.pattern, key) is not None


def _rule(bound: Operation, allow: str | None) -> tuple[str | None, str]:
    """The rule of an operation where it is plain, and why; else None and why not."""
    api = bound.api
    if guess.is_health(api):
        return "{allow: anyone}", "only says that the service lives"
    if allow is not None:
        return f"{{allow: [{allow}]}}", f"opened to {allow}, as asked"
    if guess.is_sign_in(api):
        return None, "looks like a sign-in: with accounts of ringwall's own it may stay closed"
    resource = bound.resource
    if resource is None:
        return None, "acts on nothing that was recognised"
    if resource.owner is None:
        return None, f"acts on {resource.name}, of which no owner is known"
    plain = api.path.endswith("}") or api.method == "GET"
    if plain and bound.objects and bound.objects[-1][1] == resource.name:
        return "{allow: [owner, admin]}", f"one {resource.name}, its owner's"
    if bound.lists:
        return "{allow: [user, admin], filter: owner}", f"each sees the {plurals(resource.name)[-1]} of its own"
    if bound.creates:
        return "{allow: [user, admin]}", f"makes a {resource.name}"
    return None, f"acts on {resource.name} in a way that was not recognised"
