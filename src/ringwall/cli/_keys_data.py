"""`ringwall keys migrate`, `rekey` and `destroy`: what data keys are used for, moved, and ended."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import click

from ringwall.build.identity import resealed
from ringwall.cli._contracts import contract_option
from ringwall.cli._data import acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._tables import column_option, database_option, places, table_option, url_of
from ringwall.cli._vouching import custodian_option, vouched
from ringwall.engines.crypto.blindindex import INDEX
from ringwall.engines.crypto.keyring import KeyRing, MappedKeys, StoredKey
from ringwall.state.columns import database
from ringwall.state.erasing import count, rekey
from ringwall.state.erasures import Erasures
from ringwall.state.factors import FactorTable
from ringwall.state.fieldkeys import NOTICED_S, FieldKeys
from ringwall.state.journal_persons import HOLDER
from ringwall.state.keytable import KeyTable
from ringwall.state.keyuse import Counted, KeyUse
from ringwall.state.migrating import Pass, Progress, Tally, migrate
from ringwall.state.rootkeys import root_keys


@click.command(
    "migrate",
    epilog="""\b
Examples:
  ringwall keys migrate --database sqlite:///shop.db --dry-run
  ringwall keys migrate --database env:DATABASE_URL --table patient=patients --column patient.owner=account_id
It works on the table itself, not through the API: there a value is replaced only if it still is what was read, nothing
else of the application runs, and a batch is in the table whole or not at all. Broken off, run it again.""",
)
@database_option
@table_option
@column_option
@click.option("--adopt", is_flag=True, help="Also take over values of objects that were given to another owner.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@contract_option
@data_option
@json_option
def migrate_command(
    database_url: str, tables: tuple[str, ...], columns: tuple[str, ...], adopt: bool, dry_run: bool,
    contract: Path | None, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Encrypt what stands in clear, and move what is under older keys to the current ones; count what uses each key."""
    told: dict[str, object] = {}
    unread = 0
    with plainly(), store_of(data) as store, database(url_of(database_url)) as engine:
        table, use, erasures = KeyTable(store), KeyUse(store), Erasures(store)
        if not dry_run:
            FactorTable(store)
            resealed(store, FieldKeys(store, root_keys(data / "keys")))
        erasures.reload()
        ring = KeyRing(root_keys(data / "keys"), MappedKeys({k.kid: k for k in table.every()}) if dry_run else table,
                       os.urandom)  # fmt: skip
        for place in places(engine, contract, data, tables, columns):
            name = place.columns.mapped.resource
            for field in place.columns.narrow():
                click.echo(f"{shown(name)}.{shown(field)}: its column is not of text, or too narrow", err=True)
            way = Pass(place.columns, ring, place.searchable, erasures.is_of_erased, adopt=adopt)
            tally = migrate(way, use, _progress(name), dry_run=dry_run)
            if not dry_run:
                with acts(data) as note:
                    note("keys.migrate", f"resource:{name}", {"changed": tally.changed})
            told[name] = _document(tally)
            unread += sum(tally.unreadable.values())
            if not as_json:
                click.echo(_line(name, tally, dry_run=dry_run))
    if as_json:
        click.echo(json.dumps(told, indent=1))
    sys.exit(1 if unread else 0)


@click.command(
    "rekey",
    epilog="""\b
Example:
  ringwall keys rekey --database env:DATABASE_URL
Each table is moved in one transaction. For about two seconds after it a search may miss values; nothing is lost.""",
)
@database_option
@table_option
@column_option
@contract_option
@data_option
def rekey_command(
    database_url: str, tables: tuple[str, ...], columns: tuple[str, ...], contract: Path | None, data: Path
) -> None:
    """Move searchable fields under new keys; the old ones open what they sealed until they are destroyed."""
    with plainly(), store_of(data) as store, database(url_of(database_url)) as engine:
        table, erasures = KeyTable(store), Erasures(store)
        erasures.reload()
        ring = KeyRing(root_keys(data / "keys"), table, os.urandom)
        there = list(places(engine, contract, data, tables, columns))
        with acts(data) as note:
            rekey(there, ring, table, erasures, lambda: time.sleep(2 * NOTICED_S))
            tallies = count(there, ring, KeyUse(store), erasures)
            note("keys.rekey", "resource:*", {"changed": sum(t.changed for t in tallies.values())})
    click.echo("searchable fields are under new keys; `ringwall keys list` shows what the old ones are used for")


@click.command(
    "destroy",
    context_settings={"ignore_unknown_options": True},
    epilog="Example: ringwall keys destroy KID --custodian alice --custodian bob=bob.passphrase",
)
@click.argument("kid")
@custodian_option
@data_option
def destroy_command(kid: str, given: tuple[str, ...], data: Path) -> None:
    """Destroy a data key that is used for nothing any more; two custodians have to stand behind it."""
    with plainly(), store_of(data) as store:
        table, use = KeyTable(store), KeyUse(store).counted()
        keys = {key.kid: key for key in table.every()}
        if kid not in keys:
            fail(f"there is no data key {shown(kid)!r}; `ringwall keys list` shows them", 1)
        _unused(keys[kid], keys, table.made(), use)
        by = vouched(store, given)
        with acts(data) as note:
            table.remove(kid)
            note("keys.destroy", f"datakey:{kid}", {"by": [each.name for each in by]})
    click.echo(f"{shown(kid)} is destroyed: nothing opens what it sealed")


def _unused(key: StoredKey, keys: dict[str, StoredKey], made: dict[str, float], use: Counted) -> None:
    """End the command unless it is shown that a key is used for nothing: a key in use is not destroyed."""
    later = [k for k in keys.values() if k.holder == key.holder and k.generation > abs(key.generation)]
    if key.holder.startswith(HOLDER):
        fail(f"{key.kid} seals what the journal says of a person: `ringwall erase` destroys it with the person", 1)
    if key.holder.startswith(INDEX):
        fail(f"{key.kid} is of a blind index, whose tags nothing counts: without it nothing is found there", 1)
    if not later:
        fail(f"{key.kid} is the current key of {shown(key.holder)}: `ringwall keys rotate` makes it another", 1)
    since = min(made.get(k.kid, 0.0) for k in later)
    if use.since is None or use.since < since + 2 * NOTICED_S:
        fail(f"what {key.kid} is used for was not counted since it was replaced: run `ringwall keys migrate`", 1)
    if use.uses.get(key.kid):
        fail(f"{key.kid} is used: {use.uses[key.kid]} values are under it; `ringwall keys migrate` moves them", 1)


def _progress(name: str) -> Progress:
    """A line that is written over, on a terminal only."""

    def told(done: int, there: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r{shown(name)}: {done} of {there} rows", nl=done >= there, err=True)

    return told


def _document(tally: Tally) -> dict[str, object]:
    return {
        "plain": tally.plain,
        "older": tally.older,
        "current": tally.current,
        "changed": tally.changed,
        "erased": tally.erased,
        "unreadable": dict(tally.unreadable),
    }


def _line(name: str, tally: Tally, *, dry_run: bool) -> str:
    would = "would be " if dry_run else ""
    unread = ", ".join(f"{number} {reason}" for reason, number in tally.unreadable.items())
    return (
        f"{shown(name)}: {tally.plain} in clear and {tally.older} under older keys or bound to less {would}moved, "
        f"{tally.current} as they should be, {tally.erased} of erased persons; "
        + (f"not to be opened: {unread}" if unread else "all others open")
    )
