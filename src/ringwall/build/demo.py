"""The bundled clinic as a demonstration: its accounts and key, made anew at each start, and what to try."""

from __future__ import annotations

import secrets
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringwall.build.runtime import Runtime
from ringwall.contract.model import Contract
from ringwall.examples.clinic import ACCOUNTS, API_KEYS, CONTRACT, create_app

__all__ = ["CONTRACT", "Enrolled", "banner", "clinic", "enrol"]

_SHOWN = ("ana", "nora", "dara", "adam")


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """An account with its password in clear: for the demonstration only."""

    name: str
    password: str
    roles: tuple[str, ...]
    subject: str

    def document(self) -> dict[str, object]:
        """As the ready file has it."""
        return {"name": self.name, "password": self.password, "roles": [*self.roles], "subject": self.subject}


@dataclass(frozen=True, slots=True)
class DemoKey:
    """An API key in clear: for the demonstration only."""

    name: str
    key: str
    roles: tuple[str, ...]

    def document(self) -> dict[str, object]:
        """As the ready file has it."""
        return {"name": self.name, "key": self.key, "roles": [*self.roles]}


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Everyone who may try the clinic."""

    accounts: tuple[DemoAccount, ...]
    api_keys: tuple[DemoKey, ...]


def clinic(data: Path) -> Any:
    """The clinic, with its database beside ringwall's own state."""
    directory = data / "clinic"
    directory.mkdir(parents=True, exist_ok=True)
    return create_app(directory)


def enrol(runtime: Runtime) -> Enrolled:
    """The demo accounts with new passwords, and a new key; those of an earlier start end."""
    known = {account.name for account in runtime.accounts.list()}
    accounts = []
    for stated in ACCOUNTS:
        password = "-".join(secrets.token_hex(3) for _ in range(3))
        if stated.name in known:
            runtime.accounts.set_password(stated.name, password)
        else:
            runtime.accounts.create(stated.name, password, frozenset(stated.roles), stated.tenant, stated.subject)
        accounts.append(DemoAccount(stated.name, password, stated.roles, stated.subject))
    for old in runtime.api_keys.list():
        if old.name in {key.name for key in API_KEYS} and old.revoked is None:
            runtime.api_keys.revoke(old.key_id)
    keys = [
        DemoKey(k.name, runtime.api_keys.issue(k.name, frozenset(k.roles), tenant=k.tenant)[0], k.roles)
        for k in API_KEYS
    ]
    return Enrolled(tuple(accounts), tuple(keys))


def banner(
    url: str, ca: Path | None, data: Path, contract: Contract, enrolled: Enrolled | None, console: str | None = None
) -> list[str]:
    """What `up` prints once it serves."""
    lines = [
        f"ringwall protects {contract.api.title} at {url}  ({len(contract.operations)} operations, {contract.mode})",
        f"  health   {url}/.ringwall/ready",
        f"  metrics  {url}/.ringwall/metrics",
        f"  journal  {data}/journal   ({_program()} audit verify --data {data})",
    ]
    if console is not None:
        lines.append(f"  console  {console}")
    if ca is not None:
        lines.append(f"  trust    {ca}")
    if enrolled is not None:
        lines += ["", *_credentials(enrolled), "", *_tries(url, ca, data, enrolled)]
    return [*lines, "", "Ctrl-C stops it."]


def _program() -> str:
    """How to call ringwall in another terminal: by its name where that is found, else as it was called here."""
    return "ringwall" if shutil.which("ringwall") else sys.argv[0]


def _credentials(enrolled: Enrolled) -> list[str]:
    lines = ["Demo accounts (new at every start):"]
    lines += [
        f"  {a.name:<6} {', '.join(a.roles):<8} password {a.password}" for a in enrolled.accounts if a.name in _SHOWN
    ]
    return lines + [f"  API key {k.name} ({', '.join(k.roles)})  {k.key}" for k in enrolled.api_keys]


def _tries(url: str, ca: Path | None, data: Path, enrolled: Enrolled) -> list[str]:
    trust = f" --cacert {ca}" if ca else ""
    key = f"-H 'X-API-Key: {enrolled.api_keys[0].key}'"
    curl = f"curl -s{trust}"
    asked = f"{curl} -o /dev/null -w '%header{{ringwall-request-id}}'"
    attack = f"{url}/patients/search?q=%27%20UNION%20SELECT%20name%20FROM%20sqlite_master--"
    return [
        "Try it:",
        "  # allowed: a nurse's key reads a patient of her own clinic",
        f"  {curl} {key} {url}/patients/1",
        "  # refused by authorization: a patient of another clinic",
        f"  {curl} {key} {url}/patients/3",
        "  # refused by detection: SQL in a search",
        f"  {curl} {key} '{attack}'",
        "  # the journal's line about such a refusal",
        f"  {_program()} why --data {data} \"$({asked} {key} '{attack}')\"",
    ]
