"""`ringwall signing`: the keys that sign ringwall's own tokens. Servers that run take each change at once."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click

from ringwall.build.runtime import SIGNING
from ringwall.cli._data import acts, data_option, json_option
from ringwall.cli._problems import fail, plainly
from ringwall.core.event import rfc3339
from ringwall.identity.tokens import LEEWAY_S, LIFETIME_S
from ringwall.state.signing import RingKey, SigningKeys


@click.group(
    epilog="""\b
Examples:
  ringwall signing list
  ringwall signing rotate
  ringwall signing withdraw
The published keys: /.ringwall/jwks.json"""
)
def command() -> None:
    """List, rotate and withdraw the keys that sign tokens."""


@command.command("list", epilog="Example: ringwall signing list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the keys: since when each signs, and until when it verifies. No private key is shown."""
    with plainly():
        keys, now = _ring(data).all(), time.time()
    if as_json:
        click.echo(json.dumps([_document(key, now) for key in keys], indent=1))
        return
    for key in keys:
        ends = "no end" if key.ends is None else f"until {rfc3339(key.ends)}"
        click.echo(f"{key.key.kid}  {key.key.alg:<6} {_state(key, now):<9} {ends}")


@command.command("rotate", epilog="Example: ringwall signing rotate")
@data_option
def rotate(data: Path) -> None:
    """Make successors: published now, signing ten minutes later, when everybody has them. Nothing is refused."""
    with plainly():
        ring = _ring(data)
        with acts(data) as note:
            for made in ring.rotate(LIFETIME_S + LEEWAY_S):
                note("signing.rotate", f"signingkey:{made.kid}", {"alg": made.alg})
                click.echo(f"{made.kid}  {made.alg}")


@command.command("withdraw", epilog="Example: ringwall signing withdraw --yes")
@click.option("--yes", is_flag=True, help="Do not ask.")
@data_option
def withdraw(yes: bool, data: Path) -> None:
    """End every key now, and all that was signed before: for when a key may be in foreign hands.

    Whoever has a refresh token goes on after its next use; others sign in again.
    """
    if not yes:
        click.confirm("Every token that was issued ends now. Go on?", abort=True, err=True)
    with plainly():
        ring = _ring(data)
        with acts(data) as note:
            for made in ring.withdraw():
                note("signing.withdraw", f"signingkey:{made.kid}", {"alg": made.alg})
                click.echo(f"{made.kid}  {made.alg}")


def _ring(data: Path) -> SigningKeys:
    path = data / "keys" / SIGNING
    if not path.is_file():
        fail(f"{path}: there are no signing keys here; --data says where `ringwall up` keeps them")
    return SigningKeys(path, time.time)


def _state(key: RingKey, now: float) -> str:
    if not key.verifies(now):
        return "ended"
    if key.signs > now:
        return "published"
    return "signs" if key.ends is None else "replaced"


def _document(key: RingKey, now: float) -> dict[str, object]:
    return {
        "kid": key.key.kid,
        "alg": key.key.alg,
        "state": _state(key, now),
        "created": rfc3339(key.created),
        "signs": rfc3339(key.signs),
        "ends": None if key.ends is None else rfc3339(key.ends),
    }
