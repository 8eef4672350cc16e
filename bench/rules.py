"""What detection costs here: `python bench/rules.py [events] [rules]`. Figures depend on the machine.

Records of honest traffic with two attacks in a hundred; the shipped rules, and others of the usual kinds.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import orjson

from ringwall.monitoring.baseline import Baselines
from ringwall.monitoring.monitor import moment
from ringwall.monitoring.rules import Detector, load_rules
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_tail import Tail


def event(n: int, chance: random.Random) -> bytes:
    """A record, about 500 bytes."""
    hostile = chance.random() < 0.02
    reason = chance.choice(["detection.sqli", "authz.object", "authz.operation", "validation.pattern"])
    clock = f"{n // 360000 % 24:02d}:{n // 6000 % 60:02d}:{n // 100 % 60:02d}.{n % 100:02d}0"
    record = {
        "kind": "exchange", "id": f"{n:024x}", "at": f"2026-01-01T{clock}Z",
        "operation": f"GET /resource{n % 50}/{{id}}",
        "principal": f"user-{chance.randrange(2000)}", "roles": ["nurse"], "client": f"192.0.2.{chance.randrange(250)}",
        "method": "GET", "path": "/resource/{id}", "status": 422 if hostile else 200,
        "decision": "refuse" if hostile else "allow", "credential": f"token:{chance.randrange(2000)}",
        "layers": {"quota": 3.1, "authentication": 12.5, "authorization": 20.0}, "us": 120.5, "app_us": 900.0,
        "objects": [f"patient:{chance.randrange(20000)}"], "sizes": [0, 900],
    }  # fmt: skip
    return orjson.dumps({**record, "reason": reason, "layer": "detection"} if hostile else record)


def others(count: int) -> list[str]:
    """Rules of the kinds that people write."""
    made = []
    for n in range(count):
        match n % 4:
            case 0:
                selection = f"{{reason|startswith: 'x{n}.', decision: refuse}}"
            case 1:
                selection = f"{{operation|contains: '/resource{n}/', status: [403, 404], method: GET}}"
            case 2:
                selection = f"{{principal: 'user-{n}', operation|endswith: '/export{n}', kind: exchange}}"
            case _:
                selection = f"{{'client|cidr': '10.{n % 250}.0.0/16', 'credential|re': '^key:k{n}'}}"
        selection = selection.replace("reason|startswith", "'reason|startswith'").replace(
            "operation|contains", "'operation|contains'"
        ).replace("operation|endswith", "'operation|endswith'")  # fmt: skip
        made.append(
            f"title: other {n}\nname: other-{n}\nlogsource: {{product: ringwall}}\n"
            f"detection: {{s: {selection}, condition: s}}\nlevel: low\n"
        )
    return made


def timed(label: str, count: int, work: Callable[[], object]) -> None:
    """Print events a second of CPU time."""
    begun, wall = time.process_time(), time.perf_counter()
    work()
    cpu, took = time.process_time() - begun, time.perf_counter() - wall
    print(f"{label}: {count / cpu:,.0f} events/s of CPU, {count / took:,.0f}/s here, {cpu / count * 1e6:.1f} us each")


def main(count: int, rules: int) -> None:
    """Print one figure a line."""
    chance = random.Random(1)  # noqa: S311 - a bench's traffic
    raw = [event(n, chance) for n in range(count)]
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        own = place / "rules"
        own.mkdir()
        shipped = len(load_rules().rules)
        (own / "others.yml").write_text("---\n".join(others(max(0, rules - shipped))))
        begun = time.perf_counter()
        loaded = load_rules([own])
        detector, baselines = Detector(loaded.rules), Baselines()
        print(f"{len(detector.names)} rules, loaded in {(time.perf_counter() - begun) * 1000:.0f} ms")
        assert not loaded.wrong, loaded.wrong[:3]
        parsed = [orjson.loads(each) for each in raw]
        times = [moment(each) for each in parsed]
        timed("rules alone", count, lambda: [detector.see(r, at) for r, at in zip(parsed, times, strict=True)])
        timed("baselines", count, lambda: [baselines.see(r, at) for r, at in zip(parsed, times, strict=True)])
        journal = Journal.open(place / "journal", signer=load_or_create_signer(place / "keys"))
        for each in raw:
            journal.append(each)
        journal.close()
        again, usual = Detector(loaded.rules), Baselines()

        def whole() -> None:
            tail = Tail(place / "journal")
            while lines := tail.read(2000):
                for line in lines:
                    record = orjson.loads(line.record or b"{}")
                    at = moment(record)
                    again.see(record, at)
                    usual.see(record, at)

        timed("from the journal: read, check, parse, judge", count, whole)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 200)
