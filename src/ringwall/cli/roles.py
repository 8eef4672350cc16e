"""`ringwall roles`: what roles may do, who holds them, by whom and until when; and what of it nobody used."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from ringwall.build.permissions import Effective, effective
from ringwall.build.unused import Unused, unused
from ringwall.cli._contracts import checked_roles, contract_option, document_near, nearest, subject
from ringwall.cli._data import Duration, Facts, acts, data_option, json_option, operator, store_of
from ringwall.cli._problems import fail, plainly, shown
from ringwall.cli._recorded import exchanges
from ringwall.contract.document import Document
from ringwall.contract.model import Contract
from ringwall.contract.reading import Desk, mapping, never, roles
from ringwall.core.event import rfc3339
from ringwall.engines.policy import Roles
from ringwall.identity.accounts import canonical
from ringwall.state.grants import Grant, Grants, Kind
from ringwall.state.sqlite import Store

_openapi = click.option("--openapi", help="The OpenAPI document: a path or a URL.  [default: what `api` says]")
_app = click.option("--app", "target", metavar="MODULE:APP", help="The application to ask, where `api: app` is stated.")
_subject = click.option("--subject", "is_subject", is_flag=True, help="WHO is a subject, not the name of an account.")
_LONGEST_BREAK_S = 24 * 3600.0


@click.group(
    epilog="""\b
Examples:
  ringwall roles show doctor
  ringwall roles grant nora doctor --for 8h --reason "on call"
  ringwall roles break-glass nora doctor --reason "ward 3, cardiac arrest"
  ringwall roles unused --since 90d
