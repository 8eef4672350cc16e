"""`ringwall clients`: the OAuth clients of a data directory. A secret is shown once; only its hash is kept."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import click

from ringwall.build.own_oauth import client_of
from ringwall.build.runtime import AUDIENCE, ISSUER, SIGNING
from ringwall.cli._contracts import checked_roles, contract_option
from ringwall.cli._data import Duration, Facts, acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.contract.clients import GRANTS, PROOFS, faults
from ringwall.contract.stated import StatedClient
from ringwall.core.event import rfc3339
from ringwall.core.oauth import Client
from ringwall.identity.oauth.registry import Clients
from ringwall.identity.tokens import Tokens
from ringwall.state.oauth import OAuthStore
from ringwall.state.signing import SigningKeys
from ringwall.state.sqlite import Store


@click.group(
    epilog="""\b
Examples:
  ringwall clients add "Patients' portal" --redirect-uri https://portal.example.com/callback --first-party
  ringwall clients add "Lab import" --proof secret --grant client_credentials --scope results.write
  ringwall clients rotate client-5f0c --overlap 1h
A secret alone goes to standard output. Clients may also stand in the contract: authentication.clients"""
)
def command() -> None:
    """Register, list and remove OAuth clients, and rotate their secrets."""


def _many(name: str, metavar: str, told: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(f"--{name}", f"{name.replace('-', '_')}s", multiple=True, metavar=metavar, help=told)


@command.command(
    "add", epilog="Example: ringwall clients add Portal --redirect-uri https://portal.example.com/callback"
)
@click.argument("name")
@click.option("--proof", type=click.Choice(PROOFS), default="none", show_default=True, help="How it proves itself.")
@click.option(
    "--grant", "grants", type=click.Choice(GRANTS), multiple=True, help="[default: authorization_code, refresh_token]"
)
@_many("redirect-uri", "URI", "Where people are sent back to, letter by letter; may be repeated.")
@_many("logout-uri", "URI", "Where people may be sent after signing out; may be repeated.")
@_many("scope", "NAME", "A scope that it may ask for, `scope:NAME` in the contract; may be repeated.")
@_many("resource", "URI", "Another audience that it may have tokens for; may be repeated.")
@click.option("--role", "roles", multiple=True, help="A role of its own (client_credentials); may be repeated.")
@click.option("--tenant", help="The tenant that it acts for, where it speaks for itself.")
@click.option("--first-party", is_flag=True, help="The API's owner's own: people are not asked for consent.")
@click.option("--keys", type=click.Path(path_type=Path), help="A file with its public JWK Set, for --proof key.")
@click.option("--thumbprint", help="The SHA-256 of its certificate in base64url, for --proof certificate.")
@click.option("--bound", type=click.Choice(["no", "dpop", "mtls"]), default="no", help="Tokens bound to a key alone.")
@click.option("--pushed", is_flag=True, help="Authorization requests have to be pushed (RFC 9126).")
@click.option("--introspects", is_flag=True, help="It may ask about any token of its audiences.")
@contract_option
@data_option
@json_option
def add(name: str, grants: tuple[str, ...], roles: tuple[str, ...], keys: Path | None, contract: Path | None,
        data: Path, as_json: bool, **given: Any) -> None:  # fmt: skip
    """Register a client called NAME and show its id, and its secret this one time."""
    if not name.isprintable() or not 0 < len(name) <= 128:
        raise click.UsageError("a name has 1 to 128 printable characters")
    with plainly():
        stated = _stated(name, grants or ("authorization_code", "refresh_token"), keys, given,
                         checked_roles(roles, contract, data) if roles else frozenset())  # fmt: skip
        wrong = [f"{found}: {expected}" for found, expected in faults(stated)]
        if wrong:
            fail("; ".join(wrong), 1)
        with store_of(data, create=True) as store, acts(data) as note:
            made, secret = Clients(OAuthStore(store), time.time).add(client_of(stated, Path()))
            note("clients.add", f"client:{made.client_id}", _facts(made))
    _show(made, secret, as_json=as_json)


def _stated(
    name: str, grants: tuple[str, ...], keys: Path | None, given: dict[str, Any], roles: frozenset[str]
) -> StatedClient:
    proof: Literal["none", "secret", "key", "certificate"] = given["proof"]
    return StatedClient(
        client_id="",
        name=name,
        proof=proof,
        first_party=given["first_party"],
        redirect_uris=given["redirect_uris"],
        logout_uris=given["logout_uris"],
        grants=frozenset(grants),
        scopes=frozenset(scope.removeprefix("scope:") for scope in given["scopes"]),
        resources=frozenset(given["resources"]),
        roles=roles,
        tenant=given["tenant"],
        keys=str(keys) if keys is not None else None,
        thumbprint=given["thumbprint"],
        bound=given["bound"],
        pushed=given["pushed"],
        introspects=given["introspects"],
    )


@command.command("list", epilog="Example: ringwall clients list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the clients that were registered here; those of the contract stand there."""
    with plainly(), store_of(data) as store:
        clients = OAuthStore(store).clients()
    if as_json:
        click.echo(json.dumps([_document(client) for client in clients], indent=1))
        return
    for each in clients:
        party = "first" if each.first_party else "third"
        click.echo(
            f"{each.client_id}  {party} party  {each.proof:<11} {', '.join(sorted(each.grants)):<36} {shown(each.name)}"
        )
    if not clients:
        click.echo("no clients yet; `ringwall clients add` registers one", err=True)


