"""A scan's bench as a report: findings the worst first, a verdict for each operation and class."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from ringwall.scan.bench import Bench
from ringwall.scan.catalogue import KINDS, WEAKNESSES
from ringwall.scan.model import SERVICE, Finding, Report, Verdict

OF_SERVICE = ("cors", "headers", "tls", "inventory")


def report(bench: Bench, url: str, seed: str, requests: int, seconds: float, ended: str | None) -> Report:
    findings = sorted(bench.findings.values(), key=lambda f: (-WEAKNESSES[f.kind].score, f.kind, f.operation, f.where))
    today = date.today()  # noqa: DTZ011 - a contract's day is the reader's own
    stated = bench.subject.contract.accepted if bench.subject.contract else ()
    accepted = {a.id for a in stated if a.until >= today}
    marked = tuple(replace(f, accepted=f.id in accepted) for f in findings)
    return Report(url, bench.subject.api.title, seed, marked, _verdicts(bench, marked, ended), requests,
                  round(seconds, 2), tuple(bench.left), ended)  # fmt: skip


def _verdicts(bench: Bench, findings: tuple[Finding, ...], ended: str | None) -> tuple[Verdict, ...]:
    """A verdict for each operation and class; what nobody judged was not tested."""
    known = bench.verdicts()
    why = f"the scan ended before: {ended}" if ended else "it does not apply to an operation of this form"
    keys = [(aim.key, kind) for aim in bench.subject.aims for kind in KINDS if kind not in OF_SERVICE]
    unusable = [op for op in bench.subject.api.operations if op.flaw is not None]
    closed = [Verdict(op.key, kind, "not tested", f"the document leaves it undecidable: {op.flaw}")
              for op in unusable for kind in KINDS if kind not in OF_SERVICE]  # fmt: skip
    of_service = [(SERVICE, kind) for kind in OF_SERVICE]
    return tuple(known.get(key) or Verdict(*key, "not tested", why) for key in (*keys, *of_service)) + tuple(closed)
