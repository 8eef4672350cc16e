"""The monitor on a journal: nothing is missed or told twice over restarts, damage and a lost store; replay; sidecar."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner

from e2e.e2e_process import ENTRY, serving, until
from ringwall.build import watch
from ringwall.build.load import load_contract
from ringwall.build.runtime import open_runtime
from ringwall.build.watch import keep, monitor_of, run
from ringwall.cli import cli
from ringwall.contract.model import Contract
from ringwall.contract.model_monitoring import Monitoring
from ringwall.core.ports import Unavailable
from ringwall.examples.clinic import CONTRACT, create_app
from ringwall.monitoring.monitor import Monitor
from ringwall.state import journal as writing
from ringwall.state.alerts import Alerts
from ringwall.state.journal import Journal
from ringwall.state.journal_files import JournalUnavailable, segments
from ringwall.state.journal_keys import load_or_create_signer
from ringwall.state.journal_tail import Tail
from ringwall.state.sqlite import Store

START = 1_767_225_600.0


def record(n: int, at: float = START, **changes: Any) -> bytes:
    whole = {"kind": "exchange", "id": f"r-{n}", "decision": "refuse", "reason": "authz.object", "principal": "acc-ana",
             "client": "192.0.2.7", "operation": "GET /x/{id}", "objects": [f"x:{n}"]}  # fmt: skip
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at + n)) + ".000Z"
    return orjson.dumps({**whole, "at": stamp, **changes})


@pytest.fixture
def contract(tmp_path: Path) -> Contract:
    return load_contract(CONTRACT, app=create_app(tmp_path))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    Store(tmp_path / "state.db").close()
    return tmp_path


def journal(data: Path, log: str = "") -> Journal:
    return Journal.open(data / "journal", signer=load_or_create_signer(data / "keys"), log=log)


def rules(data: Path) -> dict[str, int]:
    store = Store(data / "state.db")
    try:
        return {alert.rule: alert.count for alert in Alerts(store).alerts(limit=1000)}
    finally:
        store.close()


def drained(monitor: Monitor) -> int:
    total = 0
    while count := monitor.step():
        total += count
    return total


def test_a_restart_misses_nothing_and_tells_nothing_twice(data: Path, contract: Contract) -> None:
    log = journal(data)
    with monitor_of(contract, data, since={}) as monitor:
        for n in range(3):
            log.append(record(n))
        assert drained(monitor) == 3
    for n in range(3, 5):
        log.append(record(n))  # while nobody watched
    with monitor_of(contract, data, since={}) as monitor:
        assert drained(monitor) == 2
    log.close()
    assert rules(data) == {"foreign-object": 5, "enumeration": 1}, "the window went on over the restart"


def test_a_hit_after_an_alert_was_closed_is_a_new_alert(data: Path, contract: Contract) -> None:
    log = journal(data)
    with monitor_of(contract, data, since={}) as monitor:
        log.append(record(1))
        drained(monitor)
        (first,) = monitor.alerts.alerts(rule="foreign-object")
        assert monitor.alerts.close(first.id, time.time())
        log.append(record(2))
        drained(monitor)
        (second,) = monitor.alerts.alerts(rule="foreign-object", open_only=True)
        assert (second.id != first.id, second.count) == (True, 1)
        kept = monitor.alerts.alert(first.id)
        assert kept is not None
        assert (kept.count, kept.last) == (1, first.last), "the closed one is as it was closed"
        log.append(record(3))
        drained(monitor)
        assert [each.count for each in monitor.alerts.alerts(rule="foreign-object", open_only=True)] == [2]
    log.close()


def test_a_first_monitor_begins_at_the_end_and_another_is_turned_away(data: Path, contract: Contract) -> None:
    log = journal(data)
    log.append(record(1))
    with monitor_of(contract, data) as monitor:
        with pytest.raises(JournalUnavailable), monitor_of(contract, data):
            pass
        log.append(record(2))
        assert drained(monitor) == 1
    log.close()


def test_workers_are_judged_together_over_segments_and_torn_lines(
    data: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 1000)
    one, two = journal(data, "w0"), journal(data, "w1")
    with monitor_of(contract, data, since={}) as monitor:
        for n in range(40):
            (one if n % 2 else two).append(record(n, reason="detection.sqli"))
        with (data / "journal" / "w0" / segments(data / "journal" / "w0")[-1].path.name).open("ab") as file:
            file.write(b'{"n":20,"rec')  # only now being written
        assert drained(monitor) == 40
        assert monitor.tail.behind() == 12
    assert rules(data)["injection"] == 40
    two.close()


def test_an_altered_record_is_a_failed_control(data: Path, contract: Contract) -> None:
    log = journal(data)
    for n in range(3):
        log.append(record(n))
    path = segments(data / "journal")[0].path
    path.write_bytes(path.read_bytes().replace(b"acc-ana", b"acc-ben", 1))
    with monitor_of(contract, data, since={}) as monitor:
        drained(monitor)
    log.close()
    assert rules(data)["control-journal-damaged"] >= 1


def test_a_control_that_works_again_is_closed(data: Path, contract: Contract) -> None:
    watched = replace(contract, observe=frozenset({"detection"}))
    with monitor_of(watched, data, since={}) as monitor:
        monitor.step()
        assert [a.rule for a in monitor.alerts.alerts(open_only=True)] == ["control-observe"]
        monitor.contract = contract
        monitor._due = 0.0
        monitor.step()
        assert monitor.alerts.alerts(open_only=True) == []
        assert monitor.status()["failing"] == []


def test_a_store_that_does_not_answer_is_told_in_the_journal_and_nothing_is_missed(
    data: Path, contract: Contract, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = journal(data)
    failing = threading.Event()
    failing.set()
    with monitor_of(contract, data, since={}) as monitor:
        honest = monitor.alerts.add

        def add(*args: Any) -> Any:
            if failing.is_set():
                raise Unavailable("state.db: gone")
            return honest(*args)

        monkeypatch.setattr(monitor.alerts, "add", add)
        log.append(record(1))
        stop = threading.Event()
        thread = threading.Thread(target=run, args=(monitor, data / "monitor" / "state.json", stop))
        thread.start()
        place = data / "journal" / "monitor"
        assert until(
            lambda: place.exists() and b"control-store" in b"".join(p.read_bytes() for p in place.glob("*.jsonl"))
        )
        failing.clear()
        assert until(lambda: "foreign-object" in rules(data))
        stop.set()
        thread.join()
    log.close()


def test_old_alerts_are_let_go(data: Path, contract: Contract) -> None:
    log = journal(data)
    log.append(record(1))
    brief = replace(contract, monitoring=Monitoring(keep_days=1))
    with monitor_of(brief, data, since={}) as monitor:
        drained(monitor)
        keep(monitor, data / "monitor" / "state.json")
    log.close()
    assert rules(data) == {}, "its records are of 2026-01-01"


def test_a_broken_state_file_starts_over(data: Path, contract: Contract) -> None:
    (data / "monitor").mkdir()
    for content in (b"", b"[]", b"{", b'{"places": 5, "baselines": {}}', b'{"places": {"": [1]}, "baselines": {}}'):
        (data / "monitor" / "state.json").write_bytes(content)
        with monitor_of(contract, data) as monitor:
            assert monitor.step() == 0


def test_a_replay_says_what_changed_rules_would_have_found(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = journal(data, "w0"), journal(data, "w1")
    for n in range(12):
        (one if n % 2 else two).append(record(n, client=f"192.0.2.{n % 2}"))
    one.close()
    two.close()
    own = tmp_path / "rules"
    own.mkdir()
    (own / "x.yml").write_text(
        "title: X\nname: every-x\nlogsource: {product: ringwall}\ndetection:\n  s: {operation|startswith: 'GET /x'}\n"
        "  condition: s\nlevel: low\n".replace("{operation|startswith: 'GET /x'}", "{'operation|startswith': 'GET /x'}")
    )
    monkeypatch.chdir(tmp_path)
    words = ["monitor", "replay", "--data", str(data), "--rules", str(own), "--json"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    hits = [json.loads(line) for line in done.output.splitlines()]
    assert sum(h["rule"] == "every-x" for h in hits) == 12
    assert any(h["rule"] == "enumeration" for h in hits), "the logs are merged by time"
    late = [
        json.loads(x) for x in CliRunner().invoke(cli, [*words, "--since", "2026-01-01T00:00:10Z"]).output.splitlines()
    ]
    assert sum(h["rule"] == "every-x" for h in late) == 2
    told = CliRunner().invoke(cli, words[:-1]).output
    assert "12  every-x" in told
    assert rules(data) == {}, "nothing is kept"


def test_a_monitor_that_is_killed_is_replaced_and_goes_on(tmp_path: Path) -> None:
    with serving(tmp_path) as running:
        key = running.ready["api_keys"][0]["key"]

        def monitors() -> list[int]:
            found = subprocess.run(["ps", "-eo", "pid,ppid"], capture_output=True, text=True, check=True).stdout
            pairs = [tuple(map(int, line.split())) for line in found.splitlines()[1:]]
            children = [pid for pid, parent in pairs if parent == running.process.pid]
            return [pid for pid, parent in pairs if parent in children]

        assert until(lambda: len(monitors()) == 1)
        (first,) = monitors()
        os.kill(first, signal.SIGKILL)
        with running.client(**{"X-API-Key": key}) as client:
            assert client.get("/export").status_code == 403
        assert until(lambda: "forbidden-operation" in rules(running.data), 15.0)
        assert monitors() != [first]
        children = monitors()
    assert until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in children)), "none outlives it"


def test_beside_an_application_in_process_it_runs_by_itself(tmp_path: Path) -> None:
    runtime = open_runtime(tmp_path / "data")
    (tmp_path / "openapi.json").write_text(json.dumps(create_app(tmp_path).openapi()))
    words = [*ENTRY, "monitor", "run", "--contract", str(CONTRACT), "--openapi", str(tmp_path / "openapi.json"),
             "--data", str(tmp_path / "data")]  # fmt: skip
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            assert "watching" in process.stdout.readline()
            now = time.time()
            runtime.journal.append(record(0, now))
            assert until(lambda: "foreign-object" in rules(tmp_path / "data"))
            process.terminate()
            assert process.wait(15) == 0
        finally:
            process.kill()
            runtime.close()


def test_the_tail_reads_every_line_once(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "SEGMENT_BYTES", 2000)
    log = journal(data)
    tail = Tail(data / "journal")
    seen: list[int] = []
    for n in range(50):
        log.append(record(n))
        if n % 7 == 0:
            seen += [line.index for line in tail.read(3)]
    while lines := tail.read(3):
        seen += [line.index for line in lines]
    assert seen == list(range(50))
    assert tail.behind() == 0
    assert len(segments(data / "journal")) > 3
    log.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOK_S", 0.02)


def test_the_store_is_private(data: Path, contract: Contract) -> None:
    with monitor_of(contract, data):
        pass
    assert (data / "monitor" / "spool.db").stat().st_mode & 0o077 == 0
    assert (data / "monitor" / "state.json").stat().st_mode & 0o077 == 0
    with sqlite3.connect(data / "monitor" / "spool.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    assert sys.platform == "linux"
