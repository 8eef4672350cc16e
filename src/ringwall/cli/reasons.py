"""`ringwall reasons`: every reason code, what it means and what can be done."""

from __future__ import annotations

import json

import click

from ringwall.build.catalogue import reasons


@click.command(epilog="Examples:  ringwall reasons   |   ringwall reasons authz   |   ringwall reasons --json")
@click.argument("prefix", default="")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def command(prefix: str, as_json: bool) -> None:
    """List every reason code that a refusal may carry."""
    found = [reason for reason in reasons() if reason.code.startswith(prefix)]
    if as_json:
        keys = ("code", "status", "title", "caller", "operator")
        click.echo(json.dumps([{key: getattr(reason, key) for key in keys} for reason in found], indent=1))
        return
    for reason in found:
        click.echo(f"{click.style(reason.code, bold=True)}  {reason.status} {reason.title}")
        click.echo(f"    caller:   {reason.caller}\n    operator: {reason.operator}")
    if not found:
        raise click.UsageError(f"no reason code starts with {prefix!r}")
