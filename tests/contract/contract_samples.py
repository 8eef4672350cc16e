"""An API and a contract that many tests of this room change one thing of."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from ringwall.contract.model import Contract, Misconfigured, Problem
from ringwall.contract.parse import load

API: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Clinic", "version": "1"},
    "paths": {
        "/patients": {
            "get": {
                "tags": ["people"],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {
                            "application/json": {
                                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Patient"}}
                            }
                        },
                    }
                },
            },
            "post": {
                "tags": ["people"],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Patient"}}},
                },
                "responses": {
                    "201": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Patient"}}},
                    }
                },
            },
        },
        "/patients/{patient_id}": {
            "parameters": [{"name": "patient_id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {
                "tags": ["people", "reads"],
                "responses": {
                    "200": {
                        "description": "",
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Patient"}}},
                    }
                },
            },
        },
        "/health": {"get": {"responses": {"200": {"description": ""}}}},
    },
    "components": {
        "schemas": {
            "Patient": {
                "type": "object",
                "properties": {
                    name: {"type": "integer"} if name == "patient_id" else {"type": "string"}
                    for name in (
                        "patient_id",
                        "account_id",
                        "clinic_id",
                        "full_name",
                        "email",
                        "diagnosis",
                        "card_number",
                        "notes",
                    )
                },
            }
        }
    },
}

CONTRACT = """\
ringwall: 1
api: openapi.yaml
mode: enforce
authentication:
  accounts: true
  api_keys: true
  basic: false
  issuers:
    - issuer: https://login.example.com
      audience: clinic-api
      roles: realm_access.roles
roles:
  patient: {}
  nurse:   {}
  doctor:  {includes: [nurse], requires: mfa}
  admin:   {requires: mfa}
resources:
  patient:
    schema: Patient
    id: patient_id
    owner: account_id
    tenant: clinic_id
    fields:
      full_name:   {class: identifier}
      email:       {class: contact, encrypt: searchable}
      diagnosis:   {class: health, encrypt: true, read: [owner, doctor], write: [doctor]}
      card_number: {class: cardholder, encrypt: true, mask: last4, read: [owner]}
      notes:       {format: markdown}
operations:
  "GET /patients":               {allow: [nurse], filter: tenant}
  "GET /patients/{patient_id}":  {allow: [owner, nurse]}
  "POST /patients":              {allow: [doctor], rate: 10/minute}
  "GET /health":                 {allow: anyone}
"""


def api(change: Callable[[dict[str, Any]], object] = lambda _: None) -> dict[str, Any]:
    """The API with one thing changed."""
    made = copy.deepcopy(API)
    change(made)
    return made


def contract(text: str = CONTRACT, document: dict[str, Any] | None = None) -> Contract:
    """A contract that must load."""
    return load(text, openapi=document or API)


def mistakes(text: str, document: dict[str, Any] | None = None) -> tuple[Problem, ...]:
    """The mistakes of one that must not."""
    try:
        load(text, openapi=document or API)
    except Misconfigured as error:
        return error.problems
    raise AssertionError("the contract loaded")


def outcome(call: Callable[[], object]) -> tuple[Problem, ...] | None:
    """The problems of something that may be refused, None where it is not; any other failure comes through."""
    try:
        call()
    except Misconfigured as error:
        return error.problems
    return None
