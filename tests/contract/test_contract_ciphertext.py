"""What ciphertext would break is found before it does, and what it does not break is not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from encryption.encryption_certs import Authority
from ringwall.cli import cli
from ringwall.contract.lint_ciphertext import characters
from ringwall.engines.crypto import FieldContext, KeyRing, MappedKeys, RootKey, encrypt_value

CONTRACT = """\
ringwall: 1
api: openapi.json
authentication: {api_keys: true}
limits: {rate: 600/minute, anonymous_rate: 600/minute}
roles: {nurse: {}}
resources:
  patient:
    schema: Patient
    id: id
    fields:
      born: {class: identifier, encrypt: true}
      email: {class: contact, encrypt: searchable}
      city: {class: contact}
operations: {"GET /patients": {allow: [nurse]}}
"""


def api(parameters: list[dict], **born: object) -> dict:
    properties = {"id": {"type": "integer"}, "born": {"type": "string", **born}, "email": {"type": "string"},
                  "city": {"type": "string"}}  # fmt: skip
    reply = {"description": "x", "content": {"application/json": {
        "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Patient"}}}}}  # fmt: skip
    given = [{"in": "query", "schema": {"type": "string"}, **p} for p in parameters]
    return {
        "openapi": "3.1.0", "info": {"title": "x", "version": "1"},
        "paths": {"/patients": {"get": {"parameters": given, "responses": {"200": reply}}}},
        "components": {"schemas": {"Patient": {"type": "object", "properties": properties}}},
    }  # fmt: skip


def found(tmp_path: Path, document: dict, *words: str, contract: str = CONTRACT) -> list[dict]:
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    (tmp_path / "ringwall.yaml").write_text(contract)
    done = CliRunner().invoke(cli, ["check", "--contract", str(tmp_path / "ringwall.yaml"), "--json", *words])
    assert "Traceback" not in done.output
    told: list[dict] = json.loads(done.stdout)["findings"]
    assert done.exit_code == (1 if any(f["severity"] == "warning" for f in told) else 0)
    return [f for f in told if f["id"].startswith(("contract.ciphertext", "deployment."))]


@pytest.mark.parametrize(
    ("name", "schema", "word"),
    [
        ("sort", {"enum": ["city", "born"]}, "sorts by"),
        ("order_by", {"enum": ["city", "-born"]}, "sorts by"),
        ("orderBy", {"type": "array", "items": {"enum": ["born:desc"]}}, "sorts by"),
        ("born_from", {}, "range"),
        ("bornAfter", {}, "range"),
        ("min_born", {}, "range"),
        ("born[gte]", {}, "range"),
        ("born__lt", {}, "range"),
        ("email_like", {}, "a part of"),
        ("email__icontains", {}, "a part of"),
        ("born", {}, "equality"),
        ("sort", {"enum": ["email"]}, "sorts by"),
    ],
)
def test_a_query_that_ciphertext_makes_meaningless_is_told(tmp_path: Path, name: str, schema: dict, word: str) -> None:
    (told,) = found(tmp_path, api([{"name": name, "schema": schema or {"type": "string"}}]))
    assert told["id"] == "contract.ciphertext.query"
    assert told["severity"] == "warning"
    assert word in told["what"]
    assert told["do"]


@pytest.mark.parametrize(
    ("name", "schema"),
    [("sort", {"enum": ["city"]}), ("city", {}), ("city_like", {}), ("email", {}), ("q", {}), ("reborn", {}),
     ("limit", {}), ("born_by_force", {})],
)  # fmt: skip
def test_a_query_that_it_does_not_touch_is_not(tmp_path: Path, name: str, schema: dict) -> None:
    assert found(tmp_path, api([{"name": name, "schema": schema or {"type": "string"}}])) == []


@pytest.mark.parametrize(
    ("keywords", "word", "severity"),
    [
        ({"type": "integer", "minimum": 0}, "the type integer", "warning"),
        ({"enum": ["a", "b"]}, "closed set", "warning"),
        ({"maxLength": 40}, "maxLength 40", "warning"),
        ({"maxLength": 4000}, "maxLength 4000", "note"),
        ({"pattern": "^[0-9]+$"}, "a pattern", "note"),
        ({"format": "date"}, "the format date", "note"),
    ],
)
def test_a_schema_that_ciphertext_does_not_keep_is_told_with_what_to_do(
    tmp_path: Path, keywords: dict, word: str, severity: str
) -> None:
    (told,) = found(tmp_path, api([], **keywords))
    assert (told["id"], told["severity"]) == ("contract.ciphertext", severity)
    assert word in told["what"]
    assert "encrypted_sqlalchemy" in told["do"]


@pytest.mark.parametrize("length", [0, 1, 13, 14, 15, 29, 30, 40, 333])
def test_the_room_that_is_asked_for_is_what_a_record_takes(length: int) -> None:
    ring = KeyRing((RootKey.new(bytes),), MappedKeys({}), lambda n: b"\1" * n)
    made = FieldContext("patient", "born", "north", "acc")  # as it is created, with a record id: the longest form
    for value in ("a" * length, "\N{OLD PERSIAN SIGN A}" * length):
        text = encrypt_value(value, made, ring)
        assert isinstance(text, str)
        assert len(text) == characters(len(value.encode()) + 2)


def test_what_would_go_in_clear_or_by_a_weak_certificate_fails_the_check(tmp_path: Path) -> None:
    authority = Authority(tmp_path)

    def ids(*words: str) -> set[tuple[str, str]]:
        return {(f["id"], f["severity"]) for f in found(tmp_path, api([]), *words)}

    good = ",".join(map(str, authority.issue("good")))
    assert ids("--tls", good, "--host", "localhost", "--upstream", "https://10.0.0.5") == set()
    assert ids("--tls", good, "--upstream", "http://127.0.0.1:9000") == set()
    for words, finding in (
        (("--tls", "off"), "deployment.tls"),
        (("--upstream", "http://10.0.0.5"), "deployment.upstream"),
        (("--tls", good, "--host", "api.example.com"), "deployment.certificate"),
        (("--tls", ",".join(map(str, authority.issue("weak", bits=1024)))), "deployment.certificate"),
        (("--tls", ",".join(map(str, authority.issue("soon", days=9, begin=-80)))), "deployment.certificate"),
        (("--tls", "nowhere.pem,nowhere.key"), "deployment.certificate"),
    ):
        assert ids(*words) == {(finding, "warning")}, words
    issuers = CONTRACT.replace(
        "{api_keys: true}", "{api_keys: true, issuers: [{issuer: 'http://login.example.com', audience: x}]}"
    )
    assert [f["id"] for f in found(tmp_path, api([]), contract=issuers)] == ["deployment.clear"]
