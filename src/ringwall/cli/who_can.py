"""`ringwall who-can`: who may do this to that, by the contract and by what the store knows of the object."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import click

from ringwall.build.permissions import Holder, may, ways
from ringwall.cli._contracts import contract_option, nearest, subject
from ringwall.cli._data import data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.contract.model import Contract, Operation
from ringwall.core.ports import Ownership
from ringwall.state.grants import Grants


@click.command(
    epilog="""\b
Examples:
  ringwall who-can "POST /patients"
  ringwall who-can "GET /patients/{patient_id}" patient:42
  ringwall who-can "GET /patients/{patient_id}" patient:42 --owner acc-ana --tenant north --json"""
)
@click.argument("operation")
@click.argument("objects", nargs=-1)
@click.option("--owner", help="Whose the object is, where the store does not know.")
@click.option("--tenant", help="The object's tenant, where the store does not know.")
@contract_option
@click.option("--openapi", help="The OpenAPI document: a path or a URL.  [default: what `api` says]")
@click.option("--app", "target", metavar="MODULE:APP", help="The application to ask, where `api: app` is stated.")
@data_option
@json_option
def command(
    operation: str, objects: tuple[str, ...], owner: str | None, tenant: str | None, contract: Path | None,
    openapi: str | None, target: str | None, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Tell who may do OPERATION, to OBJECTS such as patient:42 where they are named.

    By the contract; and, of the accounts and keys in the store, who that is. What nobody knows counts as foreign."""
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-who-") as scratch:
        found = subject(contract, openapi, target, Path(scratch)).contract
        asked = _operation(operation, found)
        whose = _whose(objects, found, data, Ownership(owner, tenant))
        told = ways(asked, found, whose)
        people = [(holder, by) for holder in _holders(data) if (by := may(holder, asked, found, whose)) is not None]
    if as_json:
        click.echo(json.dumps({
            "operation": asked.key,
            "objects": {name: {"owner": o.owner, "tenant": o.tenant} for name, o in whose.items()},
            "ways": [{"who": way.who, "by": way.by, "bounds": list(way.bounds)} for way in told],
            "holders": [{"subject": h.subject, "name": h.name, "by": by} for h, by in people],
        }, indent=1))  # fmt: skip
        return
    for way in told:
        click.echo(shown(f"{way.who}" + (f", {', '.join(way.bounds)}" if way.bounds else "") + f"   (by {way.by})"))
    for holder, by in people:
        click.echo(shown(f"  {holder.name} ({holder.subject}) by {by}"))
    if not told:
        click.echo("nobody: it is closed")


def _operation(asked: str, contract: Contract) -> Operation:
    method, _, path = asked.strip().partition(" ")
    name = f"{method.upper()} {path.strip()}"
    found = next((o for o in contract.operations if o.key == name), None)
    if found is None:
        fail(f"no operation is {shown(asked)!r}{nearest(name, (o.key for o in contract.operations))}", 1)
    return found


def _whose(objects: tuple[str, ...], contract: Contract, data: Path, stated: Ownership) -> dict[str, Ownership]:
    """What is known of the named objects, by resource; what is stated on the command line goes first."""
    found: dict[str, Ownership] = {}
    for each in objects:
        resource, colon, object_id = each.partition(":")
        if not colon or resource not in contract.resources:
            fail(f"{shown(each)!r} is no object such as patient:42{nearest(resource, contract.resources)}")
        known = None
        if (data / "state.db").is_file():
            with store_of(data) as store:
                known = store.owner_of(resource, object_id)
        known = known or Ownership(None, None)
        found[resource] = Ownership(stated.owner or known.owner, stated.tenant or known.tenant)
    return found


def _holders(data: Path) -> Iterator[Holder]:
    """Everyone whom the store knows and who may sign in, with the roles granted for now."""
    if not (data / "state.db").is_file():
        return
    now = time.time()
    with store_of(data) as store:
        grants, keys = Grants(store), store.keys()
        for account in store.accounts():
            if not account.disabled:
                roles = account.roles | grants.granted(account.subject, now).roles
                yield Holder(account.subject, account.name, roles, account.tenant)
        for key in keys:
            if min(key.expires or now + 1, key.revoked or now + 1) > now:
                roles = key.roles | grants.granted(key.subject, now).roles
                yield Holder(key.subject, key.name, roles, key.tenant, key.scopes)
