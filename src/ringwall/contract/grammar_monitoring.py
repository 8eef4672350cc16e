"""The structure of `monitoring:` in `ringwall.yaml`: rules, honey, responses and who is told."""

from __future__ import annotations

from typing import Final

from ringwall.contract.shapes import Flag, Listing, Number, Record, Text, Word

ACTIONS: Final = ("slow", "challenge", "revoke", "block", "freeze", "notify")
TARGETS: Final = ("principal", "address", "credential", "operation")
LEVELS: Final = ("low", "medium", "high", "critical")

_LINE = r"[^\x00-\x1f]"
_ANY: Final = Text(rf"{_LINE}{{1,500}}", "a text")
_RULE: Final = Text(r"[a-z0-9][a-z0-9_.-]{0,79}", "a rule's name")
_FOR: Final = Text(r"[1-9][0-9]{0,5}[smhd]", "a time such as 15m, 2h or 1d")
_RATE: Final = Text(r"[1-9][0-9]{0,8}/(?:second|minute|hour|day)", "a rate such as 10/minute")
_ENV: Final = Text(r"[A-Za-z_][A-Za-z0-9_]{0,199}", "the name of an environment variable")
_HOST: Final = Text(r"[A-Za-z0-9.:-]{1,253}", "a host's name or address")
_PORT: Final = Number(1, whole=True, high=65_535)
_URL: Final = Text(
    r"https://[!-~]{1,2000}|http://(?:127\.0\.0\.1|localhost|\[::1\])(?:[:/][!-~]{0,2000})?",
    "an https URL (http on this machine alone)",
)

_HONEY: Final = Record(
    "what nobody should ever touch; whoever does raises a critical alert",
    {
        "keys": Listing(Text(r"[A-Za-z0-9_-]{1,64}", "an API key's public id")),
        "objects": Listing(Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}:[!-~]{1,200}", "RESOURCE:ID")),
        "fields": Listing(Text(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}", "a property's name")),
        "operations": Listing(_ANY),
    },
    notes={
        "keys": "Public ids of API keys that are planted and used by nobody.",
        "objects": "Objects that nobody has a reason to read, as RESOURCE:ID.",
        "fields": "Properties that no client sends.",
        "operations": "Operations that no client calls, as METHOD /path.",
    },
)
_ACTION: Final = Record(
    "what is done when a rule holds",
    {"on": Listing(_RULE), "do": Word(ACTIONS), "what": Word(TARGETS), "for": _FOR, "rate": _RATE},
    required=("on", "do"),
    notes={
        "on": "Names of rules.",
        "do": "slow, challenge (sign in again with a second factor), revoke, block, freeze (an operation) or notify.",
        "what": "What is acted on; as the action has it where nothing is stated.",
        "for": "After this time it ends by itself; 15m where nothing is stated.",
        "rate": "For `slow`: how often is still allowed.",
    },
)
_RESPOND: Final = Record(
    "what ringwall does by itself",
    {
        "dry_run": Flag(),
        "most": Number(1, whole=True, high=100_000),
        "never": Listing(Text(r"[!-~]{1,200}", "a subject, an address or a network")),
        "actions": Listing(_ACTION),
    },
    notes={
        "dry_run": "Only tell what would be done; so it is unless `false` is stated.",
        "most": "Principals, addresses and operations that may be acted on in an hour; 20 where nothing is stated.",
        "never": "Subjects, addresses and networks that are never acted on.",
    },
)
_WEBHOOK: Final = Record(
    "a receiver of alerts over HTTP, signed (Standard Webhooks)",
    {"url": _URL, "secret_env": _ENV, "from": Word(LEVELS), "ca": _ANY},
    required=("url", "secret_env"),
    notes={"secret_env": "The environment variable that holds the secret, whsec_… or any text.", "ca": "A CA's file."},
)
_EMAIL: Final = Record(
    "a mailbox for alerts, by SMTP over TLS",
    {
        "host": _HOST, "port": _PORT, "to": Listing(Text(r"[^\s@]{1,64}@[^\s@]{1,190}", "a mail address")),
        "sender": Text(r"[^\s@]{1,64}@[^\s@]{1,190}", "a mail address"), "user": _ANY, "password_env": _ENV,
        "tls": Word(("starttls", "implicit")), "from": Word(LEVELS), "ca": _ANY,
    },
    required=("host", "to", "sender"),
    notes={"tls": "starttls (port 587) or implicit (port 465); never without."},
)  # fmt: skip
_SYSLOG: Final = Record(
    "a syslog server for alerts, RFC 5424 over TLS",
    {"host": _HOST, "port": _PORT, "from": Word(LEVELS), "ca": _ANY},
    required=("host",),
    notes={"port": "6514 where nothing is stated."},
)
_OTEL: Final = Record(
    "an OpenTelemetry collector, OTLP over HTTP",
    {"endpoint": _URL, "signals": Listing(Word(("logs", "traces", "metrics"))), "ca": _ANY},
    required=("endpoint",),
    notes={"signals": "All three where nothing is stated."},
)
_NOTIFY: Final = Record(
    "who is told of alerts",
    {"webhooks": Listing(_WEBHOOK), "email": _EMAIL, "syslog": _SYSLOG, "otel": _OTEL},
)
MONITORING: Final = Record(
    "what is watched for, done and told",
    {
        "rules": Listing(_ANY),
        "off": Listing(_RULE),
        "tested_within": Number(0, whole=True, high=3650),
        "keep_days": Number(1, whole=True, high=36_500),
        "honey": _HONEY,
        "respond": _RESPOND,
        "notify": _NOTIFY,
    },
    notes={
        "rules": "Directories with Sigma rules of your own, beside the contract.",
        "off": "Names of shipped rules that are not wanted.",
        "tested_within": "Days after which a missing scan or drill is an alert; 30 where nothing is stated, 0: never.",
        "keep_days": "Days for which alerts and responses are kept; 400 where nothing is stated.",
    },
)
