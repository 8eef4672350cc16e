"""`ringwall contract`: what can be asked of the contract's own format."""

from __future__ import annotations

import json

import click

from ringwall.contract.schema import contract_schema


@click.group()
def command() -> None:
    """The format of ringwall.yaml."""


@command.command(epilog="Example: ringwall contract schema > ringwall.schema.json")
def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of ringwall.yaml, for editors and checks."""
    click.echo(json.dumps(contract_schema(), indent=2))
