"""The frameworks as data: every id once, every key and every named test there, and no word that promises."""

from __future__ import annotations

import ast
import csv
import os
import re
from collections import Counter
from pathlib import Path

import pytest

import ringwall
from ringwall.report.facts import FACTS
from ringwall.report.frameworks import NAMES, evidence, framework
from ringwall.report.model import STATUSES

TESTS = Path(__file__).parents[1]
PACKAGE = Path(ringwall.__file__).parent / "report"
LAYERS = {"transport", "quota", "authentication", "authorization", "validation", "detection", "encryption", "sinks",
          "disclosure"}  # fmt: skip
ASVS = os.environ.get("RINGWALL_ASVS_CSV")


def names_of(file: str) -> set[str]:
    return {node.name for node in ast.walk(ast.parse((TESTS / file).read_text()))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}  # fmt: skip


@pytest.mark.parametrize("key", evidence())
def test_every_named_test_is_there(key: str) -> None:
    for name in evidence()[key].tests:
        file, _, function = name.partition("::")
        assert function in names_of(file), name


@pytest.mark.parametrize("key", evidence())
def test_evidence_names_what_there_is(key: str) -> None:
    of = evidence()[key]
    assert set(of.needs) <= FACTS.keys()
    assert set(of.layers) <= LAYERS
    assert of.run in (None, "journal", "drill", "scan", "secrets", "own packages", "packages")
    assert of.needs or of.layers or of.run or of.tests


@pytest.mark.parametrize("name", NAMES)
def test_every_id_stands_once_and_rests_on_what_there_is(name: str) -> None:
    lines = framework(name).lines
    assert [each for each, count in Counter(line.id for line in lines).items() if count > 1] == []
    for line in lines:
        assert line.status in STATUSES
        assert line.says
        assert bool(line.by) == (line.status in ("enforced", "verified", "reported")), line.id
        assert set(line.by) <= evidence().keys(), line.id
        of = [evidence()[key] for key in line.by]
        if line.status == "enforced":
            assert any(each.needs or each.layers for each in of), f"{line.id}: nothing enforces it"
        if line.status == "verified":
            assert any(each.tests or each.run for each in of), f"{line.id}: nothing shows it"


def test_every_evidence_is_used() -> None:
    used = {key for name in NAMES for line in framework(name).lines for key in line.by}
    assert evidence().keys() - used == set()
    needed = {need for of in evidence().values() for need in of.needs}
    assert FACTS.keys() - needed == {"enforcing"}, "which every layer asks"


def test_asvs_has_its_345_ids_in_their_form() -> None:
    ids = [line.id for line in framework("asvs").lines]
    assert len(ids) == 345
    assert all(re.fullmatch(r"V\d{1,2}\.\d\.\d{1,2}", each) for each in ids)
    assert len({each.split(".")[0] for each in ids}) == 17


def test_asvs_has_the_ids_of_the_standards_own_table() -> None:
    if not ASVS:
        pytest.skip("RINGWALL_ASVS_CSV names no copy of the standard's table (asvs-5.0.0.csv)")
    with Path(ASVS).open(encoding="utf-8-sig", newline="") as table:
        rows = list(csv.DictReader(table))
    assert [line.id for line in framework("asvs").lines] == [row["req_id"] for row in rows]
    words = {" ".join(row["req_description"].split()) for row in rows}
    ours = {" ".join(line.says.split()) for line in framework("asvs").lines}
    assert not any(len(said) > 40 and said in text for said in ours for text in words), "sentences are our own"


@pytest.mark.parametrize(("name", "some"), [
    ("pci", ("3.5.1", "4.2.1", "6.2.4", "6.3.3", "6.4.2", "7.3.3", "8.4.2", "10.3.4", "11.6.1")),
    ("hipaa", ("164.312(a)(2)(iv)", "164.312(b)", "164.312(e)(2)(ii)")),
    ("gdpr", ("5(1)(f)", "25(2)", "30(1)(g)", "32(1)(d)", "33(5)")),
])  # fmt: skip
def test_the_sections_are_there(name: str, some: tuple[str, ...]) -> None:
    assert set(some) <= {line.id for line in framework(name).lines}


@pytest.mark.parametrize(
    "path", sorted(p for p in PACKAGE.rglob("*") if p.suffix in (".py", ".yaml", ".html", ".json"))
)
def test_no_word_promises(path: Path) -> None:
    assert "complian" not in path.read_text("utf-8").lower()
