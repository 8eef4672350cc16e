"""The commands of the guide to reports, run as they stand, and what it says of the frameworks."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from report.report_contracts import stated
from ringwall.cli import cli
from ringwall.report.frameworks import NAMES
from ringwall.report.model import STATUSES

GUIDE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
DRILL: dict[str, Any] = {"attacks": [], "single_points": [], "skipped": [], "seconds": 0}
SCAN: dict[str, Any] = {"url": "http://127.0.0.1", "findings": [], "verdicts": [], "ended": None}


def commands() -> list[str]:
    return [line for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.DOTALL) for line in block.splitlines()]


@pytest.mark.parametrize("line", commands())
def test_a_command_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    stated(tmp_path)
    (tmp_path / "drill.json").write_text(json.dumps(DRILL))
    (tmp_path / "scan.json").write_text(json.dumps(SCAN))
    (tmp_path / "requirements.txt").write_text("click==8.4.2\n")
    monkeypatch.chdir(tmp_path)
    program, *words = shlex.split(line)
    done = CliRunner().invoke(cli, words)
    assert (program, done.exit_code) == ("ringwall", 0), done.output
    if "--html" in words:
        assert Path(words[words.index("--html") + 1]).read_text().startswith("<!doctype html>")


def test_frameworks_and_statuses_are_those_that_there_are() -> None:
    first = re.findall(r"^\| `?([a-z ]+)`? \|", GUIDE, re.MULTILINE)
    assert set(first) - {"status"} == {*NAMES, *STATUSES}
