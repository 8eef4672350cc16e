"""What the drill prints: its stable JSON form, the table, and THREATS.md; their form, never their figures."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
from click.testing import CliRunner

from ringwall.attacks import LAYERS, ROWS
from ringwall.cli.drill import command
from ringwall.drill import render
from ringwall.drill.advice import ADVICE
from ringwall.drill.compare import fallen
from ringwall.drill.fool import FOOLABLE
from ringwall.drill.matrix import Cell, Matrix, Row
from ringwall.drill.schemas import matrix_schema

VALID = jsonschema_rs.validator_for(matrix_schema())


def matrix() -> Matrix:
    """Two attacks: one with two walls, one with a gap."""

    def attack(kind: str, case: str, first: str, behind: str | None) -> Row:
        cells = tuple(Cell(layer, True, behind if layer == first else first) for layer in FOOLABLE)
        alone = (first, behind) if behind else (first,)
        return Row(kind, case, "GET /patients/{patient_id}", True, True, first, True, cells, alone, None)

    return Matrix(
        (attack("sqli", "sqli-a", "detection", "sinks"), attack("idor", "idor-b", "authorization", None)),
        ("x-wire",),
        1.5,
    )


def test_the_document_is_what_its_schema_says() -> None:
    assert not [*VALID.iter_errors(json.loads(json.dumps(render.document(matrix()))))]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: d.pop("seconds"),
        lambda d: d.update(more=1),
        lambda d: d["attacks"][0].pop("depth"),
        lambda d: d["attacks"][0].update(stopped_by="luck"),
        lambda d: d["attacks"][0]["cells"][0].pop("fooled"),
        lambda d: d["attacks"][0]["cells"][0].update(stopped_by=False),
        lambda d: d["single_points"].append("no layer"),
    ],
)  # fmt: skip
def test_the_schema_refuses_another_form(spoil: object) -> None:
    document = json.loads(json.dumps(render.document(matrix())))
    spoil(document)  # type: ignore[operator]
    assert not VALID.is_valid(document)


def test_the_schema_names_the_layers_that_there_are() -> None:
    assert matrix_schema()["$defs"]["layer"]["enum"] == [*LAYERS] == [*FOOLABLE]  # type: ignore[index]


def test_depth_and_single_points_are_what_the_cells_show() -> None:
    deep, shallow = matrix().rows
    assert (deep.alone, deep.depth, deep.single_points) == (("detection", "sinks"), 2, ())
    assert (shallow.alone, shallow.depth, shallow.single_points) == (("authorization",), 1, ("authorization",))
    assert matrix().gaps == ("idor-b: authorization",)
    assert not matrix().holds


def test_the_table_names_the_gap_and_what_was_not_played() -> None:
    shown = render.text(matrix())
    assert "single points of failure: 1\n  idor-b: authorization" in shown
    assert "HURT" in shown
    assert "x-wire" in shown


THREAT_LINE = re.compile(r"\| [a-z0-9-]+ \| `[A-Z]+ /\S*` \| [a-z]+( · [a-z]+)* \| \d \| (none|[a-z]+(, [a-z]+)*) \|")


def threats_well_formed(text: str) -> list[str]:
    """The cases that a THREATS.md tells of; asserts its form."""
    lines = text.splitlines()
    assert lines[0] == "# Threats"
    titles = [line[3:].lower() for line in lines if line.startswith("## ")]
    assert [title for title in titles if title != "single points of failure"] == [row for row in ROWS if row in titles]
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| attack")]
    assert rows
    assert not [line for line in rows if not THREAT_LINE.fullmatch(line)]
    return [line.split(" ")[1] for line in rows]


def test_threats_has_its_form() -> None:
    assert threats_well_formed(render.threats(matrix())) == ["sqli-a", "idor-b"]


def test_the_command_plays_attacks_and_prints_the_stable_form(tmp_path: Path) -> None:
    threats = tmp_path / "THREATS.md"
    ran = CliRunner().invoke(command, ["--only", "xss-reflected", "--json", "--threats", str(threats)])
    assert ran.exit_code == 0, ran.output
    document = json.loads(ran.stdout)
    VALID.validate(document)
    assert [attack["case"] for attack in document["attacks"]] == ["xss-reflected-event", "xss-reflected-script"]
    for attack in document["attacks"]:
        assert attack["hurts_bare"]
        assert attack["depth"] >= 2
        assert all(cell["honest_passes"] and cell["stopped_by"] for cell in attack["cells"])
    assert threats_well_formed(threats.read_text()) == ["xss-reflected-event", "xss-reflected-script"]


def test_a_gap_is_exit_status_one_and_no_case_is_wrong_usage() -> None:
    ran = CliRunner().invoke(command, ["--only", "theft-diagnosis"])
    assert ran.exit_code == 1
    assert "theft-diagnosis: encryption" in ran.stdout
    assert CliRunner().invoke(command, ["--only", "no-such-case"]).exit_code == 2


def test_a_drill_is_held_against_an_earlier_one(tmp_path: Path) -> None:
    before = {a["case"]: a for a in json.loads(json.dumps(render.document(matrix())))["attacks"]}
    assert fallen(matrix(), before) == []
    before["idor-b"]["depth"] = 2
    for cell in before["idor-b"]["cells"]:
        cell["stopped_by"] = "disclosure"
    assert fallen(matrix(), before) == [
        "idor-b: depth 2 before, 1 now",
        "idor-b: authorization is a single point of failure now",
    ]


def test_the_command_tells_what_fell_since(tmp_path: Path) -> None:
    now = CliRunner().invoke(command, ["--only", "theft-diagnosis", "--json"])
    (tmp_path / "drill.json").write_text(now.stdout)
    same = CliRunner().invoke(command, ["--only", "theft-diagnosis", "--since", str(tmp_path / "drill.json")])
    assert same.exit_code == 0, same.output
    deeper = json.loads(now.stdout)
    deeper["attacks"][0]["depth"] += 1
    (tmp_path / "drill.json").write_text(json.dumps(deeper))
    fell = CliRunner().invoke(command, ["--only", "theft-diagnosis", "--since", str(tmp_path / "drill.json")])
    assert (fell.exit_code, "theft-diagnosis: depth" in fell.stderr) == (1, True)
    for wrong in ("no-such-revision", "--help-me", str(tmp_path)):
        assert CliRunner().invoke(command, ["--only", "theft-diagnosis", f"--since={wrong}"]).exit_code == 2


def test_pairs_and_the_page_are_made(tmp_path: Path) -> None:
    page = tmp_path / "drill.html"
    ran = CliRunner().invoke(command, ["--only", "xss-reflected-event", "--json", "--pairs", "--html", str(page)])
    attack = json.loads(ran.stdout)["attacks"][0]
    VALID.validate(json.loads(ran.stdout))
    assert attack["depth"] == len(attack["alone"]) >= 2
    assert all(set(pair) == set(attack["alone"]) for pair in attack["pairs"]) or len(attack["alone"]) > 2
    text = page.read_text()
    assert "xss-reflected-event" in text
    assert "<script" not in text
    assert "http" not in text


def test_each_threat_has_its_advice() -> None:
    assert set(ADVICE) == set(ROWS)
