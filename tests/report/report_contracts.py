"""A small contract and its API, with parts to change, for the tests of reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ringwall.build.load import load_contract
from ringwall.contract.model import Contract

WHOLE = """\
ringwall: 1
api: openapi.json
authentication: {accounts: true, sessions: {idle: 600, absolute: 3600}}
roles: {nurse: {requires: mfa}}
limits: {rate: 10/second, anonymous_rate: 5/second}
resources:
  patient:
    schema: Patient
    id: patient_id
    owner: account_id
    tenant: clinic_id
    fields:
      name: {class: identifier}
      diagnosis: {class: health, encrypt: true, read: [owner, nurse]}
      card: {class: cardholder, encrypt: true, mask: last4, read: [owner]}
operations:
  "GET /patients/{patient_id}": {allow: [owner, nurse], requires: mfa}
  "POST /patients": {allow: [nurse]}
"""
PROPERTIES = ("patient_id", "account_id", "clinic_id", "name", "diagnosis", "card")


def stated(
    place: Path, text: str = WHOLE, *, title: str = "Ward", more: tuple[str, ...] = (), composed: bool = False
) -> Contract:
    """The contract of `text`, written and loaded in `place`."""
    one = {"$ref": "#/components/schemas/Patient"}
    body = {"content": {"application/json": {"schema": one}}}
    answer = {"responses": {"200": {"description": "", **body}}}
    patient_id = {"name": "patient_id", "in": "path", "required": True, "schema": {"type": "string"}}
    properties = {name: {"type": "string"} for name in (*PROPERTIES, *more)}
    patient: dict[str, Any] = {"type": "object", "properties": properties}
    if composed:
        patient = {"allOf": [patient, {"type": "object", "properties": {"hidden": {"type": "string"}}}]}
    api = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "1"},
        "paths": {
            "/patients": {"post": {"requestBody": body, **answer}},
            "/patients/{patient_id}": {"get": {"parameters": [patient_id], **answer}},
        },
        "components": {"schemas": {"Patient": patient}},
    }
    (place / "openapi.json").write_text(json.dumps(api))
    (place / "ringwall.yaml").write_text(text)
    return load_contract(place / "ringwall.yaml")
