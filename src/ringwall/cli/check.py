"""`ringwall check`: the contract's mistakes, the document's doubts, and what is valid and yet unwise."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import click

from ringwall.build.policies import policies_of
from ringwall.build.transit_check import in_transit
from ringwall.build.unannotated import Tally, unannotated
from ringwall.cli._data import data_option
from ringwall.cli._problems import plainly, shown
from ringwall.cli._recorded import faulty
from ringwall.cli._source import fetch, find
from ringwall.contract.lint import Finding, lint, unaccepted
from ringwall.contract.model import At, Contract, Misconfigured, Problem
from ringwall.contract.parse import load
from ringwall.engines.schema.patterns import linear, portable

_EPILOG = """\b
Examples:
  ringwall check
  ringwall check --contract deploy/ringwall.yaml --openapi openapi.json
  ringwall check --openapi shop.main:app --json
  ringwall check --tls chain.pem,key.pem --host api.example.com --upstream https://10.0.0.5:8443
  ringwall check --from-journal --data /var/lib/ringwall

Exit status: 0 fine, 1 findings, 2 a contract that cannot be used.
"""


@click.command(epilog=_EPILOG)
@click.option("--contract", "path", default="ringwall.yaml", show_default=True, type=click.Path(path_type=Path))
@click.option("--openapi", metavar="SOURCE", help="A file, URL or module:app in place of what the contract names.")
@click.option("--base-path", help="The path before every operation's, in place of what is stated.")
@click.option("--tls", metavar="auto|off|CHAIN,KEY", help="As `up` is given it: the certificate is looked at.")
@click.option("--host", help="The name that callers use, which the certificate has to be for.")
@click.option("--upstream", metavar="URL", help="As `up` is to be given it.")
@click.option("--from-journal", is_flag=True, help="Also list the fields whose values the journal has as suspicious.")
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def command(
    path: Path, openapi: str | None, base_path: str | None, tls: str | None, host: str | None, upstream: str | None,
    from_journal: bool, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Check a contract: mistakes, unprotected operations, broad roles, weak settings."""
    try:
        contract, doubts = _loaded(path, openapi, base_path)
        policies_of(contract)
    except Misconfigured as error:
        _tell_problems(error.problems, as_json=as_json)
        raise click.exceptions.Exit(2) from None
    findings = (
        *lint(contract, lambda pattern: linear(portable(pattern))),
        *in_transit(contract, tls, host, upstream),
    )
    troubled = _troubled(contract, data) if from_journal else ()
    today = datetime.now(UTC).date()
    counting, accepted = unaccepted(contract, (*findings, *(finding for finding, _ in troubled)), today)
    if as_json:
        told = _json(counting, accepted, doubts)
        click.echo(json.dumps({**told, "journal": list(map(_tally, troubled))} if from_journal else told, indent=2))
    else:
        _print(contract, counting, accepted, doubts)
    if any(finding.severity == "warning" for finding in counting):
        raise click.exceptions.Exit(1)


def _troubled(contract: Contract, data: Path) -> tuple[tuple[Finding, Tally], ...]:
    with plainly():
        return unannotated(contract, faulty(data / "journal"))


def _tally(found: tuple[Finding, Tally]) -> dict[str, object]:
    finding, tally = found
    return {
        "about": finding.about,
        "count": tally.count,
        "refused": tally.refused,
        "callers": len(tally.callers),
        "reasons": dict(tally.reasons),
        "do": finding.do,
    }


def _loaded(path: Path, openapi: str | None, base_path: str | None) -> tuple[Contract, tuple[Problem, ...]]:
    source = find(openapi).source if openapi is not None else None
    contract = load(path, openapi=source, fetch=fetch, base_path=base_path)
    return contract, contract.warnings


def _tell_problems(problems: Iterable[Problem], *, as_json: bool) -> None:
    if as_json:
        told = {"usable": False, "problems": [_problem(problem) for problem in problems]}
        click.echo(json.dumps(told, indent=2))
        return
    for problem in problems:
        click.echo(str(problem), err=True)


def _print(contract: Contract, counting: list[Finding], accepted: list[Finding], doubts: tuple[Problem, ...]) -> None:
    for doubt in doubts:
        click.echo(str(doubt))
    for finding in counting:
        click.echo(shown(f"{finding.at}: {finding.severity}: {finding.what} [{finding.id}]"))
        click.echo(f"    {shown(finding.do)}")
    warnings = sum(finding.severity == "warning" for finding in counting)
    click.echo(
        f"{len(contract.operations)} operations, {warnings} findings, {len(counting) - warnings} notes, "
        f"{len(accepted)} accepted, {len(doubts)} doubts about the document."
    )


def _json(counting: list[Finding], accepted: list[Finding], doubts: tuple[Problem, ...]) -> dict[str, object]:
    return {
        "usable": True,
        "findings": [_finding(finding) for finding in counting],
        "accepted": [_finding(finding) for finding in accepted],
        "warnings": [_problem(doubt) for doubt in doubts],
    }


def _at(at: At) -> dict[str, object]:
    return {"file": at.file, "line": at.line, "column": at.column}


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "id": finding.id,
        "severity": finding.severity,
        "at": _at(finding.at),
        "about": finding.about,
        "what": finding.what,
        "do": finding.do,
    }


def _problem(problem: Problem) -> dict[str, object]:
    return {
        "at": _at(problem.at),
        "found": problem.found,
        "expected": problem.expected,
        "nearest": problem.nearest,
        "warning": problem.warning,
    }
