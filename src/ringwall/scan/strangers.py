"""Throw-away accounts: signed up by the scan where the API lets anybody, so that no named account is ever spoiled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ringwall.contract.api import JSON
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.login import Unusable
from ringwall.scan.model import ANONYMOUS, Account
from ringwall.scan.pool import Thing, id_of, objects
from ringwall.scan.signing import credential_in, sign_in_call, signed_in
from ringwall.scan.subject import Aim, Kind, login_names


@dataclass(frozen=True, slots=True)
class Stranger:
    """A throw-away account, the object that it is, and the request that made it."""

    account: Account
    thing: Thing
    sent: Sent


def stranger(bench: Bench, extra: Mapping[str, JSON] | None = None) -> Stranger | None:
    """A new account, with `extra` properties in the request that signs it up; None where none can be made."""
    up = bench.subject.sign_up()
    names = login_names(bench.subject, up) if up else None
    kind = next((k for k in bench.subject.kinds.values() if k.person), None)
    if up is None or names is None or kind is None:
        return None
    for full in (True, False):
        label = bench.label()
        draft = bench.composer.draft(up, ANONYMOUS, label=label, full=full, new=True)
        if draft is None or not isinstance(draft.body, dict):
            return None
        body = {**draft.body, **(extra or {})}
        sent = bench.send(replace(draft, body=body))
        if sent.reply.fine:
            return _known(bench, kind, body, (bench.subject.signs_in_by(up) or names[0], names[1]), sent)
    return None


def _known(bench: Bench, kind: Kind, body: Mapping[str, JSON], names: tuple[str, str], sent: Sent) -> Stranger | None:
    """The account signed in. What it signs in with need not be what objects name it by."""
    user, password = str(body[names[0]]), str(body[names[1]])
    shown = next((named for entry in objects(sent.reply.document) if (named := id_of(kind, entry))), None)
    identity = shown or id_of(kind, body) or user
    account = Account(user, username=user, password=password, subject=identity, own=True)
    thing = Thing(kind.name, identity, {**body}, user, fresh=True)
    try:
        account = signed_in((account,), bench.subject, bench.client, bench.dice)[0]
    except Unusable:
        bench.left.append(f"{kind.name} {user}")
        return None
    bench.people.append(account)
    bench.keep(thing, account)
    return Stranger(account, thing, sent)


def stand_in(bench: Bench, aim: Aim) -> Account | None:
    """A throw-away account with an object of its own to spoil, where the scan can make none: what came with it."""
    kind = aim.slots[-1][1] if aim.slots else None
    if kind is None or aim.method in ("GET", "HEAD") or bench.subject.kinds[kind].person or bench.makers(kind):
        return None
    thrown = stranger(bench)
    return thrown.account if thrown and bench.fresh(kind, thrown.account) else None


def signs_in(bench: Bench, account: Account, password: str) -> bool:
    """Whether the account's name and a password are taken at the sign-in."""
    aim = bench.subject.sign_in()
    names = login_names(bench.subject, aim) if aim else None
    if aim is None or names is None:
        return False
    call = sign_in_call(aim, names, replace(account, password=password), bench.subject, bench.dice)
    return bool(credential_in(bench.client.send(call)))
