"""`ringwall explain`: what it says is what the compiled plan does, and each line it names is there."""

import json
import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringwall.cli.explain import command
from ringwall.examples.clinic import CONTRACT

LINES = CONTRACT.read_text().splitlines()
OPENAPI = {
    "openapi": "3.1.0", "info": {"title": "t", "version": "1"},
    "paths": {
        "/notes/{id}": {"parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                        "get": {"responses": {"200": {"description": "d"}}},
                        "delete": {"responses": {"204": {"description": "d"}}}},
        "/open": {"get": {"tags": ["public"], "responses": {"200": {"description": "d"}}}},
    },
}  # fmt: skip
OWN = """\
ringwall: 1
api: openapi.json
mode: observe
roles: {boss: {requires: mfa}, chief: {includes: [boss]}}
resources: {note: {id: id, owner: author}}
operations:
  "GET /notes/{id}": {allow: [owner, boss, "scope:read"], rate: 5/minute, seconds: 3}
  "tag:public": {allow: anyone}
"""


def explain(*arguments):
    done = CliRunner().invoke(command, list(arguments))
    assert "Traceback" not in done.output
    return done


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def own(elsewhere):
    (elsewhere / "openapi.json").write_text(json.dumps(OPENAPI))
    (elsewhere / "ringwall.yaml").write_text(OWN)
    return elsewhere


def test_all_operations_with_their_words_and_lines(elsewhere):
    listed = json.loads(explain("--json").output)
    one = next(each for each in listed if each["operation"] == "GET /patients/{patient_id}")
    assert one["allow"] == ["owner", "nurse"]
    line = int(one["at"].split(":")[-2])
    assert "GET /patients/{patient_id}" in LINES[line - 1]
    assert "GET /patients/{patient_id}" in explain().output
    assert os.listdir(elsewhere) == [], "something was left in the current directory"


def test_the_plan_of_one_operation():
    told = json.loads(explain("PATCH /patients/{patient_id}", "--json").output)
    assert told["who"] == [
        "its owner (patient.account_id)", "the role nurse (and doctor, by inclusion)",
        "a role counts within the caller's own tenant alone (patient.clinic_id)",
    ]  # fmt: skip
    layers = [each["layer"] for each in told["phases"]["head"]]
    assert layers.index("authentication") < layers.index("authorization")
    assert {each["layer"] for each in told["phases"]["reply"]} >= {"disclosure", "encryption"}
    rules = {each["field"]: each["rule"] for each in told["fields"]}
    assert rules["card_number"] == (
        "encrypted; shown whole to owner, masked (last4) for others; written by owner alone"
    )
    assert rules["diagnosis"].endswith("withheld from others; written by doctor alone")
    assert "full_name" not in rules, "nothing is stated of it"


def test_each_place_it_names_is_what_it_says():
    told = json.loads(explain("POST /patients", "--json").output)
    for phase in told["phases"].values():
        for each in phase:
            if each["at"] and each["because"] in ("POST /patients", "authentication"):
                assert each["because"] in LINES[int(each["at"].split(":")[-2]) - 1]
    for each in told["fields"]:
        assert re.match(rf"\s+{each['field']}:", LINES[int(each["at"].split(":")[-2]) - 1])


def test_how_it_is_settled_whose_an_object_is():
    def ways(operation):
        told = json.loads(explain(operation, "--json").output)["objects"]
        return {each["resource"]: [way.partition(":")[0] for way in each["ways"]] for each in told}

    assert ways("GET /patients/{patient_id}") == {"patient": ["memory", "resolver", "reply"]}
    assert ways("DELETE /patients/{patient_id}")["patient"][:3] == ["memory", "resolver", "probe"]
    assert ways("GET /health") == {}


def test_a_real_path_finds_its_operation():
    for asked in ("GET /patients/17", "get /patients/17", "/patients/17", "  GET   /patients/17"):
        assert json.loads(explain(asked, "--json").output)["operation"] == "GET /patients/{patient_id}"
    assert json.loads(explain("GET /patients/search", "--json").output)["operation"] == "GET /patients/search"


NONE = ["GET /patient/{patient_id}", "TRACE /patients", "GET", "", "/", "GET /a/../b", "é /é", "GET /.ringwall/live",
        "GET /patients/%00", "POST /patients/17", "\x1b[2J"]  # fmt: skip


