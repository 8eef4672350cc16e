"""`ringwall users`: the local accounts of a data directory. Passwords come by prompt or standard input alone."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click

from ringwall.build.identity import accounts_on, tickets_on
from ringwall.cli._contracts import checked_roles, contract_option
from ringwall.cli._data import acts, data_option, json_option, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.core.event import rfc3339
from ringwall.core.records import StoredAccount
from ringwall.identity.tickets import INVITATION, INVITED_S
from ringwall.identity.tokens import LONGEST_S
from ringwall.identity.words import Unacceptable, canonical
from ringwall.state.factors import FactorTable
from ringwall.state.failures import FailureTable
from ringwall.state.sessions import SessionTable
from ringwall.state.sqlite import Store

_LONGEST = 4096  # bytes of standard input

_stdin = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")


@click.group(
    epilog="""\b
Examples:
  ringwall users add nora --role nurse --tenant north
  ringwall users invite nora --role nurse
  ringwall users list --json
  ringwall users signout nora
Every change stands in the journal: ringwall audit search --object account:ID"""
)
def command() -> None:
    """Make, invite, list, change, sign out and disable local accounts."""


_role = click.option("--role", "roles", multiple=True, help="A role of the contract; may be repeated.")
_tenant = click.option("--tenant", help="The tenant that the account belongs to.")
_subject = click.option("--subject", help="What the API's objects name their owner by.  [default: made up]")


@command.command("add", epilog="Example: ringwall users add nora --role nurse --tenant north")
@click.argument("name")
@_role
@_tenant
@_subject
@_stdin
@contract_option
@data_option
def add(
    name: str, roles: tuple[str, ...], tenant: str | None, subject: str | None,
    password_stdin: bool, contract: Path | None, data: Path,
) -> None:  # fmt: skip
    """Make an account with a password."""
    with plainly():
        granted = checked_roles(roles, contract, data)
        password = _password(password_stdin)
        with store_of(data, create=True) as store, acts(data) as note:
            made = _made(store, name, password, granted, tenant, subject)
            note("users.add", f"account:{made.subject}", {"granted": sorted(granted), "tenant": tenant})
    click.echo(f"{shown(made.name)} ({shown(made.subject)}): {_listed(made.roles)}")


@command.command("invite", epilog="Example: ringwall users invite nora --role nurse --tenant north")
@click.argument("name")
@_role
@_tenant
@_subject
@contract_option
@data_option
@json_option
def invite(
    name: str, roles: tuple[str, ...], tenant: str | None, subject: str | None,
    contract: Path | None, data: Path, as_json: bool,
) -> None:  # fmt: skip
    """Make an account whose holder sets the password, with a code that is good once, for 7 days."""
    with plainly():
        granted = checked_roles(roles, contract, data)
        with store_of(data, create=True) as store, acts(data) as note:
            made = _made(store, name, None, granted, tenant, subject)
            code = tickets_on(store).issue(INVITATION, made.subject, seconds=INVITED_S)
            note("users.invite", f"account:{made.subject}", {"granted": sorted(granted), "tenant": tenant})
    _show_code(made, code, as_json=as_json)


@command.command("recover", epilog="Example: ringwall users recover nora")
@click.argument("name")
@data_option
@json_option
def recover(name: str, data: Path, as_json: bool) -> None:
    """Let a holder who lost everything begin anew: takes password, second factors, sessions and tokens away and
    prints a code, good once for 7 days, to set a password with."""
    with plainly(), store_of(data) as store:
        account = _account(store, name)
        with acts(data) as note:
            accounts_on(store).take_password(account.name)
            FactorTable(store).drop_all(account.subject)
            _end_everything(store, account)
            code = tickets_on(store).issue(INVITATION, account.subject, seconds=INVITED_S)
            note("users.recover", f"account:{account.subject}", {})
    _show_code(account, code, as_json=as_json)


@command.command("signout", epilog="Example: ringwall users signout nora")
@click.argument("name")
@data_option
def signout(name: str, data: Path) -> None:
    """Sign an account out everywhere: its sessions, its tokens, and what it has begun."""
    with plainly(), store_of(data) as store:
        account = _account(store, name)
        with acts(data) as note:
            ended = _end_everything(store, account)
            note("users.signout", f"account:{account.subject}", {"sessions": ended})
    click.echo(f"{shown(account.name)} is signed out everywhere ({ended} sessions)")


@command.command("list", epilog="Example: ringwall users list --json")
@data_option
@json_option
def list_command(data: Path, as_json: bool) -> None:
    """List the accounts. No password or hash is shown."""
    with plainly(), store_of(data) as store:
        accounts = store.accounts()
    if as_json:
        click.echo(json.dumps([_document(account) for account in accounts], indent=1))
        return
    for each in accounts:
        state = click.style("disabled", fg="red") if each.disabled else "active" if each.password else "invited"
        click.echo(
            f"{shown(each.name):<20} {state:<8} {_listed(each.roles):<24} "
            f"{shown(each.tenant or '-'):<12} {shown(each.subject)}"
        )
    if not accounts:
        click.echo("no accounts yet; `ringwall users add NAME` makes one", err=True)


@command.command("disable", epilog="Example: ringwall users disable nora")
@click.argument("name")
@data_option
def disable(name: str, data: Path) -> None:
    """Let an account sign in no more, and end its sessions and tokens."""
    _set_disabled(name, data, disabled=True)


@command.command("enable", epilog="Example: ringwall users enable nora")
@click.argument("name")
@data_option
def enable(name: str, data: Path) -> None:
    """Let a disabled account sign in again."""
    _set_disabled(name, data, disabled=False)


def _set_disabled(name: str, data: Path, *, disabled: bool) -> None:
    with plainly(), store_of(data) as store:
        account = _account(store, name)
        with acts(data) as note:
            accounts_on(store).disable(name, disabled=disabled)
            _end_everything(store, account)
            note(f"users.{'disable' if disabled else 'enable'}", f"account:{account.subject}", {})
    click.echo(f"{shown(account.name)} is {'disabled' if disabled else 'active'}")


@command.command("password", epilog="Example: pass show nora | ringwall users password nora --password-stdin")
@click.argument("name")
@_stdin
@data_option
def password_command(name: str, password_stdin: bool, data: Path) -> None:
    """Give an account another password, and end its sessions and tokens."""
    with plainly(), store_of(data) as store:
        account = _account(store, name)
        password = _password(password_stdin)
        with acts(data) as note:
            try:
                accounts_on(store).set_password(name, password)
            except Unacceptable as flaw:
                fail(str(flaw), 1)
            _end_everything(store, account)
            note("users.password", f"account:{account.subject}", {})
    click.echo(f"{shown(account.name)} has a new password")


@command.command("roles", epilog="Example: ringwall users roles nora nurse doctor")
@click.argument("name")
@click.argument("roles", nargs=-1)
@contract_option
@data_option
def roles_command(name: str, roles: tuple[str, ...], contract: Path | None, data: Path) -> None:
    """Give an account exactly these ROLES (none: it may do nothing), and end its tokens, which hold the old ones."""
    with plainly(), store_of(data) as store:
        account = _account(store, name)
        granted = checked_roles(roles, contract, data)
        with acts(data) as note:
            accounts_on(store).set_roles(name, granted)
            _end_everything(store, account)
            facts: dict[str, str | int | float | bool | list[str] | None] = {
                "granted": sorted(granted), "before": sorted(account.roles),
            }  # fmt: skip
            note("users.roles", f"account:{account.subject}", facts)
    click.echo(f"{shown(account.name)}: {_listed(granted)}")


def _account(store: Store, name: str) -> StoredAccount:
    found = store.account_named(canonical(name))
    if found is None:
        fail(f"no account is named {shown(name)!r}; `ringwall users list` shows them", 1)
    return found


def _made(
    store: Store, name: str, password: str | None, granted: frozenset[str], tenant: str | None, subject: str | None
) -> StoredAccount:
    try:
        return accounts_on(store).create(name, password, granted, tenant, subject)
    except Unacceptable as flaw:
        fail(str(flaw), 1)


def _end_everything(store: Store, account: StoredAccount) -> int:
    """What was issued or begun before stands no more: sessions at once, what a worker remembers within the contract's
    `staleness`. Says how many sessions that were."""
    now = time.time()
    store.revoke("subject", account.subject, now, now + LONGEST_S)
    tickets_on(store).end_all(account.subject)
    FailureTable(store).forget_devices(account.name)
    return SessionTable(store).end_sessions(account.subject, "")


def _show_code(account: StoredAccount, code: str, *, as_json: bool) -> None:
    """The code, shown this once."""
    path = f"/.ringwall/account/invitation?code={code}"
    if as_json:
        click.echo(json.dumps({"name": account.name, "subject": account.subject, "code": code, "path": path}))
        return
    click.echo(f"{shown(account.name)} ({shown(account.subject)}) sets a password, once and within 7 days, at")
    click.echo(f"  {path}")


def _password(from_stdin: bool) -> str:
    """A password that no process list and no shell's history shows."""
    if not from_stdin:
        if not sys.stdin.isatty():
            raise click.UsageError("there is no terminal to ask for the password: pipe it in with --password-stdin")
        asked: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
        return asked
    given = sys.stdin.buffer.read(_LONGEST + 1)
    if len(given) > _LONGEST:
        fail("the password on standard input is too long")
    try:
        return given.decode("utf-8").removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        fail("the password on standard input is not UTF-8")


def _listed(roles: frozenset[str]) -> str:
    return shown(", ".join(sorted(roles))) or "no roles"


def _document(account: StoredAccount) -> dict[str, object]:
    return {
        "name": account.name,
        "subject": account.subject,
        "roles": sorted(account.roles),
        "tenant": account.tenant,
        "disabled": account.disabled,
        "invited": not account.password,
        "created": rfc3339(account.created),
    }
