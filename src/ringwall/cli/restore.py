"""`ringwall restore`: a data directory from its backup, with what was erased since left erased."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ringwall.cli._data import acts, data_option
from ringwall.cli._problems import fail, plainly
from ringwall.cli._sealing import passphrase_in, passphrase_option
from ringwall.core.ports import Unavailable
from ringwall.engines.ledger.notes import NoteError
from ringwall.state.backup import STORE, opened_with, unpacked
from ringwall.state.erasing import erase, subjects
from ringwall.state.erasure_certificate import DIRECTORY, confirms
from ringwall.state.erasures import Erasure, Erasures
from ringwall.state.journal_keys import PUBLIC_NAME, load_signer, load_verifier
from ringwall.state.journal_verify import verify
from ringwall.state.keyfiles import read_secret, write_secret
from ringwall.state.keytable import KeyTable
from ringwall.state.rootkeys import FIRST, root_keys
from ringwall.state.sqlite import Store


@click.command(
    epilog="""\b
Examples:
  ringwall restore ringwall.age --passphrase-file backup.passphrase --root-key elsewhere/root.key
  ringwall restore ringwall.age --identity key.txt --erasures elsewhere/erasures
Whoever was erased after the backup was made is in it: --erasures names the certificates of then, and their keys are
destroyed again before anything is opened."""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@passphrase_option
@click.option("--identity", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A file with an age secret key.")  # fmt: skip
@click.option("--root-key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="The root key's file, which was kept apart.")  # fmt: skip
@click.option("--erasures", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Certificates of erasures since then.")  # fmt: skip
@data_option
def command(
    file: Path, passphrase_file: Path | None, identity: Path | None, root_key: Path | None,
    erasures: Path | None, data: Path,
) -> None:  # fmt: skip
    """Lay out a data directory from FILE where there is none, and check that it is whole."""
    with plainly():
        secret = None if identity else passphrase_in(passphrase_file)
        named = read_secret(identity).decode("ascii", "replace") if identity else None
        try:
            archive = opened_with(file.read_bytes(), secret, named)
        except Unavailable as failure:
            fail(f"{file}: {failure}", 1)
        with unpacked(archive, data) as draft:
            if root_key is not None:
                write_secret(draft / "keys" / FIRST, read_secret(root_key))
            again = _erased_again(draft, erasures) if erasures else 0
            told = _checked(draft, again)
    for line, wrong in told:
        click.echo(f"{data}: {line}", err=wrong)


def _erased_again(data: Path, certificates: Path) -> int:
    """Destroy again what was erased since; returns of how many persons."""
    store, key, count = Store(data / STORE), load_verifier(data / "keys" / PUBLIC_NAME), 0
    try:
        table, kept = KeyTable(store), Erasures(store)
        for path in sorted(certificates.iterdir()):
            for subject in subjects(store, table):
                try:
                    found = confirms(path.read_bytes(), key, subject)
                except (NoteError, ValueError):
                    fail(f"{path}: not a certificate that this journal's key signed", 1)
                if found is not None:
                    _again(store, table, kept, Erasure.of(found, subject))
                    (data / DIRECTORY).mkdir(mode=0o700, exist_ok=True)
                    write_secret(data / DIRECTORY / path.name, path.read_bytes())
                    count += 1
    finally:
        store.close()
    return count


def _again(store: Store, table: KeyTable, kept: Erasures, erasure: Erasure) -> None:
    kept.add(erasure)
    erase(store, table, erasure, time.time() + 31 * 86_400.0)
    for kid in erasure.destroyed:
        if table.get(kid) is not None:
            table.remove(kid)


def _checked(data: Path, again: int) -> list[tuple[str, bool]]:
    """What there is to tell of it, and whether that is a warning. Ends the command where it is not whole."""
    result = verify(data / "journal", load_signer(data / "keys"))
    if not result.ok:
        where = result.problem
        fail(f"the journal is not whole: {where.segment if where else '?'}; nothing was restored", 1)
    told = [(f"restored; {result.records} records of the journal are whole; {again} persons erased again", False)]
    try:
        root_keys(data / "keys")
    except Unavailable as failure:
        return [(f"restored, and closed: {failure}", True), *told]
    with acts(data) as note:
        note("restore", "data:all", {"erased_again": again})
    return told
