"""The guide to accounts: its contract starts, its commands run in order, and its figures are the code's."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner
from fastapi import FastAPI

from ringwall.build.load import load_contract
from ringwall.cli import cli
from ringwall.engines.crypto import passwords
from ringwall.identity import factors, guessing, tickets, words

GUIDE = (Path(__file__).parents[2] / "docs" / "accounts.md").read_text("utf-8")


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return found


def test_the_commands_run_as_they_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ringwall.yaml").write_text(block("yaml"))
    for line in block("sh").splitlines():
        done = CliRunner().invoke(cli, shlex.split(line)[1:])
        assert done.exit_code == 0, (line, done.output)
        if " invite " in line or " recover " in line:
            assert "/.ringwall/account/invitation?code=" in done.output


def test_the_contract_starts(tmp_path: Path) -> None:
    app = FastAPI()

    @app.get("/hello")
    def hello() -> dict[str, str]:
        return {}

    path = tmp_path / "ringwall.yaml"
    path.write_text(block("yaml"))
    stated = load_contract(path, app=app).authentication.sessions
    assert stated is not None
    assert (stated.idle_s, stated.absolute_s, stated.revoke) == (3600.0, 43_200.0, True)


def test_the_figures_are_the_codes() -> None:
    said = " ".join(GUIDE.split())
    assert (
        f"at least {words.ALONE} characters, or {words.BESIDE} beside a second factor; at most {words.LONGEST}" in said
    )
    assert f"{passwords.PASSES} passes, {passwords.MEMORY_KIB >> 10} MiB, {passwords.LANES} lanes" in said
    assert f"when {passwords.WAITING} wait for it" in said
    assert f"{factors.CODES} codes of 120 bits" in said
    assert f"within {int(tickets.INVITED_S // 86_400)} days" in said
    assert f"at most {int(guessing.ACCOUNT.longest_s // 60)} minutes" in said
