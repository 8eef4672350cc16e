"""What a line becomes: twins of a contract, a data directory and runs, each with the change that makes it less."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from report.report_contracts import WHOLE, stated
from ringwall.report.frameworks import NAMES
from ringwall.report.make import made
from ringwall.report.model import Line, Report
from ringwall.state.journal import Journal
from ringwall.state.journal_keys import load_or_create_signer


def report(place: Path, name: str, text: str = WHOLE, **more: Any) -> Report:
    drilled, scanned = more.pop("drilled", None), more.pop("scanned", None)
    return made(name, stated(place, text, **more), place / "data", drilled, scanned)


def line(found: Report, name: str) -> Line:
    (one,) = [each for each in found.lines if each.id == name]
    return one


@pytest.mark.parametrize(("name", "id_", "status", "change", "missing"), [
    ("hipaa", "164.312(a)(2)(iv)", "enforced", ("health, encrypt: true", "health"), "patient.diagnosis"),
    ("gdpr", "32(1)(a)", "enforced", ("cardholder, encrypt: true", "cardholder"), "patient.card"),
    ("pci", "3.5.1", "enforced", ("cardholder, encrypt: true", "cardholder"), "patient.card"),
    ("pci", "3.4.1", "enforced", ("mask: last4, ", ""), "patient.card"),
    ("pci", "8.2.8", "enforced", ("idle: 600", "idle: 901"), "901"),
    ("pci", "8.4.2", "enforced", ("nurse: {requires: mfa}", "nurse: {}"), "nurse"),
    ("pci", "8.4.2", "enforced", (", requires: mfa}", "}"), "GET /patients/{patient_id}"),
    ("asvs", "V8.2.1", "enforced", ("ringwall: 1", "ringwall: 1\nmode: observe"), "observe"),
    ("asvs", "V8.2.1", "enforced", ("ringwall: 1", "ringwall: 1\nobserve: [authorization]"), "authorization"),
    ("asvs", "V8.2.1", "enforced", ("{allow: [nurse]}", "{allow: [nurse], mode: observe}"), "POST /patients"),
    ("asvs", "V1.2.4", "enforced", ("{class: identifier}", "{class: identifier, observe: true}"), "patient.name"),
    ("asvs", "V8.2.2", "enforced", ("resources:", "resources:\n  shelf: {id: shelf_id}"), "shelf"),
    ("asvs", "V8.4.1", "enforced", ("    tenant: clinic_id\n", ""), "patient"),
    ("asvs", "V8.2.3", "enforced", (", read: [owner, nurse]", ""), "patient.diagnosis"),
    ("asvs", "V2.4.1", "enforced", (", anonymous_rate: 5/second", ""), None),
    ("asvs", "V2.4.1", "enforced", ("rate: 10/second, anonymous_rate: 5/second", "body: 1 MiB"), "POST /patients"),
    ("asvs", "V16.2.1", "enforced", ("ringwall: 1", "ringwall: 1\njournal: best-effort"), "best-effort"),
    ("asvs", "V7.2.2", "enforced", ("accounts: true", "accounts: true, api_keys: true"), "API keys"),
    ("asvs", "V3.4.2", "enforced", ("ringwall: 1", "ringwall: 1\ncors: {origins: ['*']}"), "every origin"),
    ("asvs", "V14.1.1", "reported", ("      name: {class: identifier}\n", ""), "patient.name"),
])  # fmt: skip
def test_a_changed_setting_changes_the_line(
    tmp_path: Path, name: str, id_: str, status: str, change: tuple[str, str], missing: str | None
) -> None:
    assert line(report(tmp_path, name), id_).status == status
    assert change[0] in WHOLE
    less = line(report(tmp_path, name, WHOLE.replace(*change)), id_)
    if missing is None:  # the same is still stated in another way: everyone who may call is known by name
        assert less.status == status
        return
    assert less.status == "not covered"
    assert missing in " ".join(less.missing)


def test_alerts_back_a_line_only_where_somebody_is_told(tmp_path: Path) -> None:
    told = WHOLE + "monitoring: {notify: {syslog: {host: logs.example.com}}}\n"
    sent = WHOLE + "monitoring: {notify: {otel: {endpoint: 'https://o.example.com', signals: [SIGNALS]}}}\n"
    assert line(report(tmp_path, "pci"), "10.4.1.1").status == "not covered"
    assert line(report(tmp_path, "pci", told), "10.4.1.1").status == "reported"
    for text, status in ((told, "not covered"), (sent.replace("SIGNALS", "logs"), "reported"),
                         (sent.replace("SIGNALS", "metrics"), "not covered")):  # fmt: skip
        assert line(report(tmp_path, "asvs", text), "V16.4.3").status == status


def test_a_strict_journal_is_a_required_one(tmp_path: Path) -> None:
    strict = WHOLE.replace("ringwall: 1", "ringwall: 1\njournal: strict")
    assert line(report(tmp_path, "asvs", strict), "V16.2.1").status == "enforced"


def test_a_contract_that_states_no_guarded_field_has_encrypted_none(tmp_path: Path) -> None:
    bare = WHOLE.replace("class: health, encrypt: true", "class: contact")
    less = line(report(tmp_path, "hipaa", bare), "164.312(a)(2)(iv)")
    assert (less.status, less.missing) == ("not covered", ("no field is stated to be of class health",))


def test_properties_that_cannot_be_told_are_not_classified(tmp_path: Path) -> None:
    assert line(report(tmp_path, "asvs"), "V14.1.1").status == "reported"
    less = line(report(tmp_path, "asvs", composed=True), "V14.1.1")
    assert (less.status, "patient" in less.missing[0]) == ("not covered", True)
    for composed in (True, False):
        record = report(tmp_path, "gdpr", composed=composed).record
        assert record is not None
        assert ("there may be more" in record.activities[0].kept) is composed


def test_accounts_of_others_back_nothing(tmp_path: Path) -> None:
    others = WHOLE.replace(
        "{accounts: true, sessions: {idle: 600, absolute: 3600}}",
        "{issuers: [{issuer: https://a.example, audience: w}]}",
    )
    found = report(tmp_path, "asvs", others)
    assert line(found, "V6.2.1").status == "not covered"
    assert line(found, "V6.8.2").status == "enforced"
    assert line(report(tmp_path, "asvs"), "V6.8.2").status == "not covered"


def journal(data: Path) -> Path:
    kept = Journal.open(data / "journal", signer=load_or_create_signer(data / "keys"))
    for n in range(3):
        kept.append(json.dumps({"kind": "exchange", "n": n}).encode())
    kept.close()
    return next((data / "journal").glob("*.jsonl"))


def test_the_journal_is_verified_now(tmp_path: Path) -> None:
    assert line(report(tmp_path, "asvs"), "V16.4.2").missing == (f"there is no journal in {tmp_path / 'data'}",)
    segment = journal(tmp_path / "data")
    good = line(report(tmp_path, "asvs"), "V16.4.2")
    assert good.status == "verified"
    assert [p.at is not None for p in good.proofs if p.kind == "run"] == [True]
    segment.write_bytes(segment.read_bytes().replace(b'"n": 1', b'"n": 7'))
    bad = report(tmp_path, "asvs")
    assert line(bad, "V16.4.2").status == "reported"
    assert "record 1: altered" in line(bad, "V16.4.2").missing[0]


def played(**more: Any) -> dict[str, Any]:
    cell = {"fooled": "detection", "honest_passes": True, "stopped_by": "sinks"}
    attack = {"class": "sqli", "case": "sqli-a", "operation": "GET /a", "hurts_bare": True, "stopped_by": "detection",
              "depth": 2, "alone": ["sinks"], "pairs": None, "seen": True, "cells": [cell]}  # fmt: skip
    return {"attacks": [attack | more], "single_points": [], "skipped": [], "seconds": 1.0}


def test_a_drill_counts_with_its_date_and_its_gaps(tmp_path: Path) -> None:
    file = tmp_path / "drill.json"
    assert line(report(tmp_path, "pci"), "6.2.4").status == "not covered"
    file.write_text(json.dumps(played()))
    os.utime(file, (1_700_000_000, 1_700_000_000))
    good = line(report(tmp_path, "pci", drilled=file), "6.2.4")
    assert (good.status, good.proofs[0].at) == ("verified", "2023-11-14T22:13:20Z")
    for worse in (
        played() | {"single_points": ["sqli-a: detection"]}, played(stopped_by=None), played(hurts_bare=False),
        played(cells=[{"honest_passes": False}]), played() | {"attacks": []},
    ):  # fmt: skip
        file.write_text(json.dumps(worse))
        less = line(report(tmp_path, "pci", drilled=file), "6.2.4")
        assert (less.status, bool(less.missing)) == ("reported", True), worse


def scanned(**more: Any) -> dict[str, Any]:
    verdicts = [{"operation": "GET /a", "class": "sqli", "verdict": "refuted", "why": ""}]
    return {"url": "http://a.example", "findings": [], "verdicts": verdicts, "ended": None} | more


def test_a_scan_counts_without_findings_and_with_verdicts(tmp_path: Path) -> None:
    file = tmp_path / "scan.json"
    file.write_text(json.dumps(scanned()))
    assert line(report(tmp_path, "pci", scanned=file), "6.4.1").status == "verified"
    found = {"class": "sqli", "operation": "GET /a", "accepted": False}
    for worse in (scanned(findings=[found]), scanned(ended="out of time"), scanned(verdicts=[])):
        file.write_text(json.dumps(worse))
        found_it = report(tmp_path, "pci", scanned=file)
        assert line(found_it, "6.4.1").status == "reported", worse
        assert [each.holds for each in found_it.runs if each.name == "scan"] == [False]
    file.write_text(json.dumps(scanned(findings=[found | {"accepted": True}])))
    assert line(report(tmp_path, "pci", scanned=file), "6.4.1").status == "verified"


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_contract_enforces_nothing_of_fields(tmp_path: Path, name: str) -> None:
    bare = "ringwall: 1\napi: openapi.json\n"
    found = report(tmp_path, name, bare)
    for each in found.lines:
        if each.status == "enforced":
            assert each.proofs, each.id
            assert not any(p.kind == "setting" and "encrypt" in p.what for p in each.proofs)
    assert {each.status for each in found.lines if each.id in ("V8.2.1", "164.312(d)", "7.3.3")} <= {"not covered"}


def test_the_record_of_processing_is_the_contracts(tmp_path: Path) -> None:
    record = report(tmp_path, "gdpr", more=("shoe_size",)).record
    assert record is not None
    (patient,) = record.activities
    fields = {field.name: field for field in patient.fields}
    assert fields["card"].readers == ("owner",)
    assert fields["name"].readers == ("nurse", "owner")
    assert (fields["card"].masked, fields["card"].encrypted, fields["name"].encrypted) == ("last4", True, False)
    assert patient.unstated == ("shoe_size",)
    assert "diagnosis, card" in patient.kept
    assert {name for name, _ in record.blanks} == {f"30(1)({letter})" for letter in "abcdefg"}
    assert report(tmp_path, "pci").record is None


def test_counts_of_accounts_and_keys_come_from_the_store(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from ringwall.cli import cli

    assert line(report(tmp_path, "asvs"), "V13.3.4").status == "not covered"
    place = ["--data", str(tmp_path / "data"), "--contract", str(tmp_path / "ringwall.yaml")]
    for more, status in ((["--expires", "30d"], "reported"), ([], "not covered")):
        issued = CliRunner().invoke(cli, ["apikeys", "issue", "--name", "lab", "--role", "nurse", *more, *place])
        assert issued.exit_code == 0, issued.output
        assert line(report(tmp_path, "asvs"), "V13.3.4").status == status
