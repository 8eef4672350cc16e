"""The contract's JSON Schema, as `ringwall contract schema` prints it.

It holds the structure. What names something else (roles, resources, operations, properties) is for the parser.
"""

from __future__ import annotations

from ringwall.contract.api import JSON
from ringwall.contract.grammar import CONTRACT


def contract_schema() -> dict[str, JSON]:
    """JSON Schema, draft 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:ringwall:contract:1",
        "title": "ringwall.yaml",
        **CONTRACT.schema(),
    }
