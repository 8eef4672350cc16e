"""The contract as stated in `ringwall.yaml`, and each operation bound to what was stated of it. Values only."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, tzinfo
from typing import Literal

from ringwall.contract.api import Api, ApiOperation
from ringwall.contract.logins import Certificates, UpstreamLogin
from ringwall.contract.model_console import Console
from ringwall.contract.model_monitoring import Monitoring
from ringwall.contract.model_tls import Acme
from ringwall.contract.stated import Requirement, StatedClient

CREATOR = "$creator"
"""As the owner of a resource: whoever made it through ringwall, which no property says."""
Class = Literal["identifier", "contact", "health", "financial", "cardholder", "secret", "public"]
Mode = Literal["enforce", "observe"]


@dataclass(frozen=True, slots=True)
class At:
    """Where something was stated: file, line and column, both from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """A mistake (or, as a warning, a doubt) in what was stated. `nearest` is the closest valid name."""

    at: At
    found: str
    expected: str
    nearest: str | None = None
    warning: bool = False

    def __str__(self) -> str:
        hint = f" (did you mean {self.nearest!r}?)" if self.nearest else ""
        return f"{self.at}: {'warning: ' if self.warning else ''}found {self.found}; expected {self.expected}{hint}"


class Misconfigured(Exception):
    """What was stated cannot be used. Carries every problem at once."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Issuer:
    """An outside issuer of JWTs. `roles` and `tenant` are dotted claim paths; `jwks` a URL or file where the
    issuer has no discovery document. `map` is from the issuer's words to roles; empty, its words are the roles."""

    issuer: str
    audience: str
    roles: str | None
    tenant: str | None
    jwks: str | None
    groups: str | None = None
    map: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SessionRules:
    """Browser sessions: seconds after the last use and after the sign-in, and whether one that is used from two places
    at once ends."""

    idle_s: float = 3600.0
    absolute_s: float = 43_200.0
    revoke: bool = False


@dataclass(frozen=True, slots=True)
class Authentication:
    """Which credentials are taken; `sessions` None: no cookie is one. `url` is where browsers reach ringwall, `clients`
    are those of its own server."""

    accounts: bool
    api_keys: bool
    basic: bool
    issuers: tuple[Issuer, ...]
    url: str | None = None
    clients: tuple[StatedClient, ...] = ()
    sessions: SessionRules | None = None
    upstream: UpstreamLogin | None = None
    certificates: Certificates | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """A role. `includes` is the transitive closure, without itself; `plain` is what it reaches by way of
    no role that demands a second factor; `groups` are those whose members hold it."""

    name: str
    includes: frozenset[str]
    mfa: bool
    plain: frozenset[str] = frozenset()
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Field:
    """What was stated of one property of a resource. `read` and `write` are None where nothing was stated
    (everyone whom the operation allows), else roles and the words `owner`, `member`, `anyone`. `observe`: what
    detection finds in it is recorded and not refused. `schemes` and `hosts`: where a `format: url` may lead; empty
    where nothing was stated (http and https, any public host)."""

    name: str
    data_class: Class
    encrypt: Literal["no", "yes", "searchable"]
    mask: Literal["last4", "initial", "domain", "all"] | None
    read: frozenset[str] | None
    write: frozenset[str] | None
    format: str
    sanitize: bool
    at: At
    observe: bool = False
    schemes: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object. `schema` is the component that describes it, `id` the property and path parameter
    that names one, `owner` and `tenant` the properties that hold its owner's subject and its tenant. `owner` is
    CREATOR where no property says it. `claim` is the claim of a token that lists the caller's own, `model` the class
    of its rows where the application's SQL is confined."""

    name: str
    schema: str | None
    id: str
    owner: str | None
    tenant: str | None
    fields: Mapping[str, Field]
    at: At
    claim: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """`count` requests in `seconds`, per principal (or per address where there is none)."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class When:
    """The conditions of one rule; what is not stated is empty. `hours` are minutes of the day, `days` from Monday 0."""

    hours: tuple[int, int] | None
    days: frozenset[int]
    zone: tzinfo
    networks: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]
    methods: frozenset[str]
    claims: tuple[tuple[str, frozenset[str]], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of `operations:` as written. `key` is `GET /x/{id}`, `tag:name` or a glob; `allow` holds roles
    and the words `owner`, `member`, `anyone`, `scope:x`. `query` names parameters that the document forgot."""

    key: str
    allow: tuple[str, ...]
    filter: Literal["owner", "tenant"] | None
    rate: Rate | None
    body_limit: int | None
    seconds: float | None
    observe: bool
    replies: Literal["strict", "lenient"] | None
    resource: str | None
    at: At
    when: When | None = None
    policy: bool = False
    requires: Requirement | None = None
    query: tuple[str, ...] = ()
    batch: bool = False


@dataclass(frozen=True, slots=True)
class Cors:
    """The browser origins that may call, whether with credentials, and for how long a preflight holds (s)."""

    origins: tuple[str, ...]
    credentials: bool
    headers: tuple[str, ...]
    expose: tuple[str, ...]
    max_age: int


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for every operation that states none: bytes of a checked body, of an opaque upload, of a
    checked reply; depth and count of JSON; seconds for an answer; and the rate by principal and address."""

    body: int
    upload: int
    reply: int
    depth: int
    items: int
    seconds: float
    rate: Rate | None
    anonymous_rate: Rate | None


@dataclass(frozen=True, slots=True)
class Upstream:
    """The credential that the gateway presents to the upstream in place of the caller's: header name and the
    environment variable that holds its value."""

    header: str | None
    from_env: str | None
    identity_headers: bool


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API and everything stated of it: what a plan is compiled from.

    `rule` is the line that decided (None: not stated, so closed). `resource` is what it acts on, `objects`
    the path parameters that name objects, outermost first, as (parameter, resource name). `lists`: it
    answers with many of the resource, being a GET or filtered; `creates`: a POST that answers with a new one;
    `carries`: its body holds whole requests.
    """

    api: ApiOperation
    base_path: str
    rule: Rule | None
    resource: Resource | None
    objects: tuple[tuple[str, str], ...]
    lists: bool
    creates: bool
    carries: bool = False

    @property
    def key(self) -> str:
        """`GET /patients/{patient_id}`."""
        return self.api.key


@dataclass(frozen=True, slots=True)
class Accepted:
    """A finding that the team lives with until the end of a day: its id, why, and who answers for it."""

    id: str
    reason: str
    owner: str
    until: date


@dataclass(frozen=True, slots=True)
class Policies:
    """A file of Cedar policies: where it is, and its text."""

    file: str
    text: str


@dataclass(frozen=True, slots=True)
class Contract:
    """The whole contract, with its API and every operation bound."""

    file: str
    mode: Mode
    observe: frozenset[str]
    api: Api
    authentication: Authentication
    roles: Mapping[str, Role]
    resources: Mapping[str, Resource]
    rules: tuple[Rule, ...]
    operations: tuple[Operation, ...]
    cors: Cors | None
    limits: Limits
    upstream: Upstream
    trusted_proxies: tuple[str, ...]
    journal: Literal["required", "best-effort", "strict"]
    replies: Literal["strict", "lenient"]
    staleness_s: float
    warnings: tuple[Problem, ...]
    accepted: tuple[Accepted, ...] = ()
    never: tuple[frozenset[str], ...] = ()
    policies: Policies | None = None
    monitoring: Monitoring = field(default_factory=Monitoring)
    console: Console | None = None
    acme: Acme | None = None
