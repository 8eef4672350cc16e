"""The scan of an API with tokens: every flaw is proved, the hardened build and look-alikes are not told."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs
import pytest
from fastapi import FastAPI

from ringwall.contract.model import Accepted
from ringwall.contract.openapi import load_api
from ringwall.contract.parse import load
from ringwall.scan import Finding, Options, Report, scan
from ringwall.scan.render import FORMATS
from ringwall.scan.signing import About, account
from ringwall.scan.subject import secured
from scan.scan_library import CONTRACT, EXPECTED, FLAWS, document, library
from scan.scan_served import served

SARIF = Path(__file__).parents[3] / "shared" / "schemas" / "sarif-schema-2.1.0.json"
DOCUMENT = document()
PASSWORDS = {"alice": "alice-pw-1", "bob": "bob-pw-1"}


def scanned(app: FastAPI, *, contract: bool = True, seed: str = "1", accepted: tuple[Accepted, ...] = ()) -> Report:
    stated = replace(load(CONTRACT, openapi=DOCUMENT), accepted=accepted) if contract else None
    api = stated.api if stated else load_api(DOCUMENT, "openapi.json")[0]
    people = [account(f"{name}=login:{name}:{word}", {}) for name, word in PASSWORDS.items()]
    with served(app) as url:
        return scan(url, api, stated, people, Options(seed=seed), secured=secured(DOCUMENT))


@pytest.fixture(scope="module")
def flawed() -> tuple[FastAPI, Report]:
    app = library(frozenset(FLAWS))
    return app, scanned(app)


@pytest.fixture(scope="module")
def hardened() -> tuple[FastAPI, Report]:
    app = library()
    return app, scanned(app)


def test_every_flaw_is_proved_and_nothing_else(flawed: tuple[FastAPI, Report]) -> None:
    found = {(f.kind, f.operation) for f in flawed[1].findings if f.kind != "token"}
    assert found == EXPECTED


def test_every_finding_has_evidence_and_a_control(flawed: tuple[FastAPI, Report]) -> None:
    for finding in flawed[1].findings:
        assert finding.evidence
        assert finding.control
        assert finding.change
        assert finding.curl.startswith("curl -si")


@pytest.mark.parametrize(
    ("flaw", "said"),
    [("weak-key", "guessed key 'secret'"), ("none", "`alg: none`"), ("unsigned", "changed signature")],
)
def test_broken_tokens_are_told_apart(flaw: str, said: str) -> None:
    report = scanned(library(frozenset({flaw})), contract=False)
    assert {f.kind for f in report.findings} == {"token"}
    assert all(said in f.evidence for f in report.findings)
    assert len({f.cause for f in report.findings}) == len(report.findings), "a cause is told once, wherever it shows"
    assert all(f.also for f in report.findings)


@pytest.mark.parametrize("contract", [True, False])
def test_the_hardened_build_has_no_finding(contract: bool) -> None:
    report = scanned(library(), contract=contract)
    assert report.findings == ()
    assert report.ended is None


LOOK_ALIKES = {
    "object-write": "PUT /v2/users/{username}/nickname",
    "object-read": "GET /v2/notes/{note_id}/state",
    "function": "GET /v2/report",
    "sqli": "GET /v2/words",
    "xss": "GET /v2/hello",
}


@pytest.mark.parametrize("kind", LOOK_ALIKES)
def test_look_alikes_are_tried_and_refuted(hardened: tuple[FastAPI, Report], kind: str) -> None:
    verdict = next(v for v in hardened[1].verdicts if (v.kind, v.operation) == (kind, LOOK_ALIKES[kind]))
    assert verdict.state == "refuted", verdict.why


def test_look_alikes_stay_refuted_beside_real_flaws(flawed: tuple[FastAPI, Report]) -> None:
    found = {(f.kind, f.operation) for f in flawed[1].findings}
    assert not found & {(kind, operation) for kind, operation in LOOK_ALIKES.items() if kind != "xss"}


def test_without_a_contract_what_nobody_stated_is_not_guessed() -> None:
    report = scanned(library(frozenset({"function", "read"})), contract=False)
    found = {(f.kind, f.operation) for f in report.findings}
    assert found == {("object-read", "GET /v2/notes/{note_id}")}
    why = next(v.why for v in report.verdicts if (v.kind, v.operation) == ("function", "GET /v2/users"))
    assert why.startswith("not decidable")


@pytest.mark.parametrize("build", ["flawed", "hardened"])
def test_it_spoils_neither_its_own_login_nor_what_was_there(build: str, request: pytest.FixtureRequest) -> None:
    app, report = request.getfixturevalue(build)
    state = app.state.library
    rows = {row["username"]: row for row in state.run("SELECT * FROM users")}
    assert {name: rows[name]["password"] for name in PASSWORDS} == PASSWORDS
    assert rows["alice"]["email"] == "alice@example.org"
    assert {(n["title"], n["text"]) for n in state.run("SELECT * FROM notes WHERE note_id < 3")} == {
        ("diary", "dear alice"),
        ("diary", "dear bob"),
    }
    if build == "hardened":
        assert state.run("SELECT * FROM notes WHERE note_id > 2") == []
        left = {f"user {name}" for name in rows} - {"user alice", "user bob", "user root"}
        assert left == set(report.left), "throw-away accounts are removed, or told where their path cannot be written"
        assert all("/" in name for name in left)


def test_every_operation_has_a_verdict_for_every_class(hardened: tuple[FastAPI, Report]) -> None:
    verdicts = hardened[1].verdicts
    keys = [(v.operation, v.kind) for v in verdicts]
    assert len(keys) == len(set(keys))
    per_operation = {o: sum(k == o for k, _ in keys) for o, _ in keys if o != "(service)"}
    assert len(set(per_operation.values())) == 1
    assert all(v.why for v in verdicts)


def test_fingerprints_are_the_same_with_another_seed(flawed: tuple[FastAPI, Report]) -> None:
    again = scanned(library(frozenset(FLAWS)), seed="2")
    assert {f.id for f in again.findings} == {f.id for f in flawed[1].findings}


def test_what_is_accepted_does_not_count_until_its_day() -> None:
    today = date.today()  # noqa: DTZ011
    days = {
        ("function", "POST /v2/articles"): today,
        ("object-read", "GET /v2/notes/{note_id}"): today - timedelta(days=1),
    }
    ids = {key: Finding(*key, "", "", "", "", "").id for key in days}
    accepted = tuple(Accepted(ids[key], "known", "me", until) for key, until in days.items())
    report = scanned(library(frozenset({"create", "read"})), accepted=accepted)
    found = {(f.kind, f.operation): f.accepted for f in report.findings}
    assert found.pop(("function", "POST /v2/articles")) is True
    assert found.pop(("object-read", "GET /v2/notes/{note_id}")) is False
    assert not any(found.values())


@pytest.mark.parametrize("form", FORMATS)
def test_no_report_holds_a_credential(flawed: tuple[FastAPI, Report], form: str) -> None:
    text = FORMATS[form](flawed[1])
    assert not [word for word in (*PASSWORDS.values(), "r00t-of-all") if word in text]
    assert not re.search(r"eyJ[\w-]{10,}\.", text)


def test_sarif_is_valid_and_has_what_others_build_on(flawed: tuple[FastAPI, Report]) -> None:
    made = json.loads(FORMATS["sarif"](flawed[1]))
    for result in made["runs"][0]["results"]:
        assert {"operation", "cwe", "owasp", "cvss", "curl"} <= set(result["properties"])
        assert result["ruleId"] == made["runs"][0]["tool"]["driver"]["rules"][result["ruleIndex"]]["id"]
    if not SARIF.is_file():
        pytest.skip("the SARIF schema is not beside the checkout")
    errors = list(jsonschema_rs.Draft7Validator(_as_draft7(json.loads(SARIF.read_text()))).iter_errors(made))
    assert errors == []


def _as_draft7(schema: dict[str, object]) -> dict[str, object]:
    """The schema names draft 4, and uses nothing that draft 7 reads otherwise but `id`."""
    return {k: v for k, v in schema.items() if k not in ("id", "$schema")}


def test_junit_fails_what_is_proved_and_skips_what_is_not_tested(flawed: tuple[FastAPI, Report]) -> None:
    root = ElementTree.fromstring(FORMATS["junit"](flawed[1]))
    failed = {(c.get("classname"), c.get("name")) for c in root.iter("testcase") if c.find("failure") is not None}
    assert failed == {(f.kind, operation) for f in flawed[1].findings for operation in (f.operation, *f.also)}
    assert any(c.find("skipped") is not None for c in root.iter("testcase"))


def test_html_is_one_file_that_loads_nothing_and_escapes(flawed: tuple[FastAPI, Report]) -> None:
    text = FORMATS["html"](flawed[1])
    assert not re.search(r"<script|<link|<img|@import|\bsrc=|url\(", text)
    assert "&lt;rw" in text
    assert not re.search(r"<rw[a-z]+ x=1>", text)


def test_roles_that_are_stated_make_it_no_finding() -> None:
    """Who may is the contract's and the accounts' matter: with the role it is no flaw."""
    stated = load(CONTRACT, openapi=DOCUMENT)
    about = {name: About(roles=frozenset({"user", "admin"})) for name in PASSWORDS}
    people = [account(f"{name}=login:{name}:{word}", about) for name, word in PASSWORDS.items()]
    with served(library(frozenset({"function", "create"}))) as url:
        report = scan(url, stated.api, stated, people, Options(seed="3"), secured=secured(DOCUMENT))
    assert not [f for f in report.findings if f.kind == "function"]


@pytest.mark.parametrize("flaws", [frozenset(), frozenset(FLAWS)], ids=["hardened", "flawed"])
def test_a_wrong_password_that_is_answered_with_200_is_a_wrong_password(flaws: frozenset[str]) -> None:
    report = scanned(library(flaws | {"soft"}))
    told = {(f.kind, f.operation) for f in report.findings}
    at_sign_in = {("enumeration", "POST /v2/login"), ("rate-limit", "POST /v2/login")}
    written = {("object-write", "PUT /v2/users/{username}/password"), ("mass-assignment", "POST /v2/register")}
    assert told & (at_sign_in | written) == ((at_sign_in | written) if flaws else set())
