"""A report as JUnit XML: a suite for each class, a case for each operation; proved fails, untested is skipped."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

from ringwall.scan.model import Finding, Report, Verdict

_ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(report: Report) -> str:
    """The whole document."""
    kinds = list(dict.fromkeys(v.kind for v in report.verdicts))
    suites = [_suite(kind, [v for v in report.verdicts if v.kind == kind], report) for kind in kinds]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuites name="ringwall scan" time="{report.seconds}">']
    return "\n".join([*lines, *suites, "</testsuites>"])


def _suite(kind: str, verdicts: list[Verdict], report: Report) -> str:
    cases = [
        _case(v, [f for f in report.counted if f.kind == v.kind and v.operation in (f.operation, *f.also)])
        for v in verdicts
    ]
    failed = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    head = f'<testsuite name={_quoted(kind)} tests="{len(cases)}" failures="{failed}" errors="0" skipped="{skipped}">'
    return "\n".join([head, *cases, "</testsuite>"])


def _case(verdict: Verdict, findings: Iterable[Finding]) -> str:
    found = list(findings)
    inner = "".join(f"<failure message={_quoted(f.evidence)}>{_text(f'{f.control} | {f.curl} | {f.id}')}</failure>"
                    for f in found[:1])  # fmt: skip
    if not found and verdict.state == "not tested":
        inner = f"<skipped message={_quoted(verdict.why)}/>"
    return f"<testcase classname={_quoted(verdict.kind)} name={_quoted(verdict.operation)}>{inner}</testcase>"


def _quoted(value: str) -> str:
    return quoteattr(_ILLEGAL.sub("\ufffd", value))


def _text(value: str) -> str:
    return escape(_ILLEGAL.sub("\ufffd", value))