Every change stands in the journal: ringwall audit search --object subject:ID"""
)
def command() -> None:
    """Show, grant and revoke roles, for a time or in an emergency; find those that nobody uses."""


@command.command("show", epilog="Example: ringwall roles show doctor --json")
@click.argument("role", required=False)
@contract_option
@_openapi
@_app
@data_option
@json_option
def show(
    role: str | None, contract: Path | None, openapi: str | None, target: str | None, data: Path, as_json: bool
) -> None:
    """Show what ROLE may do and who holds it, by whom, since when and until when. Without one, list all roles."""
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-roles-") as scratch:
        found = subject(contract, openapi, target, Path(scratch)).contract
        if role is not None and role not in found.roles:
            fail(f"no role is named {shown(role)!r}{nearest(role, found.roles)}")
        wanted = [role] if role is not None else list(found.roles)
        held = {name: list(_holders(data, name)) for name in wanted}
        told = [effective(found, name) for name in wanted]
    if as_json:
        documents = [{**each.document(), "holders": held[each.role]} for each in told]
        click.echo(json.dumps(documents[0] if role is not None else documents, indent=1))
        return
    for each in told:
        for line in _story(each, held[each.role]) if role is not None else _line(each, held[each.role]):
            click.echo(line)


def _line(told: Effective, holders: list[dict[str, object]]) -> Iterator[str]:
    factor = ", with a second factor" if told.mfa else ""
    includes = f", includes {', '.join(told.includes)}" if told.includes else ""
    yield f"{shown(told.role):<20} {len(told.operations)} operations, {len(holders)} holders{includes}{factor}"


def _story(told: Effective, holders: list[dict[str, object]]) -> Iterator[str]:
    yield from _line(told, holders)
    for permission in told.operations:
        bounds = f", {', '.join(permission.bounds)}" if permission.bounds else ""
        yield f"  {shown(permission.operation):<44} by {permission.by}{bounds}   {shown(permission.at)}"
    for each in told.fields:
        name = shown(f"{each.resource}.{each.field}")
        yield f"  {name:<44} read: {each.read}, write: {each.write}   {shown(each.at)}"
    for holder in holders:
        until = f" until {holder['until']}" if holder["until"] else ""
        reason = f" ({holder['reason']})" if holder["reason"] else ""
        yield shown(f"  {holder['kind']}: {holder['name']} ({holder['subject']}), by {holder['by']}{until}{reason}")


def _holders(data: Path, role: str) -> Iterator[dict[str, object]]:
    """Who holds a role as granted: by the account, by an API key, or by a grant that counts now."""
    if not (data / "state.db").is_file():
        return
    now = time.time()
    with store_of(data) as store:
        accounts, keys = {account.subject: account for account in store.accounts()}, store.keys()
        for account in accounts.values():
            if role in account.roles and not account.disabled:
                yield _holder("account", account.name, account.subject, "the account", account.created, None, "")
        for key in keys:
            if role in key.roles and min(key.expires or now + 1, key.revoked or now + 1) > now:
                yield _holder("api key", key.name, key.subject, f"key:{key.key_id}", key.created, key.expires, "")
        for grant in Grants(store).all(role=role):
            if grant.holds(now):
                name = accounts[grant.subject].name if grant.subject in accounts else grant.subject
                yield _holder(grant.kind, name, grant.subject, grant.by, grant.at, grant.until, grant.reason)


def _holder(
    kind: str, name: str, who: str, by: str, since: float, until: float | None, reason: str
) -> dict[str, object]:
    return {
        "kind": kind,
        "name": name,
        "subject": who,
        "by": by,
        "since": rfc3339(since),
        "until": rfc3339(until) if until is not None else None,
        "reason": reason,
    }


@command.command("grant", epilog='Example: ringwall roles grant nora doctor --for 8h --reason "on call"')
@click.argument("who")
@click.argument("role")
@click.option("--for", "lasting", type=Duration(), help="How long it lasts, such as 8h or 30d.  [default: no end]")
@click.option("--until", metavar="TIME", help="When it ends: 2027-01-31, or with a time as in RFC 3339.")
@click.option("--reason", default="", help="Why, for whoever reviews it.")
@_subject
@contract_option
@data_option
def grant(
    who: str, role: str, lasting: float | None, until: str | None, reason: str, is_subject: bool,
    contract: Path | None, data: Path,
) -> None:  # fmt: skip
    """Grant WHO (an account) a ROLE beside those it has."""
    if lasting is not None and until is not None:
        raise click.UsageError("--for or --until, not both")
    now = time.time()
    ends = now + lasting if lasting is not None else _moment(until, now) if until is not None else None
    _grant(who, role, "grant", reason, ends, is_subject=is_subject, contract=contract, data=data)


@command.command("break-glass", epilog='Example: ringwall roles break-glass nora doctor --reason "cardiac arrest"')
@click.argument("who")
@click.argument("role")
@click.option("--reason", required=True, help="Why; it stands in the journal, and an alert may quote it.")
@click.option("--for", "lasting", type=Duration(), default="1h", show_default=True, help="How long; a day at most.")
@_subject
@contract_option
@data_option
def break_glass(
    who: str, role: str, reason: str, lasting: float, is_subject: bool, contract: Path | None, data: Path
) -> None:
    """Give WHO a ROLE in an emergency: at once, for a short time, with a reason, and for everybody to see."""
    if not reason.strip():
        raise click.UsageError("--reason says nothing")
    if lasting > _LONGEST_BREAK_S:
        raise click.UsageError("an emergency lasts a day at most: --for 24h; `ringwall roles grant` is for longer")
    ends = time.time() + lasting
    _grant(who, role, "break-glass", reason, ends, is_subject=is_subject, contract=contract, data=data)


def _grant(
    who: str, role: str, kind: Kind, reason: str, until: float | None, *, is_subject: bool,
    contract: Path | None, data: Path,
) -> None:  # fmt: skip
    with plainly():
        checked_roles([role], contract, data)
        policy = _policy(document_near(contract, data))
        with store_of(data) as store:
            subject_, name, held = _whom(store, who, is_subject=is_subject)
            grants, now = Grants(store), time.time()
            every = held | grants.granted(subject_, now).roles | {role}
            clash = policy.clashing(every) if policy is not None else frozenset[str]()
            if clash:
                fail(f"{shown(name)} would hold {' and '.join(sorted(clash))}, which nobody may hold together", 1)
            with acts(data) as note:
                made = grants.add(subject_, role, kind, reason, operator(), at=now, until=until)
                note(f"roles.{kind}", f"subject:{subject_}", _facts(made))
    ends = f" until {rfc3339(until)}" if until is not None else ""
    click.echo(f"{shown(name)} ({shown(subject_)}) holds {shown(role)}{ends}")


def _facts(made: Grant) -> Facts:
    return {"granted": [made.role], "reason_given": made.reason, "until": rfc3339(made.until) if made.until else None}


@command.command("revoke", epilog="Example: ringwall roles revoke nora doctor")
@click.argument("who")
@click.argument("role")
@_subject
@data_option
def revoke(who: str, role: str, is_subject: bool, data: Path) -> None:
    """End what WHO was granted of ROLE. Roles of the account itself are changed by `ringwall users roles`."""
    with plainly(), store_of(data) as store:
        subject_, name, held = _whom(store, who, is_subject=is_subject)
        with acts(data) as note:
            ended = Grants(store).end(subject_, role, operator(), time.time())
            if not ended:
                hint = "; the account itself has it: `ringwall users roles`" if role in held else ""
                fail(f"{shown(name)} was not granted {shown(role)}{hint}", 1)
            note("roles.revoke", f"subject:{subject_}", {"revoked": [role]})
    click.echo(f"{shown(name)} ({shown(subject_)}) holds {shown(role)} by no grant any more")


def _whom(store: Store, who: str, *, is_subject: bool) -> tuple[str, str, frozenset[str]]:
    """The subject, a name for it, and the roles that it has by an account or a key."""
    if is_subject:
        keys = store.keys()
        granted = [a.roles for a in store.accounts() if a.subject == who]
        granted += [k.roles for k in keys if k.subject == who and k.revoked is None]
        return who, who, frozenset[str]().union(*granted)
    account = store.account_named(canonical(who))
    if account is None:
        fail(f"no account is named {shown(who)!r}; --subject says that it is a subject of another kind", 1)
    return account.subject, account.name, account.roles


def _policy(document: Document | None) -> Roles | None:
    """Inclusion and separation of duties, as a contract states them; None where there is none."""
    if document is None:
        return None
    stated, desk = mapping(document.data), Desk(document)
    known = roles(stated.get("roles"), desk)
    apart = never(stated.get("never"), known, desk)
    return Roles({name: role.includes for name, role in known.items()}, frozenset(), never=apart)


def _moment(text: str, now: float) -> float:
    """A time to come, in epoch seconds; a day ends with its last second, UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise click.UsageError(f"--until: {shown(text)!r} is no time such as 2027-01-31T18:00Z") from None
    found = found if found.tzinfo else found.replace(tzinfo=UTC)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        found += timedelta(days=1)
    if found.timestamp() <= now:
        raise click.UsageError(f"--until: {shown(text)} is over already")
    return found.timestamp()


