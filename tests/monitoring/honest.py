"""Honest mixed traffic against a running `up`, with the slips that honest people make.

`python tests/monitoring/honest.py [requests]` sends it and says which alerts it raised. There are to be none."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import ssl
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from e2e.e2e_process import Running, serving
from ringwall.identity.apikeys import ApiKeys
from ringwall.state.alerts import Alert, Alerts
from ringwall.state.sqlite import Store

NURSE = (
    ("GET", "/patients", None), ("GET", "/patients/1", None), ("GET", "/patients/2", None), ("GET", "/visits", None),
    ("GET", "/patients/search?q=marsh", None), ("GET", "/patients/search?q=Neil+%26+sons", None),
    ("GET", "/patients/by-email?email=ana@mail.example", None), ("GET", "/forms/file?name=consent.txt", None),
    ("GET", "/visits/1", None), ("GET", "/patients/1/page", None), ("GET", "/directory?name=desk", None),
    ("PATCH", "/patients/1", {"notes": "Prefers **mornings**; call after 10."}),
    ("POST", "/patients/1/letter", {"text": "Dear Ana, your results are in. Yours, Nora"}),
)  # fmt: skip
PATIENT = (
    ("GET", "/patients/1", None), ("GET", "/documents", None), ("GET", "/payments", None), ("GET", "/payments/1", None),
    ("PUT", "/patients/1/preferences", {"preferences": "language: en"}),
)  # fmt: skip
ANYONE = (("GET", "/health", None), ("GET", "/welcome?name=Zo%C3%AB", None), ("GET", "/leaflets/flu.txt", None))
SLIPS = (
    ("GET", "/patients/9999", None), ("GET", "/patients/search", None), ("GET", "/patients/abc", None),
    ("PATCH", "/patients/1", {"notes": 5}), ("GET", "/favicon.ico", None), ("PATCH", "/patients/1", {"nots": "typo"}),
    ("GET", "/visits/9999", None), ("POST", "/patients/1/letter", {}),
)  # fmt: skip
"""Stale bookmarks, typing errors, fields left out: what a hundredth of honest requests are."""


class Traffic:
    """So many callers in so many threads, each with its own connection and pace."""

    def __init__(self, running: Running, callers: int, seed: int = 1) -> None:
        self.running = running
        self.statuses: Counter[int] = Counter()
        trust = running.trust()
        self._trust = trust if isinstance(trust, ssl.SSLContext) else None
        self._keys = self._issued(callers)
        self._ana = running.sign_in("ana")
        self._seed = seed

    def _issued(self, count: int) -> list[str]:
        store = Store(self.running.data / "state.db")
        try:
            keys = ApiKeys(store, time.time)
            return [keys.issue(f"desk {n}", frozenset({"nurse"}), tenant="north")[0] for n in range(count)]
        finally:
            store.close()

    def send(self, requests: int, threads: int = 4) -> None:
        """Send so many requests and wait for all of them."""
        share = -(-requests // threads)
        running = [threading.Thread(target=self._worker, args=(n, share)) for n in range(threads)]
        for each in running:
            each.start()
        for each in running:
            each.join()

    def _worker(self, number: int, count: int) -> None:
        chance = random.Random(self._seed * 1000 + number)
        keys = itertools.cycle(self._keys[number::4] or self._keys)
        connection = self._connection()
        for n in range(count):
            method, target, body, headers = self._one(chance, next(keys), n)
            try:
                connection.request(method, target, json.dumps(body) if body is not None else None, headers)
                reply = connection.getresponse()
                reply.read()
                self.statuses[reply.status] += 1
            except (OSError, http.client.HTTPException):
                self.statuses[0] += 1
                with suppress(OSError):
                    connection.close()
                connection = self._connection()
        connection.close()

    def _one(self, chance: random.Random, key: str, n: int) -> tuple[str, str, object, dict[str, str]]:
        roll = chance.random()
        headers = {"X-API-Key": key, "Content-Type": "application/json", "User-Agent": "desk/2.1"}
        if roll < 0.01:
            return (*chance.choice(SLIPS), headers)
        if roll < 0.02:
            return (*chance.choice(ANYONE), {})
        if roll < 0.0205:
            return "GET", "/patients/1", None, {}
        if roll < 0.03:
            own = {name: value for name, value in headers.items() if name != "X-API-Key"}
            return (*chance.choice(PATIENT), {**own, "Authorization": f"Bearer {self._ana}"})
        return (*chance.choice(NURSE), headers)

    def _connection(self) -> http.client.HTTPSConnection:
        return http.client.HTTPSConnection("localhost", self.running.port, context=self._trust, timeout=30)

    def alerts(self) -> list[Alert]:
        """What was raised so far, once the monitor has read all."""
        store = Store(self.running.data / "state.db")
        try:
            time.sleep(1.5)
            return Alerts(store).alerts(limit=1000)
        finally:
            store.close()


def main(requests: int) -> int:
    """Send honest traffic at a clinic of its own; 1 where it raised anything, or where a request was not answered."""
    with tempfile.TemporaryDirectory() as name, serving(Path(name)) as running:
        traffic = Traffic(running, callers=40)
        began = time.monotonic()
        traffic.send(requests)
        took = time.monotonic() - began
        found = traffic.alerts()
    print(f"{requests:,} requests in {took:.0f} s ({requests / took:.0f}/s), statuses {dict(traffic.statuses)}")
    for alert in found:
        print(f"RAISED {alert.level} {alert.rule} x{alert.count}: {alert.explanation} {dict(alert.group)}")
    unanswered = traffic.statuses[0] + sum(n for status, n in traffic.statuses.items() if status >= 500)
    print(f"{len(found)} alerts, {unanswered} requests without an answer")
    return 1 if found or unanswered or traffic.statuses.total() < requests else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000))
