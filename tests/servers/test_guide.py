"""The guide's blocks are run as they stand, in order, and print what the guide says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from servers.serving import ROOT, clean, ended, free_port, programs

pytestmark = pytest.mark.server

GUIDE = (ROOT / "docs" / "in-front-of-an-api.md").read_text("utf-8")
MARK = "<<end of block>>"
SECONDS = 150


def blocks(section: str) -> list[tuple[str, str]]:
    """The shell blocks of a section, each with the text that is said to be printed ("" where none is shown)."""
    part = GUIDE.split(f"\n## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"```sh\n(.*?)```\n(?:\n```text\n(.*?)```)?", part, re.DOTALL)


def fits(printed: str, said: str) -> bool:
    """Whether a text is what was said; `…` is anything within a line."""
    pattern = "[^\n]*".join(re.escape(piece) for piece in said.strip().split("…"))
    return re.fullmatch(pattern, printed.strip()) is not None


@pytest.mark.parametrize(("section", "name"), [("Prefect", "prefect"), ("Chroma", "chroma")])
def test_each_block_prints_what_the_guide_says(section: str, name: str, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        assert os.environ.get("RINGWALL_REQUIRE_SERVERS") != "1", "the guide needs curl"
        pytest.skip("the guide's commands call curl")
    bin_ = programs(name)
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "ringwall"
    shim.write_text(f'#!/bin/sh\nexec {sys.executable} -c "from ringwall.cli import main; main()" "$@"\n')
    shim.chmod(0o755)
    ports = {f"{name.upper()}_PORT": str(free_port()), "PORT": str(free_port())}
    env = {**clean(ports), "PATH": f"{tmp_path / 'bin'}:{bin_}:{os.environ['PATH']}", "LC_ALL": "C.UTF-8"}
    found = blocks(section)
    script = "exec 2>&1\n" + "".join(f"{commands}echo '{MARK}'\n" for commands, _ in found)
    output = tmp_path / "output"
    with output.open("wb") as out:
        shell = subprocess.Popen(
            ["bash", "--norc", "-euc", script], cwd=tmp_path, env=env, stdin=subprocess.DEVNULL, stdout=out,
            start_new_session=True,
        )  # fmt: skip
    with ended(shell):
        shell.wait(SECONDS)
    printed = output.read_text("utf-8").split(f"{MARK}\n")
    assert (shell.returncode, len(printed)) == (0, len(found) + 1), output.read_text("utf-8")
    for (commands, said), got in zip(found, printed, strict=False):
        assert fits(got, said), f"{commands}\nsaid:\n{said}\nprinted:\n{got}"
