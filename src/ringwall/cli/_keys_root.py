"""`ringwall keys root`, `export` and `import`: the root key, its source, and giving it out under split duty."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ringwall.cli._data import acts, data_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._vouching import custodian_option, passphrase_of, vouched
from ringwall.engines.crypto.secret import Secret
from ringwall.state.custodians import custodians_of, exported, imported
from ringwall.state.fieldkeys import NOTICED_S
from ringwall.state.keyfiles import write_secret
from ringwall.state.keytable import KeyTable
from ringwall.state.rootkeys import FIRST, LIST, begin, finish, kept_in, root_keys


@click.command(
    "root",
    epilog="""\b
Examples:
  ringwall keys root                                    what there is
  ringwall keys root --rotate                           another key, from where the last one came
  ringwall keys root --rotate --source passphrase:env:RINGWALL_PASSPHRASE
  ringwall keys root --rotate --source "pkcs11:TOKEN/LABEL?module=/usr/lib/softhsm/libsofthsm2.so&pin=env:PIN"
  ringwall keys root --rotate --source "awskms:alias/ringwall?region=eu-central-1"
Broken off at any moment, `--rotate` goes on where it ended. Servers go on serving meanwhile.""",
)
@click.option("--rotate", is_flag=True, help="Go over to another root key: every data key is wrapped anew.")
@click.option("--source", help="Where the other one comes from: file, env:NAME, passphrase:…, pkcs11:…, awskms:…")
@data_option
def root_command(rotate: bool, source: str | None, data: Path) -> None:
    """Show where the root key comes from, or go over to another one without a stop."""
    if source is not None and not rotate:
        raise click.UsageError("--source goes with --rotate")
    keys = data / "keys"
    with plainly(), store_of(data) as store:
        table = KeyTable(store)
        if rotate:
            root_keys(keys)
            with acts(data) as note:
                made = begin(keys, "file:" if source == "file" else source, table)
                note("keys.root.begin", f"rootkey:{made.id}", {"source": made.source.partition("?")[0]})
                done = finish(keys, table, lambda: time.sleep(2 * NOTICED_S), click.echo)
                note("keys.root.finish", f"rootkey:{made.id}", {"wrapped": done})
            click.echo(f"{made.id}: {done} data keys are wrapped by it")
            return
        for number, kept in enumerate(kept_in(keys)):
            told = "current" if number == 0 else "opens what is not wrapped anew yet; go on with --rotate"
            click.echo(f"{kept.id}  {shown(kept.source.partition('?')[0])}  {told}")


@click.command(
    "export", epilog="Example: ringwall keys export root.export --custodian alice --custodian bob=bob.passphrase"
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@custodian_option
@data_option
def export_command(file: Path, given: tuple[str, ...], data: Path) -> None:
    """Write the root key to FILE, wrapped by the passphrases of two custodians: both are needed to open it."""
    with plainly(), store_of(data) as store:
        by = vouched(store, given)
        root = root_keys(data / "keys")[0]
        with acts(data) as note:
            write_secret(file, exported(root, by))
            note("keys.export", f"rootkey:{root.id}", {"by": [each.name for each in by]})
    click.echo(f"{root.id} is in {file}; it opens with the passphrases of {' and '.join(shown(b.name) for b in by)}")


@click.command(
    "import", epilog="Example: ringwall keys import root.export --custodian alice --custodian bob=bob.passphrase"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@custodian_option
@data_option
def import_command(file: Path, given: tuple[str, ...], data: Path) -> None:
    """Put back a root key that was lost, from what `export` wrote."""
    keys = data / "keys"
    with plainly():
        content = file.read_bytes()
        names = custodians_of(content)
        if names is None:
            fail(f"{file}: not what `ringwall keys export` wrote")
        by = {each.partition("=")[0]: each for each in given}
        if not set(names) <= by.keys():
            fail(f"it opens with the passphrases of {' and '.join(map(shown, names))}: name each with --custodian", 1)
        if (keys / LIST).exists() or (keys / FIRST).exists():
            fail(f"{keys}: there is a root key here; it is not replaced", 1)
        secrets = [Secret(passphrase_of(by[name]).encode("utf-8", "surrogateescape")) for name in names]
        root = imported(content, secrets)
        if root is None:
            fail("a passphrase is wrong, or the file was altered", 1)
        keys.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_secret(keys / FIRST, root.to_text().encode())
        with store_of(data, create=True), acts(data) as note:
            note("keys.import", f"rootkey:{root.id}", {"by": list(names)})
    click.echo(f"{root.id} is back")
