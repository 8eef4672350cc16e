"""A disk that is really full (a small tmpfs), at any moment: what was written stays whole, what was begun goes on."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from encryption.test_keys_moved import Here
from ringwall.cli import cli
from ringwall.state.keytable import KeyTable
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

STEP = 160 << 10


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("this user may not mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


def filled(disk: Path, left: int) -> None:
    """Fill the disk but for so many bytes."""
    filler = disk / "filler"
    filler.unlink(missing_ok=True)
    room = shutil.disk_usage(disk).free - left
    if room > 0:
        filler.write_bytes(bytes(room))


@pytest.mark.parametrize("words", [("keys", "migrate"), ("keys", "rotate", "--all"), ("keys", "root", "--rotate"),
                                   ("keys", "rekey")], ids=" ".join)  # fmt: skip
def test_nothing_is_lost_and_the_next_run_ends_it(
    disk: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    here = Here(disk, rows=250)
    if words != ("keys", "migrate"):
        here.run("keys", "migrate")
    left, failed = 0, 0
    while True:
        filled(disk, left)
        done = CliRunner().invoke(cli, here.words(*words))
        (disk / "filler").unlink(missing_ok=True)
        here.whole()
        if done.exit_code == 0:
            break
        assert done.exit_code == 2, done.output
        assert any(word in done.stderr for word in ("full", "No space left", "disk I/O error")), done.stderr
        left, failed = left + STEP, failed + 1
        assert failed < 40
    assert failed, "there was no room at first"
    assert "clear" not in here.whole()
    store = Store(here.data / "state.db")
    assert KeyTable(store).roots() == {root_keys(here.data / "keys")[0].id}
    store.close()
    assert CliRunner().invoke(cli, ["audit", "verify", "--data", str(here.data)]).exit_code == 0
