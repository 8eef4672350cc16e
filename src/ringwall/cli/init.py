"""`ringwall init`: a first contract for an API, with the reason of every guess, and everything unsure closed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import click

from ringwall.cli._source import Found, find
from ringwall.contract.draft import draft
from ringwall.contract.grammar import NAME, RELATIONS
from ringwall.contract.model import Misconfigured
from ringwall.contract.parse import load

_EPILOG = """\b
Examples:
  ringwall init openapi.yaml > ringwall.yaml
  ringwall init https://api.example.com/openapi.json --out ringwall.yaml
  ringwall init shop.main:app --allow client --out ringwall.yaml
"""


@click.command(epilog=_EPILOG)
@click.argument("source")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write here instead of printing.")
@click.option("--force", is_flag=True, help="Overwrite the file of --out.")
@click.option("--base-path", help="The path before every operation's, where the document does not say.")
@click.option("--allow", metavar="ROLE", help="Open every operation to one role (an API key's, say), then narrow.")
def command(source: str, out: Path | None, force: bool, base_path: str | None, allow: str | None) -> None:
    """Draft a contract from SOURCE: an OpenAPI file, a URL, or an application as `module:app`."""
    if allow is not None and (not re.fullmatch(NAME.pattern, allow) or allow in RELATIONS):
        raise click.BadParameter("a role's name is letters, digits, `_`, `.` and `-`", param_hint="--allow")
    if out is not None and out.exists() and not force:
        raise click.UsageError(f"{out} exists; --force overwrites it.")
    try:
        found = find(source, base_path)
        text = draft(found.api, _reference(found, out), base_path=found.base_path, allow=allow)
        contract = load(text, openapi=found.api)
    except Misconfigured as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(2) from None
    for problem in found.problems:
        click.echo(str(problem), err=True)
    opened = sum(operation.rule is not None for operation in contract.operations)
    click.echo(f"{opened} of {len(contract.operations)} operations opened, the others closed.", err=True)
    _written(text, out)


def _written(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"{out} cannot be written: {error.strerror}") from None
    click.echo(f"Written to {out}.", err=True)


def _reference(found: Found, out: Path | None) -> str:
    """`api:` is read from the contract's own directory."""
    if found.reference == "app" or "://" in found.reference or out is None:
        return found.reference
    return os.path.relpath(found.reference, out.parent)
