"""`ringwall incident`: the timeline and reach of a request, a principal or an alert."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from ringwall.cli._contracts import contract_option, subject
from ringwall.cli._data import Duration, data_option, json_option, store_of
from ringwall.cli._persons import alerts_as_they_are, reader
from ringwall.cli._problems import fail, plainly, shown
from ringwall.contract.model import Contract, Misconfigured
from ringwall.monitoring.incident import Incident
from ringwall.monitoring.incident_page import page
from ringwall.monitoring.incidents import incident_of
from ringwall.state.journal_files import JournalDamaged, logs

_DAY_S = 86_400.0


@click.command(
    epilog="""\b
Examples:
  ringwall incident a-4f1c2a9e7b3d                       an alert
  ringwall incident acc-ana --html incident.html         a principal
  ringwall incident 4f1c2a9e7b3d5f6081a2c3d4 --json      a request
"""
)
@click.argument("subject_", metavar="SUBJECT")
@click.option("--around", type=Duration(), default=_DAY_S, help="How far around an alert or request (default: 1d).")
@click.option("--html", type=click.Path(dir_okay=False, path_type=Path), help="Write a page for people here.")
@contract_option
@click.option("--openapi", metavar="SOURCE", help="A file, URL or module:app in place of the contract's.")
@data_option
@json_option
def command(
    subject_: str, around: float, html: Path | None, contract: Path | None, openapi: str | None, data: Path,
    as_json: bool,
) -> None:  # fmt: skip
    """Assemble what happened around SUBJECT: a request's id, a principal or an alert."""
    with plainly(), store_of(data) as store, reader(data) as persons:
        if not logs(data / "journal"):
            fail(f"{data / 'journal'}: there is no journal here")
        try:
            alerts, stated = alerts_as_they_are(data, store), _contract(contract, openapi)
            incident = incident_of(subject_, around, data, store, alerts, stated, persons)
        except (sqlite3.OperationalError, JournalDamaged) as failure:
            fail(str(failure))
    if not incident.timeline:
        fail(f"the journal has nothing about {shown(subject_)!r}", 1)
    if html is not None:
        html.write_text(page(incident), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(incident.document(), indent=1))
    else:
        for line in _told(incident):
            click.echo(shown(line))


def _contract(path: Path | None, openapi: str | None) -> Contract | None:
    """The contract where one can be read: it tells which fields could have been seen."""
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(TemporaryDirectory()))
        try:
            return subject(path, openapi, None, scratch).contract
        except (Misconfigured, OSError):
            if path is not None:
                raise
            return None


def _told(incident: Incident) -> Iterator[str]:
    yield f"{incident.kind} {incident.subject}: {incident.first} to {incident.last}"
    yield f"  served {incident.allowed}, refused {incident.refused}"
    yield f"  principals: {', '.join(incident.principals) or '-'}   addresses: {', '.join(incident.addresses) or '-'}"
    yield f"  reached {len(incident.reached)} objects of {len(incident.subjects)} known persons" + (
        f", and {incident.unknown_owners} whose owner is not remembered" if incident.unknown_owners else ""
    )
    if incident.subjects:
        yield f"  persons: {', '.join(incident.subjects[:20])}"
    if incident.fields:
        yield f"  fields: {', '.join(f'{name} ({kind})' for name, kind in incident.fields)}"
    yield "  stopped by: " + (", ".join(f"{reason} x{times}" for reason, times in incident.stopped) or "nothing")
    for each in incident.measures:
        yield f"  measure: {each.at} {each.operation} {', '.join(each.objects)}"
    yield ""
    for each in incident.timeline[-50:]:
        who = each.principal or each.client or "-"
        yield f"  {each.at}  {who}  {each.operation or each.kind}  {each.decision or ''} {each.reason or each.detail}"
