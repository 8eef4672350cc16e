"""`ringwall report`: evidence by the lines of a framework, what is not covered first."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import click

from ringwall.cli._contracts import contract_option, subject
from ringwall.cli._data import data_option, json_option
from ringwall.cli._problems import fail, plainly, shown
from ringwall.report import render
from ringwall.report.bill import NoBill, bill
from ringwall.report.frameworks import NAMES
from ringwall.report.make import made
from ringwall.report.runs import NoRun

EPILOG = """\b
Examples:
  ringwall report --framework gdpr --html gdpr.html
  ringwall report --framework asvs --drill drill.json --scan scan.json --json
  ringwall report --framework pci --lock requirements.txt --vulnerabilities osv

Exit status: 0 fine, 1 where the journal is not whole or configuration holds what looks like a secret.
"""

_printed = click.Path(dir_okay=False, path_type=Path)


@click.command(epilog=EPILOG)
@click.option("--framework", required=True, type=click.Choice(NAMES), help="Whose lines.")
@contract_option
@click.option("--openapi", help="The OpenAPI document: a path or a URL.  [default: what `api` says]")
@click.option("--app", "target", metavar="MODULE:APP", help="The application to ask, where `api: app` is stated.")
@data_option
@click.option("--drill", "drilled", type=_printed, help="What `ringwall drill --json` printed.")
@click.option("--scan", "scanned", type=_printed, help="What `ringwall scan --json` printed.")
@click.option(
    "--lock",
    "locks",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    multiple=True,
    help="What the application's lock file pins (requirements.txt with versions), to be looked up; repeatable.",
)
@click.option(
    "--vulnerabilities",
    "service",
    metavar="osv|pypi|URL",
    help="Whom to ask for known vulnerabilities: names and versions are sent there, ringwall's own too. URL: "
    "one that speaks OSV's protocol.  [default: nobody]",
)
@click.option("--sbom", type=_printed, help="Write ringwall's own bill of materials here (CycloneDX 1.6).")
@json_option
@click.option("--html", "page", type=_printed, help="Write a page here.")
def command(
    framework: str, contract: Path | None, openapi: str | None, target: str | None, data: Path, drilled: Path | None,
    scanned: Path | None, locks: tuple[Path, ...], service: str | None, sbom: Path | None, as_json: bool,
    page: Path | None,
) -> None:  # fmt: skip
    """Give evidence by the lines of a framework: settings, runs and tests, what is not covered first."""
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-report-") as scratch:
        try:
            stated = subject(contract, openapi, target, Path(scratch)).contract
            report = made(framework, stated, data, drilled, scanned, locks, service)
            if sbom is not None:
                sbom.write_text(bill(), encoding="utf-8")
        except (NoRun, NoBill) as why:
            fail(shown(why))
        if page is not None:
            page.write_text(render.html(report), encoding="utf-8")
    if as_json:
        click.echo(json.dumps(render.document(report), indent=1))
    elif page is None:
        click.echo("\n".join(map(shown, render.text(report).splitlines())))
    else:
        counted = ", ".join(f"{status} {count}" for status, count in report.counts.items())
        click.echo(shown(f"{page}: {counted}"))
    whole = all(run.holds is not False for run in report.runs if run.name == "journal")
    sys.exit(0 if whole and not report.secrets else 1)
