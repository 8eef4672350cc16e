"""A login that an API has of its own, recognised in its document: where its token is, and who tells whose it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ringwall.contract.api import JSON, Api, ApiOperation, Schema
from ringwall.contract.guess import is_sign_in, spoken
from ringwall.contract.survey import media_schemas, properties

_TOKENS: Final = ("access token", "auth token", "token", "jwt", "bearer", "id token", "session token", "auth")
_SUBJECTS: Final = ("username", "user name", "login", "sub", "subject", "email", "user id", "id", "number", "name")
_ROLES: Final = (
    "roles",
    "role",
    "authorities",
    "permissions",
    "is admin",
    "admin",
    "is staff",
    "is superuser",
    "groups",
)
_PROFILES: Final = (
    "me",
    "whoami",
    "profile",
    "userinfo",
    "self",
    "current",
    "account",
    "dashboard",
    "user",
    "current user",
)
_DEPTH: Final = 3
_LOGOUT: Final = re.compile(r"(?i)(?:log|sign)[-_]?out")
_NOT_TEXT: Final = frozenset({"object", "array", "boolean", "null"})


@dataclass(frozen=True, slots=True)
class Login:
    """What was recognised, and why; `token` and `subject` are None where the document does not tell."""

    operation: ApiOperation
    token: str | None
    profile: ApiOperation | None
    subject: str | None
    roles: str | None
    refresh: ApiOperation | None
    refresh_token: str | None
    logout: ApiOperation | None
    header: str | None
    reason: str


def recognised(api: Api) -> Login | None:
    """The login of an API, where its document has one."""
    by_form = _token_url(api)
    candidates = [o for o in api.operations if not o.flaw and (is_sign_in(o) or o.path == by_form)]
    candidates = [o for o in candidates if o.body is not None and not _is_refresh(o)]
    best = max(candidates, key=lambda o: (o.path == by_form, _token(o, api) is not None), default=None)
    if best is None:
        return None
    token = _token(best, api) or ("/access_token" if best.path == by_form else None)
    profile = _profile(api)
    shown = _leaves(profile, api) if profile else _leaves(best, api)
    refresh = next((o for o in api.operations if o.method == "POST" and _is_refresh(o) and o.body), None)
    body = refresh.body.content if refresh is not None and refresh.body is not None else {}
    replied = pointers(best, api)
    sent = [p for p, n, _ in _members(media_schemas(body), api) if "refresh" in n]
    return Login(
        best,
        token,
        profile,
        _of(_SUBJECTS, shown, flags=False),
        _of(_ROLES, shown, flags=True),
        refresh,
        next((p for p in sent if p in replied), sent[0] if sent and not replied else None),
        next((o for o in api.operations if _LOGOUT.search(o.path) and "{" not in o.path), None),
        _header(api),
        "is the token URL of its OAuth 2 password form" if best.path == by_form else "looks like a sign-in",
    )


def pointers(operation: ApiOperation, api: Api) -> frozenset[str]:
    """The JSON pointers that an operation's successful replies declare, `*` for a list's items."""
    return frozenset(pointer for pointer, _, _ in _leaves(operation, api))


def is_open(operation: ApiOperation, api: Api) -> bool:
    """Whether the document leaves open what the reply holds."""
    schemas = list(media_schemas_of(operation))
    return not schemas or any(not properties(schema, api.schemas) for schema in schemas)


def media_schemas_of(operation: ApiOperation) -> Iterator[Schema]:
    """The schemas of successful replies."""
    for status, reply in operation.replies.items():
        if status.startswith("2") or status == "default":
            yield from media_schemas(reply.content)


def _leaves(operation: ApiOperation, api: Api) -> list[tuple[str, str, Schema]]:
    return _members(media_schemas_of(operation), api)


def _members(schemas: Iterable[Schema], api: Api) -> list[tuple[str, str, Schema]]:
    """Each declared member as (pointer, name in words, schema), nearest first."""
    found: list[tuple[str, str, Schema]] = []
    waiting = [("", schema, 0) for schema in schemas]
    while waiting and len(found) < 2000:
        pointer, schema, depth = waiting.pop(0)
        for name, below in properties(schema, api.schemas).items():
            here = f"{pointer}/{name.replace('~', '~0').replace('/', '~1')}"
            found.append((here, spoken(name), below))
            if depth < _DEPTH:
                waiting.append((here, below, depth + 1))
                items = below.get("items") if isinstance(below, dict) else None
                if isinstance(items, dict):
                    waiting.append((f"{here}/*", items, depth + 1))
    return found


def _token(operation: ApiOperation, api: Api) -> str | None:
    return _of(_TOKENS, [leaf for leaf in _leaves(operation, api) if "*" not in leaf[0]], flags=False)


def _of(words: tuple[str, ...], leaves: list[tuple[str, str, Schema]], *, flags: bool) -> str | None:
    """The first member that is called by one of the words, in the words' order."""
    for word in words:
        for pointer, name, schema in leaves:
            if name == word and (flags or _may_be_text(schema)):
                return pointer
    return None


def _may_be_text(schema: Schema) -> bool:
    stated = schema.get("type") if isinstance(schema, dict) else None
    return not isinstance(stated, str) or stated not in _NOT_TEXT


def _profile(api: Api) -> ApiOperation | None:
    """The read that tells who asks: the likeliest name, and no parameters."""
    reads = [o for o in api.operations if o.method == "GET" and "{" not in o.path and not o.flaw and not o.websocket]
    reads = [o for o in reads if not any(p.required for p in o.parameters if p.name.lower() != "authorization")]
    for word in _PROFILES:
        for operation in reads:
            if spoken(operation.path.rstrip("/").rsplit("/", 1)[-1]) == word:
                return operation
    return None


def _is_refresh(operation: ApiOperation) -> bool:
    return "refresh" in operation.path.lower()


def _token_url(api: Api) -> str | None:
    """The path of the token URL that the document states for a password form (OpenAPI's OAuth Flow Object)."""
    for scheme in api.security.values():
        flows = scheme.get("flows") if isinstance(scheme, Mapping) else None
        flow = flows.get("password") if isinstance(flows, Mapping) else scheme if isinstance(scheme, Mapping) else None
        url = flow.get("tokenUrl") if isinstance(flow, Mapping) else None
        if isinstance(url, str):
            path = re.sub(r"^https?://[^/]+", "", url)
            path = path.removeprefix(api.base_path) if api.base_path else path
            return "/" + path.removeprefix("./").lstrip("/")
    return None


def _header(api: Api) -> str | None:
    """The header of its own in which the document says that the token is sent; None for the usual one."""
    named = [s.get("name") for s in api.security.values() if _is_api_key(s)]  # type: ignore[union-attr]
    usual = any(isinstance(s, Mapping) and s.get("type") in ("http", "oauth2") for s in api.security.values())
    found = next((n for n in named if isinstance(n, str)), None)
    return None if usual or found is None or found.lower() == "authorization" else found


def _is_api_key(scheme: JSON) -> bool:
    return isinstance(scheme, dict) and scheme.get("type") == "apiKey" and scheme.get("in") == "header"
