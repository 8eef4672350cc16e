"""`ringwall apikeys`: keys for programs. A key is shown once, when it is made; only its hash is kept."""

from __future__ import annotations

import ipaddress
import json
import re
import time
from pathlib import Path

import click

from ringwall.cli._contracts import checked_roles, contract_option
from ringwall.cli._data import Duration, Facts, acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.contract.grammar_deployment import RATE
from ringwall.contract.reading import rate as rate_of
from ringwall.core.event import rfc3339
from ringwall.core.records import KeyRecord
from ringwall.identity.apikeys import ApiKeys


@click.group(
    epilog="""\b
Examples:
  ringwall apikeys issue --name lab --role nurse --tenant north --expires 30d
  ringwall apikeys rotate 4fTq0aZ1 --overlap 1h
  ringwall apikeys revoke 4fTq0aZ1
The key alone goes to standard output: KEY=$(ringwall apikeys issue --name ci --role reader)"""
)
def command() -> None:
    """Issue, list, rotate and revoke API keys."""


@command.command("issue", epilog="Example: ringwall apikeys issue --name lab --role nurse --expires 30d")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--role", "roles", multiple=True, help="A role of the contract; may be repeated.")
@click.option("--tenant", help="The tenant that the key acts for.")
@click.option("--scope", "scopes", multiple=True, help="A scope, `scope:x` in the contract; may be repeated.")
@click.option("--expires", type=Duration(), metavar="TIME", help="How long it lives: 90m, 12h, 30d.  [default: no end]")
@click.option("--rate", metavar="RATE", help="How often it may be used: 100/minute.  [default: as the contract says]")
@click.option(
    "--from",
    "networks",
    multiple=True,
    metavar="NETWORK",
    help="An address or network that it may be used from; may be repeated.  [default: anywhere]",
)
@contract_option
@data_option
@json_option
def issue(
    name: str, roles: tuple[str, ...], tenant: str | None, scopes: tuple[str, ...], expires: float | None,
    rate: str | None, networks: tuple[str, ...], contract: Path | None, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make a key and show it, this one time."""
    if not name.isprintable() or not 0 < len(name) <= 128:
        raise click.UsageError("a name has 1 to 128 printable characters")
    own_rate, addresses = _rate(rate), _networks(networks)
    with plainly():
        granted = checked_roles(roles, contract, data)
        plain = frozenset(scope.removeprefix("scope:") for scope in scopes)
        with store_of(data, create=True) as store, acts(data) as note:
            keys = ApiKeys(store, time.time)
            key, record = keys.issue(name, granted, tenant=tenant, scopes=plain, lifetime_s=expires,
                                      rate=own_rate, addresses=addresses)  # fmt: skip
            note("apikeys.issue", f"key:{record.key_id}", _facts(record))
    _show(key, record, as_json=as_json)


@command.command("list", epilog="Example: ringwall apikeys list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the keys: names and rights, never the keys themselves."""
    with plainly(), store_of(data) as store:
        records = store.keys()
    now = time.time()
    if as_json:
        click.echo(json.dumps([_document(record, now) for record in records], indent=1))
        return
    for each in records:
        state = _state(each, now)
        told = click.style(f"{state:<9}", fg=None if state == "active" else "yellow")
        rights = ", ".join([*sorted(each.roles), *(f"scope:{s}" for s in sorted(each.scopes))]) or "no roles"
        until = min((at for at in (each.expires, each.revoked) if at is not None), default=None)
        ends = "no end" if until is None else rfc3339(until)[:16] + "Z"
        who = f"{shown(each.name):<20} {shown(rights):<24} {shown(each.tenant or '-'):<12}"
        used = "never used" if each.last_used is None else f"used {rfc3339(each.last_used)[:16]}Z"
        click.echo(f"{each.key_id}  {told} {who} {ends:<17} {used}")
    if not records:
        click.echo("no keys yet; `ringwall apikeys issue` makes one", err=True)


@command.command("rotate", epilog="Example: ringwall apikeys rotate 4fTq0aZ1 --overlap 1h")
@click.argument("key_id")
@click.option("--overlap", type=Duration(), default="1h", show_default=True, help="How long the old key still works.")
@data_option
@json_option
def rotate(key_id: str, overlap: float, data: Path, as_json: bool) -> None:
    """Make a successor with the same rights and life; the old key ends after the overlap."""
    with plainly(), store_of(data) as store, acts(data) as note:
        made = ApiKeys(store, time.time).rotate(key_id, overlap)
        if made is None:
            fail(f"no key {shown(key_id)!r} that could be rotated: unknown, ended, or already being replaced", 1)
        key, record = made
        note("apikeys.rotate", f"key:{record.key_id}", {**_facts(record), "replaces": key_id, "overlap_s": overlap})
    _show(key, record, as_json=as_json)


@command.command("revoke", epilog="Example: ringwall apikeys revoke 4fTq0aZ1")
@click.argument("key_id")
@data_option
def revoke(key_id: str, data: Path) -> None:
    """End a key now; servers that remember it stop within the contract's `staleness`."""
    with plainly(), store_of(data) as store, acts(data) as note:
        if not ApiKeys(store, time.time).revoke(key_id):
            fail(f"no key {shown(key_id)!r} to revoke: unknown, or ended before", 1)
        note("apikeys.revoke", f"key:{key_id}", {})
    click.echo(f"{key_id} is revoked")


def _rate(stated: str | None) -> tuple[int, float] | None:
    if stated is None:
        return None
    if not re.fullmatch(RATE.pattern, stated):
        raise click.BadParameter(f"a rate is {RATE.noun}", param_hint="--rate")
    read = rate_of(stated)
    return (read.count, read.seconds) if read else None


def _networks(stated: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(network)) for network in stated)
    except ValueError:
        raise click.BadParameter("an address or network such as 10.0.0.0/8", param_hint="--from") from None


def _show(key: str, record: KeyRecord, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"key": key, **_document(record, record.created)}))
        return
    until = f"until {rfc3339(record.expires)}" if record.expires is not None else "without end"
    click.echo(f"{shown(record.name)}: key {record.key_id}, {until}. It is shown this one time:", err=True)
    click.echo(key)


def _facts(record: KeyRecord) -> Facts:
    return {
        "name": record.name,
        "granted": sorted(record.roles),
        "scopes": sorted(record.scopes),
        "tenant": record.tenant,
        "expires": rfc3339(record.expires) if record.expires is not None else None,
        "rate": f"{record.rate[0]}/{record.rate[1]:g} s" if record.rate else None,
        "addresses": list(record.addresses),
    }


def _state(record: KeyRecord, now: float) -> str:
    if record.revoked is not None:
        return "revoked" if record.revoked <= now else "replaced"
    return "expired" if record.expires is not None and record.expires <= now else "active"


def _document(record: KeyRecord, now: float) -> dict[str, object]:
    return {
        "id": record.key_id,
        "name": record.name,
        "state": _state(record, now),
        "subject": record.subject,
        "roles": sorted(record.roles),
        "scopes": sorted(record.scopes),
        "tenant": record.tenant,
        "created": rfc3339(record.created),
        "expires": rfc3339(record.expires) if record.expires is not None else None,
        "revoked": rfc3339(record.revoked) if record.revoked is not None else None,
        "rate": {"count": record.rate[0], "seconds": record.rate[1]} if record.rate else None,
        "addresses": list(record.addresses),
        "last_used": rfc3339(record.last_used) if record.last_used is not None else None,
    }
