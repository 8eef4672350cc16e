"""What the journal costs here: `python bench/journal.py [events]`. Figures depend on the machine and its disk."""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import orjson

from ringwall.core.event import Event
from ringwall.core.known import Known, Principal
from ringwall.core.reasons import Layer
from ringwall.layers.response import Restraint, Restraints, forge, forge_address
from ringwall.monitoring.metrics import Metrics
from ringwall.monitoring.recorder import Health, recorder
from ringwall.state.journal import Journal
from ringwall.state.journal_index import Query, search
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_verify import verify


def event(n: int) -> bytes:
    """A record as an exchange closes with, about 500 bytes."""
    verdicts = [{"layer": layer, "guard": "g", "verdict": "pass", "us": 12.5} for layer in ("quota", "authn", "authz")]
    return orjson.dumps(
        {
            "kind": "exchange", "id": f"01JZ{n:022d}", "at": f"2026-01-01T00:{n // 60 % 60:02d}:{n % 60:02d}.000Z",
            "operation": f"GET /resource{n % 50}/{{id}}", "principal": f"user-{n % 5000}", "roles": ["nurse"],
            "client": "192.0.2.1", "method": "GET", "path": "/resource/{id}", "status": 200, "decision": "allow",
            "verdicts": verdicts, "objects": [f"patient:{n % 20000}"], "sizes": [0, 900], "us": 120.5,
        }
    )  # fmt: skip


def main(count: int) -> None:
    """Prints one figure a line."""
    with tempfile.TemporaryDirectory() as name:
        data = Path(name)
        signer = load_or_create_signer(data / "keys")
        events = [event(n) for n in range(count)]
        journal = Journal.open(data / "journal", signer=signer)
        took = []
        begun = time.perf_counter()
        for each in events:
            before = time.perf_counter_ns()
            journal.append(each)
            took.append((time.perf_counter_ns() - before) / 1000)
        wall = time.perf_counter() - begun
        took.sort()
        print(f"append, {len(events[0])} bytes: median {statistics.median(took):.1f} us, "
              f"p99 {took[int(count * 0.99)]:.1f} us, {count / wall:,.0f} events/s")  # fmt: skip
        recorded(journal, min(count, 50_000))
        restrained(min(count, 200_000))
        timed("close, sync and sign", journal.close)
        timed("open again", lambda: Journal.open(data / "journal", signer=signer).close())
        for label, keys in (("with the key", signer), ("with the public key", signer.verifier)):
            begun = time.process_time()
            seconds = timed(f"verify {label}", lambda keys=keys: verify(data / "journal", keys))
            cpu = time.process_time() - begun
            print(f"verify {label}: {count / seconds:,.0f} events/s here, {count / cpu:,.0f}/s of CPU")
        timed("index", lambda: search(data / "journal", Query(limit=1)))
        timed("search, indexed", lambda: search(data / "journal", Query(principal="user-77", object="patient:77")))
        strict = Journal.open(data / "journal", signer=signer, log="strict", strict=True)
        waits = [timed("", lambda: strict.append(events[0])) for _ in range(50)]
        print(f"append, strict: median {statistics.median(waits) * 1e3:.2f} ms")
        strict.close()


def recorded(journal: Journal, count: int) -> None:
    """The recorder's whole work for an exchange: metrics, the event as JSON, hash, tag, write."""
    record = recorder(journal, Metrics(), Health())
    made = [
        Event(
            kind="exchange", id=f"{n:024x}", at=1_767_225_600.0 + n / 100, operation=f"GET /resource{n % 50}/{{id}}",
            method="GET", path="/resource/{id}", client="192.0.2.1", decision="allow", status=200,
            principal=f"user-{n % 5000}", roles=("nurse",), credential="key:abc", objects=(f"patient:{n % 20000}",),
            layers=tuple((layer, 12.5) for layer in Layer), sizes=(0, 900), us=120.5, app_us=900.0,
        )
        for n in range(count)
    ]  # fmt: skip
    before = time.process_time()
    took = []
    for each in made:
        begun = time.perf_counter_ns()
        record(each)
        took.append((time.perf_counter_ns() - begun) / 1000)
    cpu = (time.process_time() - before) / count * 1e6
    print(f"event and append on the request's path: median {statistics.median(took):.1f} us, {cpu:.1f} us of CPU")


def restrained(count: int) -> None:
    """What a request pays for responses: with none in force, and with ten thousand."""
    who = Principal("acc-ana", frozenset(), "token")
    known = Known("GET /x", 1.0, {}, "192.0.2.1", "r", who)
    for label, held in (("none", {}), ("10,000", {f"acc-{n}": Restraint("r", 0.0, 9e9) for n in range(10_000)})):
        places = Restraints(addresses=held, principals=held)
        guards = (*forge_address(places).head, *forge(_Operation(), places).head)  # type: ignore[arg-type]
        begun = time.process_time()
        for _ in range(count):
            for guard in guards:
                guard.check(None, known)  # type: ignore[arg-type]
        print(f"restraints, {label} in force: {(time.process_time() - begun) / count * 1e6:.2f} us a request")


class _Operation:
    key = "GET /x"


def timed(label: str, work: object) -> float:
    """Seconds that `work()` took; printed under a label."""
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    seconds = time.perf_counter() - begun
    if label:
        print(f"{label}: {seconds * 1000:,.1f} ms")
    return seconds


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200_000)