@command.command("unused", epilog="Example: ringwall roles unused --since 90d")
@click.option("--since", type=Duration(), default="90d", show_default=True, help="How far back the journal is asked.")
@contract_option
@_openapi
@_app
@data_option
@json_option
def unused_command(
    since: float, contract: Path | None, openapi: str | None, target: str | None, data: Path, as_json: bool
) -> None:
    """List the permissions that nobody used in a period, with the contract's line that is left without them.

    Exit status 1 where there are any."""
    with plainly(), tempfile.TemporaryDirectory(prefix="ringwall-roles-") as scratch:
        found: Contract = subject(contract, openapi, target, Path(scratch)).contract
        told = unused(found, exchanges(data / "journal", time.time() - since))
    if as_json:
        click.echo(json.dumps([_document(each) for each in told], indent=1))
    for each in () if as_json else told:
        why = "nobody was let in" if each.never else f"nobody was let in as {', '.join(each.words)}"
        click.echo(f"{shown(each.at)}: {why}\n    {shown(each.line)}")
    if not told and not as_json:
        click.echo("every permission was used")
    if told:
        raise click.exceptions.Exit(1)


def _document(each: Unused) -> dict[str, object]:
    return {"rule": each.rule, "unused": list(each.words), "at": each.at, "line": each.line, "never": each.never}
