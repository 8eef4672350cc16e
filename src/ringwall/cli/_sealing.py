"""The passphrase of a backup."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ringwall.cli._problems import fail
from ringwall.engines.crypto.secret import Secret
from ringwall.state.keyfiles import read_secret

LEAST = 16

passphrase_option = click.option(
    "--passphrase-file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file with the passphrase, which is asked for otherwise.",
)  # fmt: skip


def passphrase_in(file: Path | None, *, new: bool = False) -> Secret:
    """The passphrase of a file, or as it is typed."""
    if file is not None:
        text = read_secret(file).decode("utf-8", "surrogateescape").rstrip("\r\n")
    elif sys.stdin.isatty():
        text = str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new))
    else:
        fail("a passphrase is asked for at a terminal, or read from --passphrase-file")
    if new and len(text) < LEAST:
        fail(f"a backup's passphrase has {LEAST} characters or more", 1)
    return Secret(text.encode("utf-8", "surrogateescape"))
