"""OCSF events against the published schema of OCSF 1.3.0, as `ocsf-json-schema` ships it."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import orjson
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded

from ringwall.state.journal_export import OCSF_VERSION, ocsf
from ringwall.state.journal_index import Found

EXCHANGE: dict[str, Any] = {
    "kind": "exchange", "id": "r-1", "at": "2026-01-01T00:00:00.250Z", "operation": "GET /patients/{id}",
    "method": "GET", "path": "/patients/{id}", "client": "192.0.2.7", "decision": "refuse", "status": 404,
    "reason": "authz.object", "layer": "authz", "principal": "alice", "roles": ["nurse"], "objects": ["patient:17"],
    "us": 1499.0, "sizes": [0, 90],
}  # fmt: skip


@cache
def validator() -> jsonschema.Draft202012Validator:
    published = json.loads((files("ocsf_json_schema") / "ocsf" / f"{OCSF_VERSION}.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(OcsfJsonSchemaEmbedded(published).get_class_schema("api_activity"))


def problems(record: dict[str, Any]) -> list[str]:
    event = orjson.loads(ocsf(Found("w1", 5, orjson.dumps(record))))
    return [f"{'/'.join(map(str, e.path))}: {e.message[:200]}" for e in validator().iter_errors(event)]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"decision": "allow", "status": 201, "method": "POST", "reason": None},
        {"method": "DELETE", "principal": None, "client": "::1"},
        {"operation": None, "method": "", "path": "", "objects": [], "client": "testclient"},
        {"kind": "signin", "operation": "signin", "method": None, "path": None, "status": 0, "account": "ab"},
        {"kind": "admin", "operation": "users.roles", "method": "", "path": "", "status": 0, "client": ""},
        {"kind": "alert", "operation": "alert.injection", "method": "", "path": "", "status": 0, "client": ""},
    ],
)  # fmt: skip
def test_an_event_is_what_the_published_schema_says(changes: dict[str, Any]) -> None:
    record = {key: value for key, value in {**EXCHANGE, **changes}.items() if value is not None}
    assert problems(record) == []


def test_the_schema_refuses_what_is_no_event() -> None:
    assert list(validator().iter_errors({"class_uid": 6003}))
