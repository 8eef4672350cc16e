"""The servers' tests end what they start, and say why something did not."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from servers.serving import programs, running

FORKS = (
    "import os, time, pathlib; p = os.fork(); pathlib.Path('pids').open('a').write(f'{os.getpid()}\\n'); time.sleep(60)"
)


def test_a_server_that_does_not_start_is_told_with_its_words(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match=r"ended with 3[\s\S]*no such table"):  # noqa: SIM117
        with running(
            [sys.executable, "-c", "print('no such table'); raise SystemExit(3)"], tmp_path / "r", tmp_path, {}
        ):
            pass


def test_a_failure_ends_the_server_and_its_children(tmp_path: Path) -> None:
    def fail_meanwhile() -> None:
        with running([sys.executable, "-c", FORKS], tmp_path / "pids", tmp_path, {}):
            while len((tmp_path / "pids").read_text().splitlines()) < 2:
                time.sleep(0.01)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_meanwhile()
    pids = [int(line) for line in (tmp_path / "pids").read_text().splitlines()]
    until = time.monotonic() + 5
    while alive := [pid for pid in pids if _runs(pid)]:
        assert time.monotonic() < until, f"{alive} still run"
        time.sleep(0.01)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z" and os.path.exists(f"/proc/{pid}")


def test_what_is_not_installed_is_skipped_unless_it_is_demanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RINGWALL_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match=r"make \.servers/none/ready"):
        programs("none")
    monkeypatch.setenv("RINGWALL_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="none is not installed"):
        programs("none")
