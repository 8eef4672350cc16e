"""What `monitoring:` states, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["low", "medium", "high", "critical"]
Action = Literal["slow", "challenge", "revoke", "block", "freeze", "notify"]
Target = Literal["principal", "address", "credential", "operation"]


@dataclass(frozen=True, slots=True)
class Honey:
    """What nobody should touch."""

    keys: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """An action, the rules that call for it, and after how many seconds it ends by itself; of `slow` also how many
    requests are left in how many seconds."""

    on: frozenset[str]
    do: Action
    what: Target
    seconds: float
    rate: tuple[int, float] | None


@dataclass(frozen=True, slots=True)
class Respond:
    """What is done by itself, to how many in an hour, and to whom never."""

    dry_run: bool = True
    most: int = 20
    never: frozenset[str] = frozenset()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of alerts over HTTP."""

    url: str
    secret_env: str
    least: Level
    ca: str | None


@dataclass(frozen=True, slots=True)
class Email:
    """A mailbox for alerts."""

    host: str
    port: int
    to: tuple[str, ...]
    sender: str
    user: str | None
    password_env: str | None
    implicit: bool
    least: Level
    ca: str | None


@dataclass(frozen=True, slots=True)
class Syslog:
    """A syslog server for alerts."""

    host: str
    port: int
    least: Level
    ca: str | None


@dataclass(frozen=True, slots=True)
class Otel:
    """An OpenTelemetry collector, and which signals it gets."""

    endpoint: str
    signals: frozenset[str]
    ca: str | None


@dataclass(frozen=True, slots=True)
class Notify:
    """Who is told."""

    webhooks: tuple[Webhook, ...] = ()
    email: Email | None = None
    syslog: Syslog | None = None
    otel: Otel | None = None


@dataclass(frozen=True, slots=True)
class Monitoring:
    """What is watched for, done and told. `rules` are directories; `tested_within` and `keep_days` are days."""

    rules: tuple[str, ...] = ()
    off: frozenset[str] = frozenset()
    tested_within: int = 30
    keep_days: int = 400
    honey: Honey = Honey()
    respond: Respond = Respond()
    notify: Notify = Notify()
