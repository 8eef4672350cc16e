"""What an exchange has established so far. Holding one of these types is the proof of what it says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from ringwall.core.message import JSON
from ringwall.core.value import quick


@dataclass(frozen=True, slots=True)
class Principal:
    """Who calls. Exists only if authenticated (or if the drill fools that layer).

    `roles` are effective: inclusion is already worked out, and roles that demand a second factor are there only
    with one (without it they are in `pending`). `granted` are those of the credential itself, before inclusion,
    `barred` those that separation of duties took away, `groups` those of its issuer. `credential` names the key or
    token, never holds it. `header` is the request header that carried a credential of ringwall's own, to be stripped.
    `rate` is the credential's own: requests in so many seconds. `delegated` are the scopes that a person granted a
    client which now acts for them (None: nobody stands between): they narrow what the person may, and add nothing.
    """

    subject: str
    roles: frozenset[str]
    method: Literal["api_key", "token", "issuer", "basic", "session", "certificate", "upstream", "claimed"]
    tenant: str | None = None
    scopes: frozenset[str] = frozenset()
    credential: str = ""
    issuer: str = ""
    mfa: bool = False
    pending: frozenset[str] = frozenset()
    header: str | None = None
    claims: Mapping[str, JSON] = field(default_factory=dict)
    delegated: frozenset[str] | None = None
    granted: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    barred: frozenset[str] = frozenset()
    rate: tuple[int, float] | None = None

    @property
    def words(self) -> frozenset[str]:
        """The roles, the scopes as `scope:x` and the groups as `group:x`: what a rule's `allow` may name of a principal
        alone."""
        if not self.scopes and not self.groups:
            return self.roles
        return self.roles | {f"scope:{scope}" for scope in self.scopes} | {f"group:{group}" for group in self.groups}


Settled = Literal["principal", "claim", "memory", "resolver", "probe", "role", "reply"]


@quick
@dataclass(frozen=True, slots=True)
class ObjectRef:
    """An object that the request names, how its ownership was settled ("reply": still to be seen there), and the
    words that hold between the caller and it. `owner` and `tenant` are as it was settled by, None where unknown."""

    resource: str
    id: str
    settled: Settled
    words: frozenset[str] = frozenset()
    owner: str | None = None
    tenant: str | None = None


@quick
@dataclass(frozen=True, slots=True)
class Input:
    """A request's parameters and body after validation: every value is what the contract says it is.

    `path`, `query`, `header` and `cookie` hold typed values by parameter name; `body` is the parsed content
    (None where there is none or it is opaque). `texts` are all string leaves, with where they stood.
    """

    path: Mapping[str, JSON]
    query: Mapping[str, JSON]
    header: Mapping[str, JSON]
    cookie: Mapping[str, JSON]
    body: JSON
    texts: tuple[Text, ...]
    media_type: str = ""


class Text(NamedTuple):
    """One string of the input: a pointer such as `/body/notes` or `/query/q`, the value, and whether its
    schema leaves it free (so that detection has to judge it), in which format (`text`, `markdown` …), whether the
    contract says that what is found in it is recorded and not refused, and which schemes and hosts a URL may name."""

    pointer: str
    value: str
    free: bool
    format: str = "text"
    observe: bool = False
    urls: tuple[frozenset[str], frozenset[str]] | None = None


@quick
@dataclass(frozen=True, slots=True)
class Known:
    """The facts of one exchange. `params` are the matched path parameters as decoded strings.

    Copies are spelled out: `dataclasses.replace` costs more than most guards.
    """

    operation: str
    now: float
    params: Mapping[str, str]
    client: str
    request_id: str
    principal: Principal | None = None
    input: Input | None = None
    objects: tuple[ObjectRef, ...] = ()

    def with_principal(self, principal: Principal) -> Known:
        """The same facts and who calls."""
        return Known(
            self.operation, self.now, self.params, self.client, self.request_id, principal, self.input, self.objects
        )

    def with_input(self, given: Input) -> Known:
        """The same facts and the validated input."""
        return Known(
            self.operation, self.now, self.params, self.client, self.request_id, self.principal, given, self.objects
        )

    def with_objects(self, objects: tuple[ObjectRef, ...]) -> Known:
        """The same facts and the objects that the request names."""
        return Known(
            self.operation, self.now, self.params, self.client, self.request_id, self.principal, self.input, objects
        )
