"""Findings: each with the contract that has it, and the one beside it that has not."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from contract.contract_samples import CONTRACT, api, contract
from ringwall.contract.grammar import CONTRACT as GRAMMAR
from ringwall.contract.lint import Finding, lint, unaccepted
from ringwall.contract.shapes import Listing, Record, Table

SOUND = CONTRACT.replace("notes:       {format: markdown}", "notes:       {class: contact}") + (
    "limits: {rate: 600/minute, anonymous_rate: 60/minute}\n"
)


def findings(text: str, document: dict[str, Any] | None = None) -> list[Finding]:
    return [f for f in lint(contract(text, document), lambda p: "(?=" not in p) if f.severity == "warning"]


def test_the_example_has_none() -> None:
    assert findings(SOUND) == []


@pytest.mark.parametrize(
    ("id_", "right", "wrong"),
    [
        ("contract.unprotected", "{allow: [doctor], rate: 10/minute}", "{allow: anyone}"),
        ("contract.exposed", "{allow: [owner, nurse]}", "{allow: anyone}"),
        ("contract.never", "{allow: [owner, nurse]}", "{allow: []}"),
        ("contract.filter", "{allow: [nurse], filter: tenant}", "{allow: [nurse]}"),
        ("contract.encryption", "class: health, encrypt: true", "class: health"),
        ("contract.shadowed", '"GET /health":  ', '"GET /hea*": {allow: [nurse]}\n  "GET /health":  '),
        ("contract.cors", "mode: enforce", 'cors: {origins: ["*"], credentials: true}'),
        ("contract.cors.clear", "mode: enforce", 'cors: {origins: ["http://app.example.com"]}'),
        ("contract.limits", "rate: 600/minute, ", ""),
        ("contract.observe", "mode: enforce", "mode: observe"),
        ("contract.observe", "mode: enforce", "observe: [detection]"),
        ("contract.journal", "mode: enforce", "journal: best-effort"),
        ("contract.basic", "basic: false", "basic: true"),
        ("contract.proxies", "mode: enforce", "trusted_proxies: [0.0.0.0/0]"),
    ],
)
def test_a_finding_and_its_sound_twin(id_: str, right: str, wrong: str) -> None:
    text = SOUND.replace(right, wrong, 1)
    assert text != SOUND
    assert id_ in {f.id for f in findings(text)}
    assert id_ not in {f.id for f in findings(SOUND)}


def test_rules_without_any_credential_allow_nobody() -> None:
    text = SOUND[: SOUND.index("authentication:")] + SOUND[SOUND.index("roles:\n") :]
    told = [f for f in findings(text) if f.id == "contract.never"]
    assert [f.about for f in told] == ["GET /patients", "GET /patients/{patient_id}", "POST /patients"]


def test_a_role_that_may_use_everything_is_broad() -> None:
    paths = {f"/p{i}": {"get": {}, "post": {}} for i in range(5)}
    document = {"openapi": "3.1.0", "paths": paths}
    base = "ringwall: 1\napi: x\nauthentication: {accounts: true}\nroles: {a: {}, b: {}}\noperations:\n"
    assert "contract.broad" in {f.id for f in findings(base + '  "*": {allow: [a]}\n', document)}
    narrow = base + '  "GET /*": {allow: [a]}\n  "POST /*": {allow: [b]}\n'
    assert "contract.broad" not in {f.id for f in findings(narrow, document)}


def test_a_pattern_without_linear_time_and_ciphertext_without_room() -> None:
    def change(document: dict[str, Any]) -> None:
        found = document["components"]["schemas"]["Patient"]["properties"]
        found["full_name"]["pattern"] = "^(?=a)b"
        found["diagnosis"]["enum"] = ["a", "b"]

    told = {f.id: f for f in findings(SOUND, api(change))}
    assert told["contract.pattern"].about == "Patient"
    assert told["contract.ciphertext"].about == "patient.diagnosis"


def test_an_allowed_operation_that_the_document_closes_is_told() -> None:
    hurt = api(lambda d: d["paths"]["/patients/{patient_id}"].update(parameters=[]))
    assert "contract.flawed" in {f.id for f in findings(SOUND, hurt)}


def test_a_finding_is_accepted_until_its_day_is_over() -> None:
    text = SOUND.replace("mode: enforce", "mode: observe")
    entry = "accepted:\n  - {id: contract.observe, reason: trial, owner: ops, until: 2030-06-30}\n"
    made = contract(text + entry)
    found = lint(made, lambda _: True)
    before, accepted = unaccepted(made, found, date(2030, 6, 30))
    after, _ = unaccepted(made, found, date(2030, 7, 1))
    assert [f.id for f in accepted] == ["contract.observe"]
    assert "contract.observe" not in {f.id for f in before}
    assert "contract.observe" in {f.id for f in after}


def test_the_reference_lists_every_key_and_finding() -> None:
    root = Path(__file__).parents[2]
    reference = (root / "docs" / "contract.md").read_text(encoding="utf-8")
    source = "".join(path.read_text(encoding="utf-8") for path in (root / "src/ringwall/contract").glob("lint*.py"))
    ids = set(re.findall(r'"(contract\.[a-z.]+)"', source))
    keys = {name for record in (GRAMMAR, *_records(GRAMMAR)) for name in (*record.members, *record.later)}
    assert len(ids) > 15
    assert {i for i in ids if f"`{i}`" not in reference} == set()
    assert {k for k in keys if not re.search(rf"`[^`]*\b{k}\b[^`]*`", reference)} == set()


def _records(shape: object) -> Iterator[Record]:
    if isinstance(shape, Record):
        yield shape
        for below in shape.members.values():
            yield from _records(below)
    elif isinstance(shape, Table):
        yield from _records(shape.value)
    elif isinstance(shape, Listing):
        yield from _records(shape.item)


def _declared(*keys: str) -> dict[str, Any]:
    """A document with these operations, in this order."""
    paths: dict[str, Any] = {}
    for key in keys:
        method, path = key.split(" ")
        names = re.findall(r"\{(\w+)\}", path)
        given = [{"name": n, "in": "path", "required": True, "schema": {"type": "string"}} for n in names]
        paths.setdefault(path, {})[method.lower()] = {"parameters": given, "responses": {"200": {"description": "."}}}
    return {"openapi": "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}


ORDERED = """\
ringwall: 1
api: openapi.yaml
authentication: {api_keys: true}
roles: {clerk: {}, chief: {}}
limits: {rate: 600/minute, anonymous_rate: 60/minute}
operations:
  "GET /users/{id}": {allow: [clerk]}
  "GET /users/me":   {allow: [chief]}