@command.command("rotate", epilog="Example: ringwall clients rotate client-5f0c --overlap 1h")
@click.argument("client_id")
@click.option("--overlap", type=Duration(), default="1h", show_default=True, help="How long older secrets still work.")
@data_option
@json_option
def rotate(client_id: str, overlap: float, data: Path, as_json: bool) -> None:
    """Make a client's next secret, or the first of one that the contract registers, and show it this one time."""
    with plainly(), store_of(data) as store:
        kept = OAuthStore(store)
        found = kept.client(client_id)
        if found is not None and found.proof != "secret":
            fail(f"{shown(client_id)} proves itself by {found.proof}, not by a secret", 1)
        if found is None and client_id.startswith("client-"):
            fail(f"no client {shown(client_id)!r}; `ringwall clients list` shows them", 1)
        with acts(data) as note:
            secret = Clients(kept, time.time).secret(client_id, overlap)
            note("clients.rotate", f"client:{client_id}", {"overlap_s": overlap})
    if as_json:
        click.echo(json.dumps({"client_id": client_id, "client_secret": secret}))
        return
    click.echo(f"{shown(client_id)}: its secret is shown this one time:", err=True)
    click.echo(secret)


@command.command("remove", epilog="Example: ringwall clients remove client-5f0c")
@click.argument("client_id")
@data_option
def remove(client_id: str, data: Path) -> None:
    """Forget a client and end every token that was issued to it, within the contract's `staleness`."""
    with plainly(), store_of(data) as store, acts(data) as note:
        if not Clients(OAuthStore(store), time.time).remove(client_id, _tokens(data, store)):
            fail(f"no client {shown(client_id)!r}; `ringwall clients list` shows them", 1)
        note("clients.remove", f"client:{client_id}", {})
    click.echo(f"{shown(client_id)} is removed")


def _tokens(data: Path, store: Store) -> Tokens:
    return Tokens(ISSUER, AUDIENCE, SigningKeys(data / "keys" / SIGNING, time.time), store, time.time)


def _show(client: Client, secret: str | None, *, as_json: bool) -> None:
    if as_json:
        shown_once = {"client_secret": secret} if secret is not None else {}
        click.echo(json.dumps({**_document(client), **shown_once}))
        return
    if secret is None:
        click.echo(client.client_id)
        return
    click.echo(f"{shown(client.name)}: {client.client_id}. Its secret is shown this one time:", err=True)
    click.echo(secret)


def _facts(client: Client) -> Facts:
    return {
        "name": client.name,
        "proof": client.proof,
        "first_party": client.first_party,
        "grants": sorted(client.grants),
        "scopes": sorted(client.scopes),
        "granted": sorted(client.roles),
        "redirect_uris": [*client.redirect_uris],
    }


def _document(client: Client) -> dict[str, object]:
    return {
        "client_id": client.client_id,
        "name": client.name,
        "proof": client.proof,
        "first_party": client.first_party,
        "grants": sorted(client.grants),
        "redirect_uris": [*client.redirect_uris],
        "logout_uris": [*client.logout_uris],
        "scopes": sorted(client.scopes),
        "resources": sorted(client.resources),
        "roles": sorted(client.roles),
        "tenant": client.tenant,
        "bound": client.bound,
        "pushed": client.pushed,
        "introspects": client.introspects,
        "created": rfc3339(client.created),
    }
