"""`ringwall diff`: what a change of the contract opens or closes, for the review of a pull request."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from ringwall.build.load import import_app, load_contract
from ringwall.build.widened import changes
from ringwall.cli._problems import plainly, shown

_SIGNS = {"opened": ("+", "red"), "closed": ("-", "green"), "changed": ("~", None)}


@click.command(
    epilog="""\b
Examples:
  ringwall diff old.yaml new.yaml
  git show main:ringwall.yaml > /tmp/old.yaml && ringwall diff /tmp/old.yaml ringwall.yaml --openapi openapi.json
  ringwall diff old.yaml new.yaml --json

Exit status: 0 nothing widened, 1 something did, 2 a contract that cannot be used."""
)
@click.argument("old", type=click.Path(dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--openapi", help="The OpenAPI document of both: a path or a URL.  [default: what each `api` says]")
@click.option("--app", "target", metavar="MODULE:APP", help="The application to ask, where `api: app` is stated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(old: Path, new: Path, openapi: str | None, target: str | None, as_json: bool) -> None:
    """Tell what the contract NEW opens (+) and closes (-) against OLD: operations, objects, fields, roles."""
    with plainly():
        app = import_app(target) if target else None
        before, after = (load_contract(path, app=app, openapi=openapi) for path in (old, new))
        told = changes(before, after)
    widened = any(change.way == "opened" for change in told)
    if as_json:
        click.echo(json.dumps({"widened": widened, "changes": [asdict(change) for change in told]}, indent=1))
    else:
        for change in told:
            sign, colour = _SIGNS[change.way]
            click.echo(click.style(shown(f"{sign} {change.about}: {change.what}   {change.at}"), fg=colour))
        if not told:
            click.echo("nothing that decides who may do what changed")
    if widened:
        raise click.exceptions.Exit(1)
