"""What a real drill and a real scan print is what a report reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from report.report_contracts import stated
from ringwall.cli import cli
from ringwall.report.make import made
from scan.scan_library import CONTRACT, document, library
from scan.scan_served import served


@pytest.mark.parametrize(("flaws", "status"), [(("read",), "reported"), ((), "verified")])
def test_a_scan(tmp_path: Path, flaws: tuple[str, ...], status: str) -> None:
    (tmp_path / "openapi.json").write_text(json.dumps(document()))
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    with served(library(frozenset(flaws))) as url:
        of = [f"--contract={tmp_path / 'ringwall.yaml'}", f"--openapi={tmp_path / 'openapi.json'}"]
        words = ["scan", url, *of, "--as=alice=login:alice:alice-pw-1", "--as=bob=login:bob:bob-pw-1", "--json"]
        done = CliRunner().invoke(cli, words)
    (tmp_path / "scan.json").write_text(done.stdout)
    found = made("pci", stated(tmp_path), tmp_path / "data", None, tmp_path / "scan.json")
    (line,) = [each for each in found.lines if each.id == "6.4.1"]
    assert line.status == status, line.missing
    assert any("object-read" in each for each in line.missing) is bool(flaws)


def test_a_drill(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["drill", "--only", "idor-read-patient", "--json"])
    (tmp_path / "drill.json").write_text(done.stdout)
    found = made("pci", stated(tmp_path), tmp_path / "data", tmp_path / "drill.json", None)
    (line,) = [each for each in found.lines if each.id == "6.2.4"]
    assert line.status == "verified", line.missing
    assert "drill of 1 attacks" in line.proofs[0].what
