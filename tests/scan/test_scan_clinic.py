"""The bundled clinic: bare, what is planted in it is proved; behind ringwall, nothing is found; data stay."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ringwall.build.assemble import Circumstances, prepare
from ringwall.build.load import load_contract
from ringwall.build.protect import wrap
from ringwall.build.runtime import open_runtime
from ringwall.contract.model import Contract
from ringwall.core.ports import Account as Person
from ringwall.examples.clinic import ACCOUNTS, CONTRACT, create_app
from ringwall.scan import Account, Options, Report, scan
from ringwall.scan.signing import About, account
from scan.scan_served import served

PLANTED = {
    ("sqli", "GET /patients/search", "q"),
    ("sqli", "GET /patients/search", "order"),
    ("nosqli", "POST /visits/lookup", "day, code"),
    ("cmdi", "GET /forms/checksum", "name"),
    ("ssti", "POST /patients/{patient_id}/letter", "text"),
    ("deserialization", "PUT /patients/{patient_id}/preferences", "preferences"),
    ("path", "GET /forms/file", "name"),
    ("path", "GET /leaflets/{name}", "name"),
    ("xxe", "POST /referrals", "body"),
    ("ssrf", "POST /documents/fetch", "url"),
    ("redirect", "GET /go", "to"),
    ("xss", "GET /welcome", "name"),
    ("xss", "GET /patients/{patient_id}/page", "full_name"),
    ("object-read", "GET /patients/{patient_id}", ""),
    ("object-read", "GET /patients/{patient_id}/page", ""),
    ("object-read", "GET /patients/{patient_id}/visits/{visit_id}", ""),
    ("object-read", "GET /documents/{document_id}", ""),
    ("object-read", "GET /documents", ""),
    ("object-read", "GET /payments", ""),
    ("object-write", "PATCH /patients/{patient_id}", ""),
    ("object-write", "DELETE /documents/{document_id}", ""),
    ("function", "DELETE /patients/{patient_id}", ""),
    ("function", "POST /patients", ""),
    ("function", "POST /patients/{patient_id}/discharge", ""),
    ("function", "POST /payments/{payment_id}/refund", ""),
    ("function", "GET /export", ""),
    ("authentication", "GET /patients", ""),
    ("authentication", "POST /payments", ""),
    ("authentication", "DELETE /documents/{document_id}", ""),
    ("mass-assignment", "PATCH /patients/{patient_id}", "verified"),
    ("mass-assignment", "PATCH /patients/{patient_id}", "balance"),
    ("mass-assignment", "POST /payments", "status"),
    ("data-exposure", "GET /patients", "password_hash"),
    ("data-exposure", "GET /payments", "processor_secret"),
    ("data-exposure", "GET /patients/{patient_id}", "card_number"),
    ("errors", "GET /payments/summary", ""),
    ("cors", "(service)", ""),
    ("inventory", "(service)", "/debug/settings"),
    ("inventory", "(service)", "/docs"),
    ("rate-limit", "POST /visits/lookup", ""),
    ("rate-limit", "GET /payments/{payment_id}/receipt", ""),
}
SEEDED = {"patients": 4, "visits": 3, "documents": 3, "payments": 3}
PEOPLE = {a.name: a for a in ACCOUNTS}


def rows(database: Path) -> dict[str, list[tuple[object, ...]]]:
    """The clinic's first rows, which were there before."""
    with sqlite3.connect(database) as connection:
        return {t: connection.execute(f"SELECT * FROM {t} WHERE rowid <= {n}").fetchall() for t, n in SEEDED.items()}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Path]:
    directory = tmp_path_factory.mktemp("clinic")
    app = create_app(directory)
    before = rows(directory / "clinic.db")
    about = {n: About(frozenset(PEOPLE[n].roles), PEOPLE[n].subject, PEOPLE[n].tenant) for n in ("ana", "ben")}
    people = [account(f"{name}=header:X-Who: {name}-says-so", about) for name in about]
    contract = load_contract(CONTRACT, app=app)
    with served(app) as url:
        report = scan(url, contract.api, contract, people, Options(seed="clinic"))
    assert rows(directory / "clinic.db") == before, "safe: what was there is as it was"
    return report, directory


def test_what_is_planted_is_proved(bare: tuple[Report, Path]) -> None:
    found = {(f.kind, f.operation, f.where) for f in bare[0].findings}
    assert set() == PLANTED - found


def test_what_is_open_on_purpose_is_no_finding(bare: tuple[Report, Path]) -> None:
    public = {"GET /health", "GET /welcome", "GET /go", "GET /leaflets/{name}"}
    access = {"authentication", "function", "object-read", "object-write"}
    assert not [f for f in bare[0].findings if f.operation in public and f.kind in access]


def test_what_it_made_is_gone_or_told(bare: tuple[Report, Path]) -> None:
    report, directory = bare
    with sqlite3.connect(directory / "clinic.db") as connection:
        made = connection.execute("SELECT patient_id FROM patients WHERE patient_id > 4").fetchall()
        paid = connection.execute("SELECT payment_id FROM payments WHERE payment_id > 3").fetchall()
    assert made == []
    assert {f"payment {row[0]}" for row in paid} <= set(report.left)


@pytest.mark.parametrize("names", [("ana", "ben", "dara", "adam")])
def test_behind_ringwall_nothing_is_found(tmp_path: Path, names: tuple[str, ...]) -> None:
    app = create_app(tmp_path / "clinic")
    contract: Contract = load_contract(CONTRACT, app=app)
    runtime = open_runtime(tmp_path / "data")
    try:
        people = [_enrolled(runtime, name) for name in names]
        with served(wrap(app, prepare(contract), runtime, Circumstances())) as url:
            report = scan(url, contract.api, contract, people, Options(seed="wall"))
    finally:
        runtime.close()
    assert [(f.kind, f.operation, f.evidence) for f in report.findings] == []
    assert report.ended is None
    refused = {v.operation for v in report.verdicts if v.kind == "authentication" and v.state == "refuted"}
    assert len(refused) >= 25, "a scan that reaches nothing proves nothing"


def _enrolled(runtime: object, name: str) -> Account:
    person = PEOPLE[name]
    roles = frozenset(person.roles)
    made = Person(person.subject, name, roles, person.tenant)
    runtime.accounts.create(name, f"correct horse battery of {name}", roles, person.tenant, person.subject)  # type: ignore[attr-defined]
    token = runtime.tokens.issue(made, lifetime_s=3600)  # type: ignore[attr-defined]
    return account(f"{name}=bearer:{token}", {})
