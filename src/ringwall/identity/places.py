"""Whence a session is used: one that is used from two places at once, or by another kind of browser, was copied.

A cookie does not move between browsers, and a person is in one network at a time: what comes from a second network is
odd once the first is used again within a minute. A mere change of network is not, nor are IPv4 and IPv6 in turn.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal

from ringwall.core.records import StoredPlace
from ringwall.identity.sessions import SessionStore

TOGETHER_S: Final = 60.0
_EVERY_S: Final = 5.0
_VERSION: Final = re.compile(r"[0-9][0-9A-Za-z._]*")

Odd = Literal["browser", "network"]


class Places:
    """The places of the sessions of one store."""

    def __init__(self, store: SessionStore, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def odd(self, session_id: str, opened_by: str, network: str, agent: str) -> tuple[Odd | None, bool]:
        """What is odd about this use of a session, and whether that is news. `opened_by` is the kind of browser of
        the sign-in, empty where that is not known."""
        now, mine = self._now(), kind_of(agent)
        places = self._store.places_of(session_id)
        here = next((p for p in places if (p.network, p.browser) == (network, mine)), None)
        others = [p for p in places if _elsewhere(p.network, network) and now - p.last < TOGETHER_S]
        found: Odd | None = None
        if opened_by and mine != opened_by:
            found = "browser"
        elif here is not None and any(now - TOGETHER_S < here.last < p.last for p in others):
            found = "network"
        place = replace(here, last=now) if here else StoredPlace(network, mine, now)
        if found or here is None or others or now - here.last >= _EVERY_S:
            self._store.keep_place(session_id, replace(place, told=place.told or found is not None))
        return found, found is not None and not place.told


def _elsewhere(network: str, other: str) -> bool:
    return network != other and (":" in network) == (":" in other)


def kind_of(agent: str) -> str:
    """A browser's name for itself without its versions, which change under a running session; a hash of it."""
    plain = _VERSION.sub("", agent[:200])
    return hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:16] if agent else ""
