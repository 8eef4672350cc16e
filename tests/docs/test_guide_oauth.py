"""The guide to the OAuth server, its commands and its code run as they stand."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from authlib.integrations import requests_client
from click.testing import CliRunner

from oauth.oauth_world import APP, BACK, CONTRACT, World, world
from ringwall.cli import cli
from ringwall.contract.grammar import CONTRACT as GRAMMAR

GUIDE = (Path(__file__).parents[2] / "docs" / "oauth.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)


def test_the_commands_register_what_the_guide_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (shown,) = blocks("console")
    lines = shown.splitlines()
    for index, line in enumerate(lines):
        if line.startswith("$ ringwall "):
            done = CliRunner().invoke(cli, shlex.split(line)[2:])
            assert done.exit_code == 0, done.output
            said = [re.sub(r"(client-|rws_)[A-Za-z0-9_-]+", r"\1…", text) for text in done.stdout.splitlines()]
            assert said == lines[index + 1 : index + 1 + len(said)]


def test_the_contract_of_the_guide_is_one() -> None:
    (shown,) = blocks("yaml")
    mistakes: list[Any] = []
    stated = {"ringwall": 1, "api": "app", **yaml.safe_load(shown)}
    GRAMMAR.read(stated, (), lambda *told, **more: mistakes.append(told))
    assert mistakes == []


def test_the_code_of_the_guide_reads_the_notes(tmp_path: Path) -> None:
    assert '"/notes"' in APP + CONTRACT
    (code,) = blocks("python")
    with world(tmp_path / "there") as there:
        made = requests_client.OAuth2Session.__init__

        def trusting(self: Any, *arguments: Any, **options: Any) -> None:
            made(self, *arguments, **options)
            self.verify, self.trust_env = there.running.ready["ca"], False

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(requests_client.OAuth2Session, "__init__", trusting)
            names = {"client_id": there.register()[0], "back": BACK, "url": there.url, "verifier": "v" * 64,
                     "browse": lambda address: browse(there, address)}  # fmt: skip
            exec(code, names)
    assert names["notes"] == {"notes": 1}


def browse(there: World, address: str) -> str:
    browser = there.sign_in()
    with there.client() as client:
        return str(there.follow(browser, client.get(address, headers=browser)).headers["location"])


def test_every_reason_that_the_server_tells_is_in_the_guide() -> None:
    source = Path(__file__).parents[2] / "src" / "ringwall" / "identity" / "oauth"
    told = {r for path in source.glob("*.py") for r in re.findall(r'"(oauth\.[a-z]+\.[a-z]+)"', path.read_text())}
    assert len(told) >= 4
    assert {reason for reason in told if f"`{reason}`" not in GUIDE} == set()
