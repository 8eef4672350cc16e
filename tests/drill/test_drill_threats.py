"""THREATS.md is a drill's: of every attack there is, with the walls that the cases expect; and what a sample of the
attacks shows now is what it says."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from ringwall.attacks import Case, corpus
from ringwall.drill import render
from ringwall.drill.matrix import row
from ringwall.drill.sandbox import Sandbox

THREATS = Path(__file__).parents[2].joinpath("THREATS.md").read_text("utf-8")
CASES = {case.name: case for case in corpus() if not case.wire}
LINES = {line.split(" ")[1]: line for line in THREATS.splitlines() if line.startswith("| ") and "`" in line}
SAMPLE = sorted({*{case.kind: name for name, case in CASES.items()}.values(), *(n for n, c in CASES.items() if c.only)})


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    log = logging.getLogger("ringwall")
    before = log.level
    log.setLevel(logging.CRITICAL + 1)  # plays make applications fail on purpose
    yield Sandbox(tmp_path_factory.mktemp("drill"))
    log.setLevel(before)


def test_it_tells_of_every_attack() -> None:
    assert sorted(LINES) == sorted(CASES)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_walls_are_those_that_the_case_expects(case: Case) -> None:
    walls = LINES[case.name].split("|")[3]
    assert set(walls.strip().split(" · ")) == set(case.aims)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_where_one_wall_is_all_there_is_it_says_why(case: Case) -> None:
    assert (len(case.aims) == 1) == bool(case.only)
    assert not case.only or f"{case.name}" in THREATS.partition("## Single points of failure")[2]


@pytest.mark.parametrize("name", SAMPLE)
def test_it_says_what_a_drill_shows_now(name: str, sandbox: Sandbox) -> None:
    assert render.threat_line(row(CASES[name], sandbox)) == LINES[name]
