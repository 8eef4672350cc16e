"""`ringwall backup`: the data directory in one encrypted file, also while a server runs."""

from __future__ import annotations

from pathlib import Path

import click

from ringwall.cli._data import acts, data_option, store_of
from ringwall.cli._problems import fail, plainly
from ringwall.cli._sealing import passphrase_in, passphrase_option
from ringwall.state.backup import packed, sealed_for
from ringwall.state.keyfiles import write_secret


@click.command(
    epilog="""\b
Examples:
  ringwall backup ringwall.age --passphrase-file backup.passphrase
  ringwall backup ringwall.age --recipient age1qyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqszqgpqyqs3290gq
The file is in age's format: `age -d` opens it too. The root key is not in it unless --with-root-key says so; keep it
apart, since neither is of use without the other."""
)
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@passphrase_option
@click.option("--recipient", "recipients", multiple=True, metavar="AGE1…", help="Who may open it; may be repeated.")
@click.option("--with-root-key", is_flag=True, help="Put the root key in as well, where it is a file.")
@data_option
def command(
    file: Path, passphrase_file: Path | None, recipients: tuple[str, ...], with_root_key: bool, data: Path
) -> None:
    """Write the data directory to FILE, encrypted: store, journal, keys, certificates."""
    if recipients and passphrase_file:
        raise click.UsageError("--passphrase-file or --recipient, not both")
    with plainly(), store_of(data):
        secret = None if recipients else passphrase_in(passphrase_file, new=True)
        seal = sealed_for(secret, list(recipients))
        with acts(data) as note:
            note("backup", f"file:{file.name}", {"root_key": with_root_key, "recipients": len(recipients)})
        content = seal(packed(data, root_key=with_root_key))
        if not content:
            fail("nothing was written")
        write_secret(file, content)
    click.echo(f"{file}: {len(content)} bytes; {'with' if with_root_key else 'without'} the root key")
