"""`ringwall scan` as a user types it: statuses, forms, and sentences instead of traces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ringwall.cli import cli
from scan.scan_library import CONTRACT, document, library
from scan.scan_served import served

ALICE, BOB = "--as=alice=login:alice:alice-pw-1", "--as=bob=login:bob:bob-pw-1"


def run(*arguments: str | Path, env: dict[str, str] | None = None) -> Result:
    result = CliRunner().invoke(cli, ["scan", *map(str, arguments)], env=env)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("home")
    (directory / "openapi.json").write_text(json.dumps(document()))
    (directory / "ringwall.yaml").write_text(CONTRACT)
    return directory


@pytest.fixture(scope="module")
def hardened() -> Iterator[str]:
    with served(library()) as url:
        yield url


def test_findings_give_status_one_and_a_report(home: Path, tmp_path: Path) -> None:
    stated = ("--contract", home / "ringwall.yaml", "--openapi", home / "openapi.json")
    with served(library(frozenset({"read"}))) as url:
        result = run(url, *stated, ALICE, BOB, "--format", "sarif", "--output", tmp_path / "scan.sarif", "--seed", "7")
    assert result.exit_code == 1
    results = json.loads((tmp_path / "scan.sarif").read_text())["runs"][0]["results"]
    assert {r["ruleId"] for r in results} == {"object-read"}


def test_no_finding_gives_status_zero_and_says_what_was_not_tested(home: Path, hardened: str) -> None:
    result = run(hardened, "--openapi", home / "openapi.json", ALICE, BOB)
    assert result.exit_code == 0, result.output
    assert "no findings" in result.output
    assert "not decidable" in result.output


def test_low_findings_need_not_fail(home: Path) -> None:
    with served(library(frozenset({"docs"}))) as url:
        asked = (url, "--openapi", home / "openapi.json", ALICE, BOB, "--json")
        assert run(*asked, "--fail-on", "high").exit_code == 0
        result = run(*asked)
    assert result.exit_code == 1
    assert {f["class"] for f in json.loads(result.output)["findings"]} == {"inventory"}


def test_the_document_is_asked_of_the_target(home: Path) -> None:
    with served(library(frozenset({"docs"}))) as url:
        result = run(url, "--as", "alice=key:none", "--json", "--fail-on", "critical")
    assert result.exit_code == 0
    assert json.loads(result.output)["title"] == "Library"


def test_a_credential_may_stand_in_the_environment(home: Path, hardened: str) -> None:
    stated = (hardened, "--openapi", home / "openapi.json", "--as", "alice=@ALICE")
    assert run(*stated, env={"ALICE": "login:alice:alice-pw-1"}).exit_code == 0
    assert "no ALICE" in run(*stated, env={"ALICE": ""}).output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://x",), "URL is http"),
        (("http://127.0.0.1:9", "--as", "alice"), "--as is NAME="),
        (("http://127.0.0.1:9", "--as", "a=key:x", "--as", "a=key:y"), "each account once"),
        (("http://127.0.0.1:9", "--role", "b=admin"), "no --as names"),
        (("http://127.0.0.1:9", "--role", "b"), "not NAME=VALUE"),
        (("http://127.0.0.1:9",), "No OpenAPI document"),
        (("http://127.0.0.1:9", "--openapi", "nowhere.json"), "no such file"),
    ],
)
def test_wrong_usage_is_a_sentence_with_status_two(arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert said.lower() in result.output.lower()


def test_a_password_that_is_not_taken_is_told_without_being_shown(home: Path, hardened: str) -> None:
    result = run(hardened, "--openapi", home / "openapi.json", "--as", "bob=login:bob:wrong-word")
    assert result.exit_code == 2
    assert "401" in result.output
    assert "wrong-word" not in result.output