@pytest.mark.parametrize("asked", NONE)
def test_what_is_no_operation_is_said(asked):
    done = explain(asked)
    assert done.exit_code == 1
    assert done.stderr.startswith("ringwall: no operation is ")
    assert "\x1b" not in done.stderr


def test_the_nearest_name_is_told():
    assert "did you mean 'GET /patients/{patient_id}'?" in explain("GET /patient/{patient_id}").stderr


def test_a_contract_here_is_taken(own):
    told = json.loads(explain("GET /notes/{id}", "--json").output)
    assert told["who"] == [
        "its owner (note.author)", "the role boss, signed in with a second factor (and chief, by inclusion)",
        "whoever holds the scope read",
    ]  # fmt: skip
    assert told["objects"][0]["ways"][0].startswith("role: ")
    assert told["limits"]["seconds"] == 3
    assert len(told["observes"]) == 10
    rate = [each for each in told["phases"]["head"] if each["layer"] == "quota"]
    assert any(each["because"] == "GET /notes/{id}.rate" and each["at"] == "ringwall.yaml:7:3" for each in rate)
    told = json.loads(explain("GET /open", "--json").output)
    assert (told["rule"], told["who"]) == ("tag:public", ["anyone, without authentication"])
    assert "decided by the rule 'tag:public'" in explain("GET /open").output


def test_how_a_caller_must_have_signed_in_and_what_a_client_needs_is_told(own):
    stated = OWN.replace("mode: observe", "authentication: {accounts: true}").replace(
        "seconds: 3", "seconds: 3, requires: {mfa: true, max_age: 300}"
    )
    (own / "ringwall.yaml").write_text(stated)
    told = json.loads(explain("GET /notes/{id}", "--json").output)
    assert told["who"][3:] == [
        "and for a person, through another party's client, only with the scope read",
        "and only signed in with a second factor (`requires`)",
        "and only within 300 seconds of the sign-in (`requires`)",
    ]
    guards = [each["guard"] for each in told["phases"]["head"] if each["layer"] == "authorization"]
    assert guards.index("operation") < guards.index("requires")
    assert "second factor" in explain("GET /notes/{id}").output


def test_what_is_not_stated_is_closed(own):
    assert json.loads(explain("DELETE /notes/{id}", "--json").output)["who"] == [
        "nobody: nothing is stated for it, so it is closed"
    ]
    assert re.search(r"DELETE /notes/\{id\} +closed", explain().output)


@pytest.mark.parametrize(("arguments", "said"), [
    (("--contract", "nowhere.yaml"), "nowhere.yaml:1:1"),
    (("--contract", str(CONTRACT), "--app", "nothing:app"), "nothing"),
    (("--contract", str(CONTRACT), "--app", "nonsense"), "module:app"),
    (("--openapi", "nowhere.json"), "nowhere.json"),
])  # fmt: skip
def test_what_cannot_be_used_is_said(arguments, said):
    done = explain(*arguments)
    assert done.exit_code == 2
    assert said in done.stderr


def test_every_mistake_of_a_contract_is_said(own):
    (own / "ringwall.yaml").write_text(OWN.replace("owner, boss", "owner, bos").replace("tag:public", "tag:pblic"))
    done = explain()
    assert done.exit_code == 2
    assert "did you mean 'boss'?" in done.stderr
    assert "did you mean 'public'?" in done.stderr


def test_it_touches_no_data(elsewhere):
    data = Path("ringwall-data")
    assert explain("GET /patients").exit_code == 0
    assert not data.exists()


def test_conditions_and_duties_are_told(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = {"openapi": "3.1.0", "info": {"title": "t", "version": "1"},
                "paths": {"/x": {"get": {"responses": {"200": {"description": "."}}}}}}  # fmt: skip
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "p.cedar").write_text("permit(principal, action, resource);")
    (tmp_path / "ringwall.yaml").write_text(
        "ringwall: 1\napi: openapi.json\nroles: {a: {}, b: {}}\nnever: [a, b]\npolicies: p.cedar\noperations:\n"
        '  "GET /x": {allow: [a], policy: true, when: {hours: 08:00-18:00, networks: [10.0.0.0/8]}}\n'
    )
    told = json.loads(explain("GET /x", "--contract", "ringwall.yaml", "--json").output)["who"]
    assert told[1:] == [
        "and only under conditions on the time, the network",
        "and only if the policies of p.cedar permit it",
        "a caller with a and b holds neither role",
    ]
