"""A scan that is killed goes on where it was: what was done is not done again, what was made is removed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringwall.scan.progress import Progress
from scan.scan_library import CONTRACT, EXPECTED, FLAWS, document, library
from scan.scan_served import served

WAIT_S = 120


def _command(url: str, folder: Path, *more: str) -> list[str]:
    (folder / "ringwall.yaml").write_text(CONTRACT)
    (folder / "openapi.json").write_text(json.dumps(document()))
    people = [f"--as={name}=login:{name}:{name}-pw-1" for name in ("alice", "bob")]
    program = str(Path(sys.executable).with_name("ringwall"))
    return [program, "scan", url, "--contract", "ringwall.yaml", "--openapi", "openapi.json",
            *people, "--state", "scan.state", "--json", "--data", "data", *more]  # fmt: skip


def _steps(state: Path) -> list[str]:
    lines = state.read_text().split("\n") if state.exists() else []
    return [json.loads(line)["done"] for line in lines if '"done"' in line and line.endswith("}")]


def test_after_kill_9_it_goes_on(tmp_path: Path) -> None:
    state = tmp_path / "scan.state"
    with served(library(frozenset(FLAWS))) as url:
        first = subprocess.Popen(_command(url, tmp_path, "--rate", "120"), cwd=tmp_path, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)  # fmt: skip
        until = time.monotonic() + WAIT_S
        while len(_steps(state)) < 30 and first.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        first.send_signal(signal.SIGKILL)
        assert first.wait(WAIT_S) == -signal.SIGKILL, "it was to be killed before its end"
        before = _steps(state)
        made = state.read_text().count('"made"')
        second = subprocess.run(_command(url, tmp_path), cwd=tmp_path, capture_output=True, text=True, timeout=WAIT_S,
                                check=False)  # fmt: skip
    resumed = json.loads(second.stdout)
    assert made, "something had been made by then"
    assert os.stat(state).st_mode & 0o777 == 0o600
    assert {(f["class"], f["operation"]) for f in resumed["findings"] if f["class"] != "token"} == EXPECTED
    assert len(_steps(state)) == len(set(_steps(state))), "no step was done twice"
    assert set(before) < set(_steps(state))
    assert len(before) >= 30
    assert {left for left in resumed["left"] if left.startswith("note ")} == set()


def test_a_step_that_was_done_is_not_done_again(tmp_path: Path) -> None:
    first = Progress(tmp_path / "s", "http://127.0.0.1:1")
    first.begin("seed")
    first.finish("access      GET /x", [], [], 5)
    first.close()
    with (tmp_path / "s").open("a") as file:
        file.write('{"done": "cut o')
    again = Progress(tmp_path / "s", "http://127.0.0.1:1")
    assert (again.resumed, again.seed, again.done) == (True, "seed", {"access      GET /x"})
    assert again.count > 5, "no word is used twice"
    again.close()


def test_another_targets_state_is_refused_and_a_complete_one_begins_anew(tmp_path: Path) -> None:
    first = Progress(tmp_path / "s", "http://127.0.0.1:1")
    first.begin("seed")
    first.close()
    with pytest.raises(ValueError, match="no state of a scan of"):
        Progress(tmp_path / "s", "http://127.0.0.1:2")
    ended = Progress(tmp_path / "s", "http://127.0.0.1:1")
    ended.end()
    ended.close()
    anew = Progress(tmp_path / "s", "http://127.0.0.1:1")
    assert not anew.resumed
    anew.close()
