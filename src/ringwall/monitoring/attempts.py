"""Tries to sign in as records: what name was tried is told as a keyed hash, so that tries can be counted and no name is
kept. Where there is an account of the name, the hash and the address are sealed under its subject's key, once there is
one: making it for a wrong try would take longer than for a name of nobody's. The subject itself is told only of whoever
proved the password: nobody's alerts are about whom others guess at."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import Protocol

import orjson

from ringwall.core.event import Event
from ringwall.monitoring.recorder import Log


def pseudonym(key: bytes, name: str) -> str:
    """16 hexadecimal digits for a canonical name: the same for the same name under the same key."""
    return blake2b(name.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=8).hexdigest()


class Persons(Protocol):
    """What seals a text under a person's key."""

    def seal(self, subject: str, member: str, text: str) -> str: ...
    def known(self, subject: str) -> bool: ...


def attempts(
    log: Log, key: bytes, subject_of: Callable[[str], str | None], persons: Persons
) -> Callable[[str, str, str], None]:
    """What records a try: its canonical name, the network it came from and its outcome. Raises what the log and the
    store raise."""

    def told(name: str, network: str, outcome: str) -> None:
        event = Event(
            kind="signin",
            id=secrets.token_hex(12),
            at=time.time(),
            operation="signin",
            method="",
            path="",
            client=network,
            decision="allow" if outcome == "ok" else "refuse",
            status=0,
            facts={"account": pseudonym(key, name), "outcome": outcome},
        )
        document, subject = event.document(), subject_of(name)
        if subject is not None and (outcome == "ok" or persons.known(subject)):
            document["client"] = persons.seal(subject, "client", network)
            document["account"] = persons.seal(subject, "account", str(event.facts["account"]))
            if outcome == "ok":
                document["principal"] = persons.seal(subject, "principal", subject)
        log.append(orjson.dumps(document, option=orjson.OPT_SORT_KEYS))

    return told
