"""docs/encryption.md: its commands and its code run as they stand, and every test that it names is there."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import time
import types
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from encryption.test_keys_moved import Here
from ringwall.build.catalogue import reasons
from ringwall.cli import cli

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "encryption.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """The code blocks in one language."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_commands_run_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    monkeypatch.chdir(tmp_path)
    here = Here(tmp_path, rows=40)
    shutil.move(here.data, tmp_path / "ringwall-data")
    here.data = tmp_path / "ringwall-data"
    Path("backup.passphrase").write_text("a passphrase for backups")
    Path("backup.passphrase").chmod(0o600)
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    assert len(lines) == 12
    for line in lines:
        words = shlex.split(line)
        if words[0] == "cp":
            (found,) = tmp_path.glob(words[1])
            shutil.copy(found, words[2])
            continue
        done = CliRunner().invoke(cli, words[1:])
        assert done.exit_code == 0, (line, done.output)
    uses = {kid for kid in here.whole_but({"acc-3"}) if kid != "clear"}
    assert len(uses) >= 6
    assert (tmp_path / "restored" / "state.db").exists()
    assert len(list((tmp_path / "ringwall-data" / "erasures").iterdir())) == 1


def test_the_code_for_sqlalchemy_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("python")
    module = types.ModuleType("encryption_guide")
    monkeypatch.setitem(sys.modules, module.__name__, module)  # SQLAlchemy looks annotations up there
    names = vars(module)
    exec(code, names)
    engine = create_engine("sqlite:///guide.db")
    names["Base"].metadata.create_all(engine)
    patient, equal_to = names["Patient"], names["equal_to"]
    with Session(engine) as session:
        session.add(patient(account_id="acc-1", clinic_id="north", diagnosis="asthma", email="a@x.example"))
        session.commit()
        found = session.scalars(select(patient).where(patient.email == equal_to("a@x.example", "north"))).one()
        assert found.diagnosis == "asthma"
    engine.dispose()
    assert b"asthma" not in Path("guide.db").read_bytes()
    names["keys"].close()


def test_every_test_that_the_table_names_is_there() -> None:
    rows = re.findall(r"^\| (PCI DSS|HIPAA|GDPR)[^|]*\|[^|]*\| (.+) \|$", GUIDE, re.MULTILINE)
    assert len(rows) >= 20
    assert {rule for rule, _ in rows} == {"PCI DSS", "HIPAA", "GDPR"}
    for _, shown in rows:
        named = re.findall(r"`(test_\w+\.py)(?:::(test_\w+))?`", shown)
        assert named or shown.startswith("not covered"), shown
        for file, test in named:
            found = list((ROOT / "tests").rglob(file))
            assert len(found) == 1, file
            assert not test or re.search(rf"^(?:async )?def {test}\(", found[0].read_text(), re.MULTILINE), test


def test_every_reason_of_the_layer_is_told() -> None:
    told = GUIDE.partition("## Reasons")[2].partition("## What a thief")[0]
    for reason in reasons():
        layer, _, what = reason.code.partition(".")
        if layer == "encryption":
            assert f"`{reason.code}`" in told or f"`.{what}`" in told, reason.code
