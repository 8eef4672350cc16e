"""`ringwall alerts`: what the monitor found, latest first; one alert in full; and saying that one was dealt with."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from ringwall.cli._data import Duration, acts, data_option, json_option, store_of
from ringwall.cli._persons import alerts_as_they_are
from ringwall.cli._problems import fail, plainly, shown
from ringwall.monitoring.rules.engine import LEVELS
from ringwall.state.alerts import Alert, Alerts


@click.group(
    invoke_without_command=True,
    epilog="""\b
Examples:
  ringwall alerts                             the latest, latest first
  ringwall alerts list --rule injection --since 1d --json
  ringwall alerts close a-4f1c2a9e7b3d        dealt with: the next one is a new alert
""",
)
@click.pass_context
def command(ctx: click.Context) -> None:
    """List alerts, and say which were dealt with. Without a command: the list."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command, **{p.name: p.get_default(ctx) for p in list_command.params if p.name})


@command.command("list", epilog="Examples:  ringwall alerts list --rule injection --since 1d --json")
@data_option
@json_option
@click.option("--rule", help="Of one rule.")
@click.option("--principal", help="About one subject.")
@click.option("--since", type=Duration(), default=7 * 86_400.0, help="So far back, such as 2h or 30d (default: 7d).")
@click.option("--from", "least", type=click.Choice(LEVELS[1:]), default="low", help="The least level.")
@click.option("--open", "open_only", is_flag=True, help="Those that nobody closed.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_command(
    data: Path, as_json: bool, rule: str | None, principal: str | None, since: float, least: str,
    open_only: bool, limit: int,
) -> None:  # fmt: skip
    """What was found, about whom and how often, latest first."""
    with plainly(), store_of(data) as store:
        found = alerts_as_they_are(data, store).alerts(
            since=time.time() - since, rule=rule, principal=principal, limit=limit, open_only=open_only
        )
    for alert in found:
        if LEVELS.index(alert.level) >= LEVELS.index(least):
            click.echo(json.dumps(alert.document()) if as_json else shown(_line(alert)))


def _line(alert: Alert) -> str:
    at = datetime.fromtimestamp(alert.last, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    who = ", ".join(f"{name} {value}" for name, value in alert.group.items())
    state = "closed" if alert.closed is not None else f"{alert.count} x" if alert.count > 1 else ""
    return "  ".join(p for p in (at, alert.level, alert.id, alert.rule, who, alert.explanation, state) if p)


@command.command("close", epilog="Examples:  ringwall alerts close a-4f1c2a9e7b3d")
@click.argument("alert_id")
@data_option
def close_command(alert_id: str, data: Path) -> None:
    """Say that an alert was dealt with; who said so is in the journal."""
    with plainly(), store_of(data) as store, acts(data) as note:
        if not Alerts(store).close(alert_id, time.time()):
            fail(f"there is no open alert {shown(alert_id)!r}", 1)
        note("alerts.close", f"alert:{alert_id}", {})
    click.echo(f"closed {alert_id}")
