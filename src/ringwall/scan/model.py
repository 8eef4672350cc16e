"""What the scanner speaks of: accounts, calls, replies, findings, verdicts, and the report. Values only."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from ringwall.contract.api import JSON

Headers = tuple[tuple[str, str], ...]
AGENT = ("User-Agent", "ringwall-scan")
State = Literal["proved", "refuted", "not tested"]
_TALK = frozenset({"success", "ok", "status", "message", "msg", "error", "errors", "detail", "details", "code", "data",
                   "result", "reason", "description", "timestamp", "path"})  # fmt: skip
_FAILED = ("false", "fail", "failed", "failure", "error", "ko", "unauthorized", "forbidden", "denied")
SERVICE = "(service)"
"""The operation of a verdict that is about the whole service."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody whom the scanner may act as. `headers` prove it (never shown); `subject`, `tenant` and `roles` are what
    the target knows them by, None where that is not known. `own` marks a throw-away account that the scanner made,
    `client` an OAuth client, whose name and secret are `username` and `password`."""

    name: str
    headers: Headers = field(default=(), repr=False)
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    subject: str | None = None
    tenant: str | None = None
    roles: frozenset[str] | None = None
    own: bool = False
    client: bool = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: header values, the part after their scheme, and the password."""
        values = [value for _, value in self.headers] + [v.partition(" ")[2] for _, v in self.headers]
        return tuple(v for v in (*values, self.password or "") if len(v) > 3)


ANONYMOUS = Account("anonymous")


@dataclass(frozen=True, slots=True)
class Call:
    """One request: `target` is path and query, as on the wire; `headers` without the credential."""

    method: str
    target: str
    headers: Headers
    body: bytes
    account: Account


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `status` is 0 where nothing did; header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def fine(self) -> bool:
        """Whether it is a success: by its status, and by its own words too."""
        return 200 <= self.status < 300 and not self.denies

    @property
    def denies(self) -> bool:
        """Whether the body says that it failed, whatever the status: `{"success": false, "message": …}`. It has to hold
        nothing else, so that an object with a state of its own is none."""
        said = self.document if 1 < len(self.body) < 2000 and self.body.lstrip()[:1] == b"{" else None
        if not isinstance(said, dict) or not set(said) <= _TALK or any(said.get(name) for name in ("data", "result")):
            return False
        failed = any(str(said[name]).lower() in _FAILED for name in ("success", "ok", "status") if name in said)
        return failed or (bool(said) and set(said) <= {"error", "errors"} and all(said.values()))

    @property
    def refused(self) -> bool:
        """Whether the target turned the request away on purpose: neither a success, an overload nor a failure."""
        denied = 200 <= self.status < 300 and self.denies
        return denied or (300 <= self.status < 500 and self.status not in (408, 425, 429))

    @property
    def text(self) -> str:
        """The body as text, whatever it is."""
        return self.body.decode("utf-8", "replace")

    @property
    def media(self) -> str:
        """The media type, lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def document(self) -> JSON:
        """The body as JSON, None where it is none."""
        try:
            value: JSON = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value


@dataclass(frozen=True, slots=True)
class Finding:
    """A proved vulnerability. `where` is the parameter or property, `evidence` what was seen, `control` what was seen
    beside it that rules the harmless explanation out, `curl` a line that shows it again."""

    kind: str
    operation: str
    where: str
    evidence: str
    control: str
    curl: str
    change: str
    accepted: bool = False
    cause: str = ""
    also: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The same in every run: from class, operation and place alone; from class and cause where one cause shows at
        several operations (`also`)."""
        stated = f"{self.kind}\n{self.cause}" if self.cause else f"{self.kind}\n{self.operation}\n{self.where}"
        return f"scan-{hashlib.sha256(stated.encode()).hexdigest()[:16]}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is known of one class of weakness at one operation, and why."""

    operation: str
    kind: str
    state: State
    why: str


@dataclass(frozen=True, slots=True)
class Report:
    """A whole scan. `left` names what the scanner made and could not remove; `ended` says why it stopped early."""

    url: str
    title: str
    seed: str
    findings: tuple[Finding, ...]
    verdicts: tuple[Verdict, ...]
    requests: int
    seconds: float
    left: tuple[str, ...]
    ended: str | None

    @property
    def counted(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(finding for finding in self.findings if not finding.accepted)
