"""The structure of `ringwall.yaml`, stated once: the parser checks by it, and `schema` prints it."""

from __future__ import annotations

from typing import Final

from ringwall.contract.api import JSON
from ringwall.contract.clients import CLIENTS, REQUIRES
from ringwall.contract.conditions import WHEN
from ringwall.contract.grammar_certificates import CERTIFICATES
from ringwall.contract.grammar_console import CONSOLE
from ringwall.contract.grammar_deployment import ACCEPTED, ANY, CORS, CREDENTIAL, LIMITS, RATE, SECONDS, SIZE
from ringwall.contract.grammar_monitoring import MONITORING
from ringwall.contract.grammar_tls import TLS
from ringwall.contract.grammar_upstream import UPSTREAM
from ringwall.contract.shapes import (
    Either,
    Exactly,
    Flag,
    Listing,
    Number,
    Record,
    Table,
    Text,
    Word,
    is_flag,
    is_text,
)  # fmt: skip

RELATIONS: Final = ("owner", "member", "anyone")
CLASSES: Final = ("identifier", "contact", "health", "financial", "cardholder", "secret", "public")
LAYERS: Final = (
    "transport", "quota", "authentication", "authorization", "validation", "detection", "encryption", "sinks",
    "disclosure",
)  # fmt: skip
FORMATS: Final = ("text", "plain", "markdown", "html", "code", "sql", "url", "filename", "json")
METHODS: Final = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE", "WS")

_LINE = r"[^\x00-\x1f]"
NAME: Final = Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a name of letters, digits, `_`, `.` and `-`")
WORD: Final = Text(
    r"(?:scope|group):[!-~]{1,200}|[A-Za-z_][A-Za-z0-9_.-]{0,99}",
    "a role, owner, member, anyone, scope:NAME or group:NAME",
)
_ALLOW: Final = Either(is_text, Word(("anyone",)), Listing(WORD))
KEY: Final = Text(
    rf"(?:GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|TRACE|WS|\*) /{_LINE}*|tag:{_LINE}+|\*",
    "`METHOD /path`, `WS /path`, a glob of it, `tag:NAME` or `*`",
)


