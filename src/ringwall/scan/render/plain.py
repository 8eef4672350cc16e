"""A report for a terminal, and as JSON."""

from __future__ import annotations

import json
from collections import Counter

from ringwall.scan.catalogue import WEAKNESSES
from ringwall.scan.model import Finding, Report

_QUIET = (
    "it does not apply",
    "it takes no",
    "it sets no",
    "it answers with no page",
    "no parameter",
    "no text parameter",
    "no XML",
    "no query by",
    "tried at reading",
    "the contract states no",
    "the operation is open",
)


def text(report: Report) -> str:
    """What was found, the worst first; then what was not tested, by reason."""
    lines = [f"{report.title or 'API'} at {report.url}", ""]
    for finding in report.findings:
        lines += _finding(finding)
    lines += [summary(report)]
    if report.ended:
        lines.append(f"Stopped early: {report.ended}.")
    lines += [f"Left behind: {', '.join(report.left[:20])}"] if report.left else []
    return "\n".join([*lines, "", *_untested(report), f"Seed {report.seed} repeats it."])


def _finding(finding: Finding) -> list[str]:
    weakness = WEAKNESSES[finding.kind]
    place = f" ({finding.where})" if finding.where else ""
    accepted = "  accepted in the contract" if finding.accepted else ""
    return [
        f"{weakness.severity.upper():<8} {finding.kind}  {finding.operation}{place}{accepted}",
        f"  {weakness.title}. CWE-{weakness.cwe}, {weakness.owasp}, {weakness.score}",
        *([f"  also at  {', '.join(finding.also)}"] if finding.also else []),
        f"  seen     {finding.evidence}",
        f"  control  {finding.control}",
        f"  change   {finding.change}",
        f"  again    {finding.curl}",
        f"  id       {finding.id}",
        "",
    ]


def summary(report: Report) -> str:
    """One sentence of figures."""
    states = Counter(verdict.state for verdict in report.verdicts)
    found = len(report.counted)
    return (
        f"{found or 'no'} finding{'' if found == 1 else 's'}; verdicts: {states['proved']} proved, "
        f"{states['refuted']} refuted, {states['not tested']} not tested; "
        f"{report.requests} requests in {report.seconds:.1f} s"
    )


def _untested(report: Report) -> list[str]:
    """Why what was not tested was not, the commonest reason first; what cannot apply is left out."""
    found = Counter(v.why for v in report.verdicts if v.state == "not tested" and not v.why.startswith(_QUIET))
    return [f"not tested, {count:>3} ×: {why}" for why, count in found.most_common(12)]


def as_json(report: Report) -> str:
    """Everything, for machines."""
    document = {
        "url": report.url,
        "title": report.title,
        "seed": report.seed,
        "requests": report.requests,
        "seconds": report.seconds,
        "ended": report.ended,
        "left": [*report.left],
        "findings": [described(finding) for finding in report.findings],
        "verdicts": [
            {"operation": v.operation, "class": v.kind, "verdict": v.state, "why": v.why} for v in report.verdicts
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False)


def described(finding: Finding) -> dict[str, object]:
    """A finding with the numbers of its class."""
    weakness = WEAKNESSES[finding.kind]
    return {
        "id": finding.id,
        "class": finding.kind,
        "title": weakness.title,
        "operation": finding.operation,
        "also": [*finding.also],
        "where": finding.where,
        "severity": weakness.severity,
        "cwe": f"CWE-{weakness.cwe}",
        "owasp": weakness.owasp,
        "cvss": weakness.cvss,
        "score": weakness.score,
        "evidence": finding.evidence,
        "control": finding.control,
        "change": finding.change,
        "curl": finding.curl,
        "accepted": finding.accepted,
    }
