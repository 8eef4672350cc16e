"""`ringwall check --from-journal`: a field that keeps producing findings is listed with the one line that mends it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest
import yaml
from click.testing import CliRunner, Result

from ringwall.cli import cli
from ringwall.core.event import Decision, Event
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import load_or_create_signer

TEXT = {"type": "string", "maxLength": 500}
PATIENT = {
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "notes": TEXT,
        "story": TEXT,
        "tags": {"type": "array", "items": TEXT},
        "visits": {"type": "array", "items": {"$ref": "#/components/schemas/Visit"}},
    },
}
VISIT = {
    "type": "object",
    "properties": {"visit_id": TEXT, "report": TEXT, "place": {"type": "object", "properties": {"street": TEXT}}},
}
API = {
    "openapi": "3.1.0",
    "info": {"title": "Clinic", "version": "1"},
    "paths": {
        "/patients": {
            "post": {
                "parameters": [{"name": "q", "in": "query", "schema": TEXT}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Patient"}}}},
                "responses": {"201": {"description": "made"}},
            }
        },
    },
    "components": {"schemas": {"Patient": PATIENT, "Visit": VISIT}},
}
CONTRACT = """\
ringwall: 1
api: openapi.json
authentication: {api_keys: true}
roles: {nurse: {}}
limits: {rate: 600/minute, anonymous_rate: 60/minute}
resources:
  patient: {schema: Patient, id: id, fields: {story: {format: markdown}}}
  visit: {schema: Visit, id: visit_id}
operations:
  "POST /patients": {allow: [nurse]}
"""
POST = "POST /patients"


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journal]:
    """A journal that a server holds open, beside its contract."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openapi.json").write_text(json.dumps(API))
    (tmp_path / "ringwall.yaml").write_text(CONTRACT)
    made = Journal.open(tmp_path / "data" / "journal", signer=load_or_create_signer(tmp_path / "data" / "keys"))
    yield made
    made.close()


def write(
    journal: Journal, pointer: str, reason: str = "detection.sqli", times: int = 3, decision: Decision = "refuse"
) -> None:
    for number in range(times):
        event = Event(
            kind="exchange", id=f"{number:08x}", at=1.0, operation=POST, method="POST", path="/patients",
            client="192.0.2.1", decision=decision, status=422, reason=reason, principal=f"acc-{number % 2}",
            faults=(f"{pointer} {reason}",),
        )  # fmt: skip
        journal.append(orjson.dumps(event.document(), option=orjson.OPT_SORT_KEYS))


def check(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["check", "--from-journal", "--data", "data", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def listed() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(check("--json").stdout)["journal"]
    return found


def test_a_field_that_keeps_producing_findings_is_listed_with_the_line_that_mends_it(journal: Journal) -> None:
    write(journal, "/body/notes", times=4)
    write(journal, "/body/notes", "detection.cmdi", 2, "observe")
    assert listed() == [
        {
            "about": "patient.notes",
            "count": 6,
            "refused": 4,
            "callers": 2,
            "reasons": {"detection.sqli": 4, "detection.cmdi": 2},
            "do": "resources: {patient: {fields: {notes: {format: markdown}}}}",
        }
    ]
    told = check()
    assert told.exit_code == 1
    assert "6 values of 2 callers in patient.notes" in told.output
    assert "    resources: {patient: {fields: {notes: {format: markdown}}}}\n" in told.output


def test_the_line_once_added_ends_the_finding(journal: Journal) -> None:
    write(journal, "/body/notes")
    line = yaml.safe_load(str(listed()[0]["do"]))
    stated = yaml.safe_load(CONTRACT)
    stated["resources"]["patient"]["fields"] |= line["resources"]["patient"]["fields"]
    Path("ringwall.yaml").write_text(yaml.safe_dump(stated))
    assert listed() == []
    assert check().exit_code == 0


@pytest.mark.parametrize(
    ("pointer", "reason", "times"),
    [
        ("/body/story", "detection.sqli", 9),
        ("/body/notes", "detection.sqli", 2),
        ("/body/notes", "validation.type", 9),
        ("/body/notes", "authz.field", 9),
    ],
)
def test_what_is_annotated_rare_or_decided_by_the_schema_is_not_listed(
    journal: Journal, pointer: str, reason: str, times: int
) -> None:
    write(journal, pointer, reason, times)
    assert listed() == []
    assert check().exit_code == 0


@pytest.mark.parametrize(
    ("pointer", "reason", "about", "do"),
    [
        ("/body/tags/3", "detection.ssti", "patient.tags",
         "resources: {patient: {fields: {tags: {format: markdown}}}}"),
        ("/body/visits/0/report", "detection.xss", "visit.report",
         "resources: {visit: {fields: {report: {format: html, sanitize: true}}}}"),
        ("/body/notes", "validation.text.normal", "patient.notes",
         "resources: {patient: {fields: {notes: {sanitize: true}}}}"),
        ("/query/q", "detection.sqli", "POST /patients /query/q",
         "Give it an enum, pattern or format in the OpenAPI document, or name a resource for its schema."),
        ("/body/visits/0/place/street", "detection.sqli", "POST /patients /body/visits/0/place/street",
         "Give it an enum, pattern or format in the OpenAPI document, or name a resource for its schema."),
    ],
)  # fmt: skip
def test_the_line_names_whose_field_it_is_and_what_would_let_it_pass(
    journal: Journal, pointer: str, reason: str, about: str, do: str
) -> None:
    write(journal, pointer, reason)
    assert [(found["about"], found["do"]) for found in listed()] == [(about, do)]


def test_a_finding_may_be_accepted_like_any_other(journal: Journal) -> None:
    write(journal, "/body/notes")
    accepted = "accepted: [{id: contract.text patient.notes, reason: known, owner: me, until: 2999-01-01}]\n"
    Path("ringwall.yaml").write_text(CONTRACT + accepted)
    assert check().exit_code == 0


def test_without_the_option_or_a_journal_nothing_is_read(journal: Journal) -> None:
    write(journal, "/body/notes")
    assert "patient.notes" not in CliRunner().invoke(cli, ["check"]).output
    missing = CliRunner().invoke(cli, ["check", "--from-journal", "--data", "elsewhere"])
    assert (missing.exit_code, missing.stderr.startswith("ringwall: elsewhere")) == (2, True)


def test_a_place_named_by_a_caller_moves_no_terminal(journal: Journal) -> None:
    write(journal, "/body/\x1b[31mnotes")
    assert "\x1b" not in check().output
