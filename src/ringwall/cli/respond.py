"""`ringwall respond`: what is held against whom, doing it by hand, and taking it back."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from ringwall.cli._data import Duration, acts, data_option, json_option, store_of
from ringwall.cli._persons import alerts_as_they_are, alerts_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.core.address import network
from ringwall.monitoring.response.responder import by_hand, perform, undo
from ringwall.state.alerts import Response
from ringwall.state.revoker import StoreRevoker

_KINDS = {
    "block": ("address", "principal"),
    "slow": ("principal", "address"),
    "challenge": ("principal",),
    "revoke": ("principal", "credential"),
    "freeze": ("operation",),
}
_PERIODS = {"second": 1.0, "minute": 60.0, "hour": 3600.0, "day": 86_400.0}


@click.group(
    epilog="""\b
Examples:
  ringwall respond list
  ringwall respond undo r-1f2e3d4c5b6a
  ringwall respond do block address:192.0.2.7 --for 1h
  ringwall respond do slow principal:acc-ana --for 30m --rate 5/minute
  ringwall respond do freeze "operation:GET /export" --for 10m
"""
)
def command() -> None:
    """See, do and take back what is held against callers."""


@command.command("list", epilog="Examples:  ringwall respond list --all --json")
@data_option
@json_option
@click.option("--all", "every", is_flag=True, help="Also what ended, was undone, or was only a dry run.")
def list_command(data: Path, as_json: bool, every: bool) -> None:
    """What is in force now, oldest first."""
    now = time.time()
    with plainly(), store_of(data) as store:
        alerts = alerts_as_they_are(data, store)
        found = list(reversed(alerts.responses())) if every else alerts.in_force(now)
    for each in found:
        click.echo(json.dumps(each.document()) if as_json else shown(_line(each, now)))


def _line(each: Response, now: float) -> str:
    until = datetime.fromtimestamp(each.until, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    if each.dry:
        state = "dry run"
    elif each.undone is not None:
        state = "undone"
    else:
        state = f"until {until}" if each.until > now else f"ended {until}"
    because = f"{each.rule} ({each.alert})" if each.alert else each.rule
    return "  ".join((each.id, each.action, f"{each.kind}:{each.value}", state, because))


@command.command("undo", epilog="Examples:  ringwall respond undo r-1f2e3d4c5b6a")
@click.argument("response_id")
@data_option
def undo_command(response_id: str, data: Path) -> None:
    """End a response now, on every worker within a second."""
    with plainly(), store_of(data) as store, acts(data) as note:
        found = undo(response_id, alerts_of(data, store), StoreRevoker(store), time.time())
        if found is None:
            fail(f"there is no response {shown(response_id)!r} to undo", 1)
        response, whole = found
        note(f"undo.{response.action}", f"response:{response.id}", {"whole": whole})
    click.echo(f"undone: {response.action} {shown(response.kind)}:{shown(response.value)}")
    if not whole:
        click.echo("what was revoked is not given back: sign in again, or issue another key", err=True)
    elif response.action == "revoke" and response.kind == "principal":
        click.echo("its tokens count again; browser sessions that were ended do not come back: sign in again", err=True)


@command.command("do", epilog="Examples:  ringwall respond do block address:192.0.2.7 --for 1h")
@click.argument("action", type=click.Choice(list(_KINDS)))
@click.argument("target", metavar="KIND:VALUE")
@click.option("--for", "seconds", type=Duration(), default=900.0, help="It ends by itself after this (default: 15m).")
@click.option("--rate", help="For `slow`: what is left, such as 5/minute.")
@data_option
def do_command(action: str, target: str, seconds: float, rate: str | None, data: Path) -> None:
    """Hold something against a caller by hand."""
    kind, colon, value = target.partition(":")
    if not colon or not value or kind not in _KINDS[action]:
        raise click.UsageError(f"{action} takes {' or '.join(f'{k}:VALUE' for k in _KINDS[action])}, not {target!r}")
    left = _left(action, rate)
    value = network(value) if kind == "address" else value
    with plainly(), store_of(data) as store, acts(data) as note:
        made = by_hand(action, kind, value, seconds, left, time.time())
        perform(made, alerts_of(data, store), StoreRevoker(store))
        note(f"respond.{action}", f"{kind}:{value}", {"response": made.id, "until": made.until})
    click.echo(f"{made.id}: {action} {shown(kind)}:{shown(value)}; ringwall respond undo {made.id} ends it")


def _left(action: str, rate: str | None) -> str:
    if action != "slow":
        if rate is not None:
            raise click.UsageError("--rate is for `slow`")
        return ""
    count, slash, period = (rate or "").partition("/")
    if not slash or not count.isdigit() or not 0 < int(count) < 10**9 or period not in _PERIODS:
        raise click.UsageError("`slow` takes --rate such as 5/minute")
    return f"{int(count)}/{_PERIODS[period]:g}"
