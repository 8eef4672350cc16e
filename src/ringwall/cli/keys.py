"""`ringwall keys`: the data keys of field encryption. It shows names and numbers; no key ever leaves the store."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path

import click

from ringwall.build.runtime import root_key
from ringwall.cli._data import acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.engines.crypto.keyring import KeyRing, StoredKey
from ringwall.state.fieldkeys import WrappedKeys
from ringwall.state.sqlite import Store


@click.group(
    epilog="""\b
Examples:
  ringwall keys list
  ringwall keys rotate acc-ana
  ringwall keys rotate --all
A holder is whoever a key is destroyed for: a subject, else a tenant, else a resource."""
)
def command() -> None:
    """List and rotate the keys of encrypted fields."""


@command.command("list", epilog="Example: ringwall keys list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the data keys: holder, generation, the root key that wraps each, and which is current."""
    with plainly(), store_of(data) as store:
        keys = _stored(store)
    current = _current(keys)
    if as_json:
        click.echo(json.dumps([_document(key, current) for key in keys], indent=1))
        return
    for key in keys:
        told = click.style("current", fg="green") if key.kid in current else "older  "
        click.echo(f"{key.kid}  {told}  generation {key.generation:<3} root {key.root}  {shown(key.holder)}")
    if not keys:
        click.echo("no data keys yet: none is made before the first value is encrypted", err=True)


EQUAL = "equal:"
"""How the holders of searchable fields' keys begin (`engines.crypto.fields`)."""


@command.command("rotate", epilog="Example: ringwall keys rotate acc-ana")
@click.argument("holder", required=False)
@click.option("--all", "every", is_flag=True, help="Every holder's.")
@data_option
def rotate(holder: str | None, every: bool, data: Path) -> None:
    """Give a HOLDER, or all, a new current key; what older keys encrypted stays readable.

    A server that is running goes on with the keys it has open, and takes the new ones when it is started again.
    """
    if (holder is None) is not every:
        raise click.UsageError("name one HOLDER, or say --all")
    with plainly(), store_of(data) as store:
        holders = sorted({key.holder for key in _stored(store) if not key.holder.startswith(EQUAL)})
        if holder is not None and holder.startswith(EQUAL):
            fail("a key of searchable fields stays as it is: under another one nothing stored would be found", 1)
        if holder is not None and holder not in holders:
            fail(f"no data key is held for {shown(holder)!r}; `ringwall keys list` shows the holders", 1)
        ring = _ring(data, store)
        with acts(data) as note:
            for each in holders if every else [holder or ""]:
                made = ring.rotate(each)
                note("keys.rotate", f"datakey:{made.kid}", {"holder": each})
                click.echo(f"{made.kid}  {shown(each)}")


def _ring(data: Path, store: Store) -> KeyRing:
    """The ring under this directory's root key, which opens what is stored here, or nothing is done."""
    path = data / "keys" / "root.key"
    if not path.is_file():
        fail(f"{path}: there is no root key here")
    ring = KeyRing((root_key(path),), WrappedKeys(store), os.urandom)
    missing = ring.missing_roots()
    if missing:
        fail(f"{path}: keys here are wrapped by another root key ({', '.join(sorted(missing))})")
    return ring


def _stored(store: Store) -> list[StoredKey]:
    try:
        keys = list(WrappedKeys(store).every())
    except (ValueError, TypeError):
        fail("state.db: a data key is malformed")
    return sorted(keys, key=lambda key: (key.holder, key.generation, key.kid))


def _current(keys: Sequence[StoredKey]) -> frozenset[str]:
    """The names of the keys that are encrypted with: each holder's latest."""
    return frozenset({key.holder: key.kid for key in keys}.values())


def _document(key: StoredKey, current: frozenset[str]) -> dict[str, object]:
    return {
        "id": key.kid,
        "holder": key.holder,
        "generation": key.generation,
        "root": key.root,
        "current": key.kid in current,
    }
