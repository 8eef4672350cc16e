"""`ringwall keys`: the data keys of field encryption. It shows names and numbers; no key ever leaves the store."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from ringwall.cli._data import acts, data_option, json_option, store_of
from ringwall.cli._keys_data import destroy_command, migrate_command, rekey_command
from ringwall.cli._keys_root import export_command, import_command, root_command
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._vouching import custodian_command
from ringwall.engines.crypto.blindindex import INDEX
from ringwall.engines.crypto.fields import EQUAL
from ringwall.engines.crypto.keyring import StoredKey
from ringwall.state.fieldkeys import FieldKeys
from ringwall.state.journal_persons import HOLDER
from ringwall.state.keytable import KeyTable
from ringwall.state.keyuse import Counted, KeyUse
from ringwall.state.rootkeys import root_keys
from ringwall.state.sqlite import Store

FIXED = (EQUAL, HOLDER, INDEX)
"""Holders whose keys are not rotated by themselves: what is sought, and what the journal has of persons."""


@click.group(
    epilog="""\b
Examples:
  ringwall keys list
  ringwall keys rotate acc-ana
  ringwall keys rotate --all
A holder is whoever a key is destroyed for: a subject, else a tenant, else a resource."""
)
def command() -> None:
    """List, rotate, move and destroy the keys of encrypted fields, and the root key over them."""


for each in (root_command, migrate_command, rekey_command, destroy_command, export_command, import_command,
             custodian_command):  # fmt: skip
    command.add_command(each)


@command.command("list", epilog="Example: ringwall keys list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the data keys: holder, generation, the root key that wraps each, and which is current."""
    with plainly(), store_of(data) as store:
        keys, use = _stored(store), KeyUse(store).counted()
    current = _current(keys)
    if as_json:
        click.echo(json.dumps([_document(key, current, use) for key in keys], indent=1))
        return
    for key in keys:
        told = click.style("current", fg="green") if key.kid in current else "older  "
        count = _uses(key, use)
        uses = "not counted" if count is None else f"{count} values"
        number = f"generation {abs(key.generation):<3}{'prepared' if key.generation < 0 else ''}"
        click.echo(f"{key.kid}  {told}  {number} root {key.root}  {uses:<12}  {shown(key.holder)}")
    if not keys:
        click.echo("no data keys yet: none is made before the first value is encrypted", err=True)


@command.command("rotate", epilog="Example: ringwall keys rotate acc-ana")
@click.argument("holder", required=False)
@click.option("--all", "every", is_flag=True, help="Every holder's.")
@data_option
def rotate(holder: str | None, every: bool, data: Path) -> None:
    """Give a HOLDER, or all, a new current key; what older keys encrypted stays readable.

    A server that is running takes the new key within a second. `ringwall keys migrate` moves what is under older ones.
    """
    if (holder is None) is not every:
        raise click.UsageError("name one HOLDER, or say --all")
    with plainly(), store_of(data) as store:
        holders = sorted({key.holder for key in _stored(store) if not key.holder.startswith(FIXED)})
        if holder is not None and f"subject:{holder}" in holders:
            holder = f"subject:{holder}"
        if holder is not None and holder.startswith(FIXED):
            fail("a key of searchable fields is changed with what is stored under it: `ringwall keys rekey`", 1)
        if holder is not None and holder not in holders:
            fail(f"no data key is held for {shown(holder)!r}; `ringwall keys list` shows the holders", 1)
        ring = FieldKeys(store, root_keys(data / "keys")).ring
        with acts(data) as note:
            for each in holders if every else [holder or ""]:
                made = ring.rotate(each)
                note("keys.rotate", f"datakey:{made.kid}", {})
                click.echo(f"{made.kid}  {shown(each)}")


def _stored(store: Store) -> list[StoredKey]:
    try:
        return list(KeyTable(store).every())
    except (ValueError, TypeError):
        fail("state.db: a data key is malformed")


def _current(keys: Sequence[StoredKey]) -> frozenset[str]:
    """The names of the keys that are encrypted with: each holder's latest."""
    return frozenset({key.holder: key.kid for key in keys}.values())


def _document(key: StoredKey, current: frozenset[str], use: Counted) -> dict[str, object]:
    return {
        "id": key.kid,
        "holder": key.holder,
        "generation": key.generation,
        "root": key.root,
        "current": key.kid in current,
        "uses": _uses(key, use),
    }


def _uses(key: StoredKey, use: Counted) -> int | None:
    """How many values are under a key; None where nobody has counted, or can."""
    return None if use.since is None or key.holder.startswith((HOLDER, INDEX)) else use.uses.get(key.kid, 0)
