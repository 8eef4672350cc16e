"""Split duty on the command line: two custodians, each with a passphrase of their own, before keys go out or go."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from ringwall.cli._data import acts, data_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.engines.crypto.secret import Secret
from ringwall.state.custodians import NEEDED, Custodians, Vouched
from ringwall.state.database import Database
from ringwall.state.keyfiles import read_secret

LEAST = 16

custodian_option = click.option(
    "--custodian", "given", multiple=True, metavar="NAME[=FILE]",
    help="A custodian, and a file with the passphrase, which is asked for otherwise; needed twice.",
)  # fmt: skip


def vouched(database: Database, given: tuple[str, ...]) -> list[Vouched]:
    """The two custodians who stand behind a command; without them it ends."""
    custodians = Custodians(database)
    if len(custodians.names()) < NEEDED:
        fail("this needs two custodians, and fewer are enrolled: `ringwall keys custodian add NAME`", 1)
    names = [each.partition("=")[0] for each in given]
    if len(set(names)) < NEEDED:
        fail(f"this needs two custodians: --custodian NAME twice, of {', '.join(map(shown, custodians.names()))}", 1)
    found = []
    for name, each in zip(names, given, strict=True):
        passphrase = passphrase_of(each)
        if not custodians.vouches(name, passphrase):
            fail(f"{shown(name)}: no such custodian, or not the passphrase", 1)
        found.append(Vouched(name, Secret(passphrase.encode("utf-8", "surrogateescape"))))
    return found


def passphrase_of(given: str, *, new: bool = False) -> str:
    """The passphrase of `NAME` (asked for) or `NAME=FILE`."""
    name, _, path = given.partition("=")
    if path:
        return read_secret(Path(path)).decode("utf-8", "surrogateescape").rstrip("\r\n")
    if not sys.stdin.isatty():
        fail(f"{shown(name)}: the passphrase is asked for at a terminal, or read from a file: {shown(name)}=FILE")
    return str(click.prompt(f"{name}'s passphrase", hide_input=True, confirmation_prompt=new))


@click.group("custodian", epilog="Example: ringwall keys custodian add alice")
def custodian_command() -> None:
    """Enrol those of whom two are needed to destroy a key or to give one out."""


@custodian_command.command("add", epilog="Example: ringwall keys custodian add alice=alice.passphrase")
@click.argument("name", metavar="NAME[=FILE]")
@custodian_option
@data_option
def add(name: str, given: tuple[str, ...], data: Path) -> None:
    """Enrol a custodian; from the third on two others have to stand behind it."""
    with plainly(), store_of(data) as store:
        custodians, who = Custodians(store), name.partition("=")[0]
        by = vouched(store, given) if len(custodians.names()) >= NEEDED else []
        passphrase = passphrase_of(name, new=True)
        if len(passphrase) < LEAST:
            fail(f"a custodian's passphrase has {LEAST} characters or more", 1)
        with acts(data) as note:
            if not custodians.add(who, passphrase, time.time()):
                fail(f"{shown(who)} is enrolled already", 1)
            note("keys.custodian.add", f"custodian:{who}", {"by": [each.name for each in by]})
    click.echo(f"{shown(who)} is a custodian")


@custodian_command.command("remove", epilog="Example: ringwall keys custodian remove eve --custodian al --custodian bo")
@click.argument("name")
@custodian_option
@data_option
def remove(name: str, given: tuple[str, ...], data: Path) -> None:
    """Strike a custodian off; two have to stand behind it."""
    with plainly(), store_of(data) as store:
        by = vouched(store, given)
        with acts(data) as note:
            if not Custodians(store).remove(name):
                fail(f"no custodian is called {shown(name)}", 1)
            note("keys.custodian.remove", f"custodian:{name}", {"by": [each.name for each in by]})
    click.echo(f"{shown(name)} is no custodian any more")


@custodian_command.command("list", epilog="Example: ringwall keys custodian list")
@data_option
def list_command(data: Path) -> None:
    """List the custodians."""
    with plainly(), store_of(data) as store:
        for name in Custodians(store).names():
            click.echo(shown(name))