_ISSUER = Record(
    "an outside issuer of tokens",
    {
        "issuer": ANY,
        "audience": ANY,
        "roles": ANY,
        "groups": ANY,
        "tenant": ANY,
        "jwks": ANY,
        "map": Table(ANY, NAME),
    },
    required=("issuer", "audience"),
    notes={
        "issuer": "What `iss` must say (OpenID Connect discovery is read from it).",
        "audience": "What `aud` must contain.",
        "roles": "The claim that holds the roles, dotted: realm_access.roles.",
        "groups": "The claim that holds the groups, dotted.",
        "tenant": "The claim that holds the tenant, dotted.",
        "jwks": "The key set, a URL or file, where there is no discovery document.",
        "map": "The issuer's words for roles, and the contract's; where it is stated, no other word counts.",
    },
)
_SESSIONS = Record(
    "how long browser sessions last, and what becomes of one that is used from two places at once",
    {
        "idle": Number(60, high=86_400),
        "absolute": Number(300, high=2_592_000),
        "concurrent": Word(("record", "revoke")),
    },
    notes={
        "idle": "Seconds after the last use.",
        "absolute": "Seconds after the sign-in.",
        "concurrent": "revoke: end a session that is used from two places at once; record: only raise the event.",
    },
)
_AUTHENTICATION = Record(
    "which credentials are taken; what is not stated is off",
    {
        "accounts": Flag(),
        "api_keys": Flag(),
        "basic": Flag(),
        "sessions": Either(is_flag, Flag(), _SESSIONS),
        "issuers": Listing(_ISSUER),
        "upstream": UPSTREAM,
        "certificates": CERTIFICATES,
        "url": Text(r"https://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?", "an address such as https://api.example.com"),
        "clients": CLIENTS,
    },
    later={"strict": "strict revocation"},
    notes={
        "accounts": "Ringwall's own accounts and token endpoint.",
        "api_keys": "API keys issued by `ringwall apikeys`.",
        "basic": "HTTP Basic with ringwall's accounts.",
        "sessions": "Browser sessions of ringwall's accounts, by cookie.",
        "issuers": "Outside OpenID Connect or JWT issuers.",
        "certificates": "Client certificates, and whom they speak for.",
        "upstream": "The login that the API itself has: its token stays here, the caller gets ringwall's own.",
        "url": "Where browsers and clients reach ringwall itself: the issuer of its tokens.",
        "clients": "OAuth clients of ringwall's own server, beside those of `ringwall clients`.",
    },
)
_ROLE = Record(
    "what a role includes and demands",
    {"includes": Listing(NAME), "requires": Word(("mfa",)), "groups": Listing(ANY)},
    notes={
        "includes": "Roles whose rights it has too.",
        "requires": "mfa: held only with a second factor.",
        "groups": "Groups of the caller's issuer whose members hold it.",
    },
)
_FIELD = Record(
    "what is stated of a property",
    {
        "class": Word(CLASSES),
        "encrypt": Either(is_flag, Flag(), Word(("searchable",))),
        "mask": Word(("last4", "initial", "domain", "all")),
        "read": _ALLOW,
        "write": _ALLOW,
        "format": Word(FORMATS),
        "sanitize": Flag(),
        "observe": Flag(),
        "schemes": Listing(Text(r"[a-z][a-z0-9+.-]{0,30}", "a scheme such as https")),
        "hosts": Listing(Text(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?", "a host such as cdn.example.com")),
    },
    notes={
        "class": "The kind of data; where none is stated, it is treated as an identifier.",
        "encrypt": "Whether the application only ever stores ciphertext; searchable: equal values stay equal.",
        "mask": "The part that those see who may not read the whole.",
        "read": "Who reads it; where nothing is stated, whoever the operation allows.",
        "write": "Who writes it; where nothing is stated, whoever the operation allows.",
        "format": "What free text may hold, so that detection can be exact.",
        "sanitize": "Whether HTML that is not harmless is taken out instead of refused.",
        "observe": "Whether what detection finds in it is recorded and not refused.",
        "schemes": "The schemes that a `format: url` may have; where none is stated, http and https.",
        "hosts": "The hosts, with all below them, that a `format: url` may name; where none is stated, public ones.",
    },
)
_RESOURCE = Record(
    "a kind of object",
    {
        "schema": ANY,
        "id": ANY,
        "owner": ANY,
        "tenant": ANY,
        "claim": ANY,
        "model": NAME,
        "fields": Table(ANY, _FIELD),
    },
    required=("id",),
    notes={
        "schema": "Its schema under components/schemas.",
        "id": "The property, and path parameter, that names one.",
        "owner": "The property that holds its owner's subject, or its path (author.email); $creator: who made it.",
        "tenant": "The property that holds its tenant.",
        "claim": "The claim of a token that holds the ids of those that are the caller's own, dotted.",
        "model": "The SQLAlchemy class of its rows, where it has another name than the resource and its schema.",
        "fields": "What is stated of its properties.",
    },
)
_RULE = Record(
    "the rule of an operation",
    {
        "allow": _ALLOW,
        "filter": Word(("owner", "tenant")),
        "rate": RATE,
        "body": SIZE,
        "seconds": SECONDS,
        "mode": Word(("enforce", "observe")),
        "replies": Word(("strict", "lenient")),
        "resource": NAME,
        "when": WHEN,
        "policy": Flag(),
        "batch": Flag(),
        "requires": REQUIRES,
        "query": Listing(ANY),
    },
    required=("allow",),
    notes={
        "allow": "anyone, or a list of roles, owner, member, scope:NAME and group:NAME.",
        "filter": "A list shows only what is the caller's, or its tenant's.",
        "rate": "Requests of one principal (or address), such as 10/minute.",
        "body": "The most bytes of a body.",
        "seconds": "The longest that the application may take.",
        "mode": "observe: decide and record, refuse nothing.",
        "replies": "strict: withhold replies that the document does not declare.",
        "resource": "What it acts on, where schema and path do not tell.",
        "when": "What has to hold besides: the time, the network, the caller.",
        "policy": "Whether the Cedar policies have to permit it, too.",
        "batch": "Whether requests inside the body are taken, which the application alone then judges.",
        "requires": "mfa, or how recently the caller must have signed in: {mfa: true, max_age: 300}.",
        "query": "Query parameters that the document forgot; each is a text, and optional.",
    },
)


def _is_sets(value: JSON) -> bool:
    return isinstance(value, list) and any(isinstance(item, list) for item in value)


CONTRACT: Final = Record(
    "the contract",
    {
        "ringwall": Exactly(1),
        "api": ANY,
        "overlays": Listing(ANY),
        "base_path": Text(r"/|(?:/[A-Za-z0-9._~!$&'()*+,=:@%-]+)+", "a path such as /api/v1"),
        "mode": Word(("enforce", "observe")),
        "observe": Listing(Word(LAYERS)),
        "authentication": _AUTHENTICATION,
        "roles": Table(NAME, _ROLE, reserved=RELATIONS),
        "never": Either(_is_sets, Listing(Listing(NAME)), Listing(NAME)),
        "policies": ANY,
        "resources": Table(NAME, _RESOURCE),
        "operations": Table(KEY, _RULE),
        "cors": CORS,
        "limits": LIMITS,
        "upstream": CREDENTIAL,
        "identity_headers": Flag(),
        "trusted_proxies": Listing(Text(r"[0-9A-Fa-f:.]{2,45}(?:/[0-9]{1,3})?", "an address or network")),
        "journal": Word(("required", "best-effort", "strict")),
        "replies": Word(("strict", "lenient")),
        "staleness": Number(0, high=3600),
        "accepted": Listing(ACCEPTED),
        "monitoring": MONITORING,
        "console": CONSOLE,
        "tls": TLS,
    },
    required=("ringwall", "api"),
    later={
        "strict": "waiting for shared state (`staleness: 0` asks every time)",
        "store": "outside stores",
    },
    notes={
        "ringwall": "The version of this format.",
        "api": "The OpenAPI document: a path, a URL, or `app` to ask the wrapped application.",
        "overlays": "OpenAPI overlays (1.0): files that state what the document forgot, applied in order.",
        "base_path": "The path before every operation's, where `servers` does not say.",
        "mode": "observe: decide and record, refuse nothing.",
        "observe": "Layers that only decide and record.",
        "never": "Roles that nobody may hold together: one list, or a list of such lists.",
        "policies": "A file of Cedar policies, for the rules that state `policy: true`.",
        "operations": "Who may do what. What is not stated is closed; the most specific rule decides.",
        "trusted_proxies": "Proxies whose X-Forwarded-* words are believed.",
        "identity_headers": "Tell the upstream who calls in plain headers too.",
        "journal": "best-effort: go on when it cannot be written; strict: replies wait until they are on disk.",
        "replies": "strict: withhold replies that the document does not declare.",
        "staleness": "Seconds for which an answer about a credential holds.",
        "accepted": "Findings of `ringwall check` that the team lives with.",
    },
)
