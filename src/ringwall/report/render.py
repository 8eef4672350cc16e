"""A report as people and programs read it: text, JSON, one HTML file. What is not covered comes first in each."""

from __future__ import annotations

from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, StrictUndefined

from ringwall.report.model import MEANING, STATUSES, Line, Processing, Proof, Report

LIMITS = (
    "It is evidence, not a judgement: whether a line is met, whoever is asked to judge decides.",
    "Settings are those of the contract that was read. That a wall with this contract stands before the application, "
    "and that nothing reaches the application past it, is not shown.",
    "Tests are of ringwall's own suite, by name; they were not run for this report.",
    "A drill or scan counts as of the date of its file; whose it was, its form does not say.",
)


def document(report: Report) -> dict[str, object]:
    """The report in its stable JSON form."""
    return {
        "framework": report.framework,
        "title": report.title,
        "api": report.api,
        "contract": report.contract,
        "at": report.at,
        "limits": list(LIMITS),
        "counts": dict(report.counts),
        "lines": [_line(report, line) for line in report.told],
        "runs": [
            {"name": run.name, "holds": run.holds, "what": run.what, "at": run.at, "flaws": list(run.flaws)}
            for run in report.runs
        ],
        "secrets": {
            "searched": list(report.searched),
            "found": [{"file": each.file, "line": each.line, "kind": each.kind} for each in report.secrets],
        },
        "record": None if report.record is None else _record(report.record),
    }


def _line(report: Report, line: Line) -> dict[str, object]:
    return {
        "id": line.id,
        "section": report.titles[line.section],
        "status": line.status,
        "says": line.says,
        "missing": list(line.missing),
        "evidence": [{"kind": proof.kind, "what": proof.what, "at": proof.at} for proof in line.proofs],
    }


def _record(record: Processing) -> dict[str, object]:
    return {
        "activities": [
            {
                "resource": each.resource,
                "subject": each.subject,
                "classes": sorted({field.data_class for field in each.fields}),
                "fields": [
                    {
                        "name": field.name,
                        "class": field.data_class,
                        "encrypted": field.encrypted,
                        "masked": field.masked,
                        "readers": list(field.readers),
                    }
                    for field in each.fields
                ],
                "unstated": list(each.unstated),
                "operations": list(each.operations),
                "kept": each.kept,
            }
            for each in record.activities
        ],
        "blanks": [{"id": name, "what": what} for name, what in record.blanks],
    }


def text(report: Report) -> str:
    """For a terminal. Values of the contract stand in it as they are: the caller makes them harmless."""
    lines = [f"{report.title}: {report.api} ({report.contract}), {report.at}", ""]
    lines += [", ".join(f"{status} {count}" for status, count in report.counts.items()), ""]
    for status, group in groupby(report.told, key=lambda line: line.status):
        lines += [f"{status.upper()}. {MEANING[status]}"]
        for line in group:
            lines += [f"  {line.id}  {line.says}", *(f"      - {each}" for each in line.missing)]
            lines += [f"      + {_told(proof)}" for proof in line.proofs]
        lines.append("")
    lines += [f"{run.name}: {run.what}" + (f" ({run.at})" if run.at else "") for run in report.runs]
    lines += [f"looks like a secret: {each.file}:{each.line}: {each.kind}" for each in report.secrets]
    lines += [f"looked through for secrets: {', '.join(report.searched) or 'nothing'}"]
    lines += _processing(report.record) if report.record is not None else []
    return "\n".join([*lines, "", *LIMITS])


def _told(proof: Proof) -> str:
    return f"{proof.kind}: {proof.what}" + (f" ({proof.at})" if proof.at else "")


def _processing(record: Processing) -> list[str]:
    lines = ["", "RECORD OF PROCESSING, a draft. To be filled in by people:"]
    lines += [f"  [ ] {name}  {what}" for name, what in record.blanks]
    for each in record.activities:
        lines += ["", f"  {each.resource}: of {each.subject}. {each.kept}"]
        for field in each.fields:
            how = "encrypted" if field.encrypted else "in clear"
            masked = f", masked ({field.masked}) for others" if field.masked else ""
            lines.append(f"    {field.name}: {field.data_class}, {how}, read by {', '.join(field.readers)}{masked}")
        lines += [f"    {name}: NOTHING STATED" for name in each.unstated]
        lines += [f"    by {operation}" for operation in each.operations]
    return lines


def html(report: Report) -> str:
    """One page: no script, nothing loaded from anywhere, every value escaped by the template engine."""
    source = files("ringwall.report").joinpath("report.html").read_text("utf-8")
    template = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(source)
    told = [
        (status, [(section, list(lines)) for section, lines in groupby(of, key=lambda line: line.section)])
        for status in STATUSES
        if (of := [line for line in report.lines if line.status == status])
    ]
    place = {status: index for index, status in enumerate(STATUSES)}
    return template.render(report=report, told=told, meaning=MEANING, limits=LIMITS, place=place)