"""


def test_a_path_that_a_framework_would_take_for_another_is_told() -> None:
    late = findings(ORDERED, _declared("GET /users/{id}", "GET /users/me"))
    assert [(f.id, f.about) for f in late] == [("contract.order", "GET /users/me")]
    assert findings(ORDERED, _declared("GET /users/me", "GET /users/{id}")) == []
    same = ORDERED.replace("[chief]", "[clerk]")
    assert findings(same, _declared("GET /users/{id}", "GET /users/me")) == []


def test_a_word_that_no_object_can_decide_allows_nobody() -> None:
    text = ORDERED.replace("api: ", "resources: {user: {id: id, owner: id}}\napi: ")
    text += '  "PUT /report": {allow: [owner], resource: user}\n'
    document = _declared("GET /users/me", "GET /users/{id}", "PUT /report")
    (told,) = findings(text, document)
    assert (told.id, told.about, told.at.line) == ("contract.never", "PUT /report", 10)


def test_a_field_for_a_role_that_nothing_lets_in_or_for_everyone() -> None:
    base = ORDERED.replace("api: ", "resources: {user: {id: id, fields: {pay: {class: financial, read: [%s]}}}}\napi: ")
    document = _declared("GET /users/me", "GET /users/{id}")
    assert findings(base % "clerk", document) == []
    assert [f.id for f in findings(base.replace("[chief]", "[clerk]") % "chief", document)] == ["contract.never"]
    assert [f.id for f in findings(base % "anyone", document)] == ["contract.exposed"]
    assert findings((base % "anyone").replace("financial", "public"), document) == []
