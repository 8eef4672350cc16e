"""A report as SARIF 2.1.0 (OASIS), as code hosts take it: rules by class, results with fingerprints."""

from __future__ import annotations

import json

from ringwall.scan.catalogue import WEAKNESSES, Weakness
from ringwall.scan.model import Finding, Report

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif(report: Report) -> str:
    """One run. Findings lie in the OpenAPI document's operations: that is where a host may show them."""
    kinds = list(dict.fromkeys(finding.kind for finding in report.findings))
    driver = {
        "name": "ringwall",
        "informationUri": "https://owasp.org/API-Security/",
        "rules": [_rule(WEAKNESSES[kind]) for kind in kinds],
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [_invocation(report)],
        "results": [_result(finding, kinds.index(finding.kind), report) for finding in report.findings],
        "properties": {"seed": report.seed, "requests": report.requests, "seconds": report.seconds},
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False)


def _invocation(report: Report) -> dict[str, object]:
    made: dict[str, object] = {"executionSuccessful": report.ended is None}
    if report.ended:
        made["toolExecutionNotifications"] = [{"level": "warning", "message": {"text": report.ended}}]
    return made


def _rule(weakness: Weakness) -> dict[str, object]:
    return {
        "id": weakness.kind,
        "name": "".join(part.title() for part in weakness.kind.split("-")),
        "shortDescription": {"text": weakness.title},
        "fullDescription": {"text": f"{weakness.title}. {weakness.change}"},
        "help": {"text": weakness.change},
        "helpUri": f"https://cwe.mitre.org/data/definitions/{weakness.cwe}.html",
        "defaultConfiguration": {"level": _level(weakness)},
        "properties": {
            "tags": ["security", f"external/cwe/cwe-{weakness.cwe}", weakness.owasp],
            "precision": "very-high",
            "security-severity": f"{weakness.score:.1f}",
        },
    }


def _level(weakness: Weakness) -> str:
    return "error" if weakness.score >= 7 else "warning" if weakness.score >= 4 else "note"


def _result(finding: Finding, index: int, report: Report) -> dict[str, object]:
    weakness = WEAKNESSES[finding.kind]
    place = f" ({finding.where})" if finding.where else ""
    made: dict[str, object] = {
        "ruleId": finding.kind,
        "ruleIndex": index,
        "level": _level(weakness),
        "message": {"text": f"{weakness.title}: {finding.operation}{place}. {finding.evidence}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "openapi.json"},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": each, "kind": "function"} for each in (finding.operation, *finding.also)
                ],
            }
        ],
        "partialFingerprints": {"ringwall/v1": finding.id},
        "properties": {
            "operation": finding.operation,
            "also": [*finding.also],
            "where": finding.where,
            "cwe": f"CWE-{weakness.cwe}",
            "owasp": weakness.owasp,
            "cvss": weakness.cvss,
            "curl": finding.curl,
            "control": finding.control,
            "change": finding.change,
            "url": report.url,
        },
    }
    if finding.accepted:
        made["suppressions"] = [{"kind": "external", "justification": "accepted in the contract"}]
    return made
