"""Tries to sign in as records: who tried is told as a keyed hash, so that tries can be counted and no name is kept."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from hashlib import blake2b

import orjson

from ringwall.core.event import Event
from ringwall.monitoring.recorder import Log


def pseudonym(key: bytes, name: str) -> str:
    """16 hexadecimal digits for a canonical name: the same for the same name under the same key."""
    return blake2b(name.encode("utf-8", "surrogatepass"), key=key[:64], digest_size=8).hexdigest()


def attempts(log: Log, key: bytes) -> Callable[[str, str, str], None]:
    """What records a try: its canonical name, the network it came from and its outcome. Raises what the log raises."""

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
        log.append(orjson.dumps(event.document(), option=orjson.OPT_SORT_KEYS))

    return told
