"""The key sets of outside issuers: found by OpenID Connect discovery, kept, and fetched anew before they end.

A request never waits for an issuer whose keys are at hand: from four fifths of their time on they are fetched in the
background, and while the issuer is down the last ones had are used for a day. An unknown key makes the set be fetched
at once, at most every ten seconds, and those who came meanwhile wait for the same answer, few at a time.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from ringwall.contract.model import Issuer
from ringwall.core.message import JSON
from ringwall.core.ports import KeysAtHand, KeysOf
from ringwall.engines.tokens import KeySet

KEPT_S: Final = 300.0
"""How long a set is good where its reply does not say; what it says counts between a minute and an hour."""
LAST_S: Final = 86_400.0
AGAIN_S: Final = 10.0
PATIENCE_S: Final = 5.0
_GIVEN_UP_S: Final = 20.0
_WAITING: Final = 3
_BYTES: Final = 1 << 20
_LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(slots=True)
class _Known:
    """What is known of one issuer. Times are those of a monotonic clock."""

    keys: KeySet | None = None
    fetched: float = 0.0
    good_for: float = KEPT_S
    tried: float = -AGAIN_S
    running: threading.Event | None = None
    waiting: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)


class IssuerKeys:
    """The key sets of a contract's issuers. Any thread may ask."""

    def __init__(
        self,
        issuers: tuple[Issuer, ...],
        read: Callable[[str], tuple[Mapping[str, JSON], float]] | None = None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuers = {issuer.issuer: issuer for issuer in issuers}
        self._known = {issuer.issuer: _Known() for issuer in issuers}
        self._read = read or read_json
        self._ticks = ticks

    def at_hand(self, asked: KeysAtHand) -> KeySet | None:
        """The keys, if they need not be waited for; what nears its end is fetched anew in the background."""
        known = self._known[asked.issuer]
        age = self._ticks() - known.fetched
        if known.keys is None or age > LAST_S:
            return None
        if age > known.good_for * 0.8:
            self._begin(asked.issuer)
        return known.keys

    def stale(self) -> list[str] | None:
        """The issuers whose keys were asked for anew in vain and are out of date by a minute; None for none."""
        now = self._ticks()
        late = [
            name
            for name, known in self._known.items()
            if known.running is None and known.tried > known.fetched and now - known.fetched > known.good_for + 60.0
        ]
        return sorted(late) or None

    def answer(self, asked: KeysOf) -> KeySet | None:
        """The keys after a fetch, waited for at most five seconds; else the last ones had, or None."""
        known, running = self._known[asked.issuer], self._begin(asked.issuer)
        if running is not None:
            with known.lock:
                known.waiting += 1
                crowded = known.waiting > _WAITING
            try:
                if not crowded:
                    running.wait(PATIENCE_S)
            finally:
                with known.lock:
                    known.waiting -= 1
        return known.keys if self._ticks() - known.fetched <= LAST_S else None

    def _begin(self, issuer: str) -> threading.Event | None:
        """The fetch that is under way, begun now if it may be; None where one was made a moment ago."""
        known, now = self._known[issuer], self._ticks()
        with known.lock:
            if known.running is not None and now - known.tried < _GIVEN_UP_S:
                return known.running
            if now - known.tried < AGAIN_S:
                return None
            known.tried, known.running = now, threading.Event()
            done = known.running
        threading.Thread(target=self._fetch, args=(issuer, done), name="ringwall-issuer", daemon=True).start()
        return done

    def _fetch(self, issuer: str, done: threading.Event) -> None:
        known = self._known[issuer]
        try:
            keys, good_for = self._keys(self._issuers[issuer])
            with known.lock:
                if known.running is done:  # not one that was given up
                    known.keys, known.fetched, known.good_for = keys, self._ticks(), good_for
        except (OSError, ValueError, RecursionError):
            pass  # the last keys had stay; the next question tries again
        finally:
            with known.lock:
                if known.running is done:
                    known.running = None
            done.set()

    def _keys(self, issuer: Issuer) -> tuple[KeySet, float]:
        """The key set of an issuer. Raises OSError and ValueError for one that cannot be had, or is none."""
        if issuer.jwks is not None:
            where = issuer.jwks
        else:
            discovered, _ = self._read(issuer.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if discovered.get("issuer") != issuer.issuer:  # OpenID Connect Discovery, section 4.3
                raise ValueError("the discovery document names another issuer")
            where = str(discovered.get("jwks_uri"))
            _remote(where)
        jwks, good_for = self._read(where)
        entries = jwks.get("keys")
        if not isinstance(entries, list) or any(isinstance(key, dict) and key.get("kty") == "oct" for key in entries):
            raise ValueError("no key set, or one that gives shared secrets away")
        keys = KeySet.from_jwks(jwks)
        if not keys.named and not keys.unnamed:
            raise ValueError("no key of it can be used")
        return keys, good_for


def read_json(where: str) -> tuple[Mapping[str, JSON], float]:
    """A JSON object from an https URL, a loopback http URL or a file that the contract names, and for how many seconds
    it is good. Redirects are not followed. Raises OSError and ValueError."""
    if urlsplit(where).scheme in ("", "file"):
        return _object(Path(urlsplit(where).path).read_bytes()), KEPT_S
    _remote(where)
    until = time.monotonic() + PATIENCE_S
    with _OPENER.open(Request(where, headers={"Accept": "application/json"}), timeout=PATIENCE_S) as reply:  # noqa: S310
        parts: list[bytes] = []
        while part := reply.read1(65_536):
            parts.append(part)
            if sum(map(len, parts)) > _BYTES or time.monotonic() > until:
                raise ValueError("too large, or too slow")
        return _object(b"".join(parts)), _good_for(reply.headers.get("Cache-Control", ""))


class _Straight(HTTPRedirectHandler):
    """Follows nothing: who is redirected from an issuer's own address talks to somebody else."""

    def redirect_request(self, req: Request, fp: object, code: int, msg: str, headers: object, newurl: str) -> None:
        raise HTTPError(req.full_url, code, "redirected", None, None)  # type: ignore[arg-type] # no headers, no body


_OPENER: Final = build_opener(_Straight)


def _remote(where: str) -> None:
    """Raises ValueError for what is neither https nor http on this machine."""
    parts = urlsplit(where)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("key sets are fetched over https only")


def _object(content: bytes) -> Mapping[str, JSON]:
    if len(content) > _BYTES:
        raise ValueError("too large")
    data = json.loads(content)
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - of what was fetched
    return data


def _good_for(cache_control: str) -> float:
    """Seconds by `max-age` (RFC 9111, section 5.2.2.1), between a minute and an hour."""
    for part in cache_control.lower().split(","):
        name, _, value = part.strip().partition("=")
        if name == "max-age" and value.strip('"').isdigit():
            return min(max(float(value.strip('"')), 60.0), 3600.0)
    return KEPT_S
