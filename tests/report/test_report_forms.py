"""What is printed: the stable JSON form, the page, the text; hostile names in it are text, and nothing promises."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from click.testing import CliRunner, Result

from report.report_contracts import WHOLE, stated
from ringwall.cli import cli
from ringwall.report import render
from ringwall.report.frameworks import NAMES
from ringwall.report.make import made
from ringwall.report.model import STATUSES
from ringwall.report.schemas import report_schema

VALID = jsonschema_rs.validator_for(report_schema())
HOSTILE = "</title><script>alert(1)</script>\x1b[2J<img src=x onerror=alert(2)> {{ 7*7 }}"


def run(place: Path, *words: str) -> Result:
    named = ["--contract", str(place / "ringwall.yaml"), "--data", str(place / "data")]
    return CliRunner().invoke(cli, ["report", *words, *named])


@pytest.mark.parametrize("name", NAMES)
def test_json_has_its_form_and_says_first_what_is_not_covered(tmp_path: Path, name: str) -> None:
    stated(tmp_path)
    done = run(tmp_path, "--framework", name, "--json")
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert not [*VALID.iter_errors(document)]
    places = [STATUSES.index(line["status"]) for line in document["lines"]]
    assert places == sorted(places)
    assert document["lines"][0]["status"] == "not covered"
    assert sum(document["counts"].values()) == len(document["lines"])
    assert (document["record"] is not None) == (name == "gdpr")


@pytest.mark.parametrize("spoil", [
    lambda d: d.pop("lines"),
    lambda d: d.update(more=1),
    lambda d: d["lines"][0].update(status="fine"),
    lambda d: d["lines"][0].pop("missing"),
    lambda d: d["counts"].pop("enforced"),
    lambda d: d["record"]["activities"][0]["fields"][0].update(encrypted="yes"),
])  # fmt: skip
def test_the_schema_refuses_another_form(tmp_path: Path, spoil: Any) -> None:
    document = json.loads(json.dumps(render.document(made("gdpr", stated(tmp_path), tmp_path / "data", None, None))))
    assert VALID.is_valid(document)
    spoilt = copy.deepcopy(document)
    spoil(spoilt)
    assert not VALID.is_valid(spoilt)


class Tags(HTMLParser):
    """The tags, attributes and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", NAMES)
def test_the_page_runs_and_loads_nothing_whatever_the_contract_is_called(tmp_path: Path, name: str) -> None:
    page = tmp_path / "page.html"
    stated(tmp_path, title=HOSTILE, more=("<b>evil</b>",))
    done = run(tmp_path, "--framework", name, "--html", str(page))
    assert done.exit_code == 0, done.output
    assert "\x1b" not in done.output
    seen = Tags()
    seen.feed(page.read_text("utf-8"))
    assert not {"script", "img", "link", "iframe", "object", "b>evil"} & set(seen.tags)
    assert seen.attributes <= {"lang", "charset", "name", "content", "class", "colspan"}
    assert "url(" not in page.read_text("utf-8")
    assert "alert(1)" in seen.text
    assert "{{ 7*7 }}" in seen.text
    if name == "gdpr":
        assert "<b>evil</b>" in seen.text
    order = [page.read_text("utf-8").find(f'">{status}</h2>') for status in STATUSES]
    there = [at for at in order if at >= 0]
    assert there == sorted(there)


def test_sections_stand_in_the_standards_order(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    stated(tmp_path)
    run(tmp_path, "--framework", "asvs", "--html", str(page))
    part = page.read_text("utf-8").partition('">not covered</h2>')[2].partition("<h2")[0]
    chapters = [int(number) for number in re.findall(r"<h3>V(\d+)\.", part)]
    assert chapters == sorted(chapters)
    assert chapters[-1] == 17


def test_a_sentence_of_what_does_not_hold_says_so(tmp_path: Path) -> None:
    found = made("gdpr", stated(tmp_path), tmp_path / "data", None, None)
    (tested,) = [line for line in found.lines if line.id == "32(1)(d)"]
    assert tested.says.startswith("Not here. It would be so: ")
    assert not [line.id for line in found.lines if line.missing and not line.says.startswith(("Not here.", "A run"))]


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_printed_promises(tmp_path: Path, name: str) -> None:
    stated(tmp_path)
    page = tmp_path / "page.html"
    told = run(tmp_path, "--framework", name).output + run(tmp_path, "--framework", name, "--json").output
    run(tmp_path, "--framework", name, "--html", str(page))
    assert not re.search(r"complian|certified|guarante", told + page.read_text("utf-8"), re.IGNORECASE)


def test_a_terminal_is_not_told_what_a_title_says_to_it(tmp_path: Path) -> None:
    stated(tmp_path, title=HOSTILE)
    done = run(tmp_path, "--framework", "gdpr")
    assert done.exit_code == 0
    assert "\x1b" not in done.output
    assert "RECORD OF PROCESSING" in done.output
    assert done.output.index("NOT COVERED") < done.output.index("ORGANISATIONAL") < done.output.index("ENFORCED")


def test_a_secret_in_configuration_is_told_by_its_place_alone(tmp_path: Path) -> None:
    stated(tmp_path)
    data = tmp_path / "data"
    data.mkdir()
    assert json.loads(run(tmp_path, "--framework", "pci", "--json").output)["secrets"]["found"] == []
    secret = "AKIA" + "QWERTYUIOPASDFGH"
    (data / "extra.env").write_text(f"# ours\nAWS_KEY={secret}\n")
    (tmp_path / "ringwall.yaml").write_text(WHOLE + f"# password: '{secret}'\n")
    done = run(tmp_path, "--framework", "pci", "--json")
    assert done.exit_code == 1
    document = json.loads(done.output)
    found = document["secrets"]["found"]
    (line,) = [each for each in document["lines"] if each["id"] == "8.6.2"]
    assert any("extra.env:2" in each for each in line["missing"])
    assert {(Path(each["file"]).name, each["line"]) for each in found} >= {("extra.env", 2)}
    assert "ringwall.yaml" in {Path(each["file"]).name for each in found}
    assert secret not in done.output + run(tmp_path, "--framework", "pci").output


def test_what_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    stated(tmp_path)
    file = tmp_path / "run.json"
    for content in (
        b"",
        b"[]",
        b"{}",
        b'{"attacks": 1}',
        b"\xff",
        b"[" * 100_000,
        b'{"attacks": [{}], "single_points": []}',
    ):
        file.write_bytes(content)
        for option in ("--drill", "--scan"):
            done = run(tmp_path, "--framework", "pci", option, str(file))
            assert (done.exit_code, "Traceback" in done.output) == (2, False), content[:40]
    assert run(tmp_path, "--framework", "pci", "--drill", str(tmp_path / "absent.json")).exit_code == 2
    assert run(tmp_path, "--framework", "soc2").exit_code == 2
    (tmp_path / "ringwall.yaml").write_text("ringwall: 2\n")
    assert run(tmp_path, "--framework", "pci").exit_code == 2


def test_it_makes_nothing_where_there_is_nothing(tmp_path: Path) -> None:
    stated(tmp_path)
    run(tmp_path, "--framework", "asvs")
    assert not (tmp_path / "data").exists()
