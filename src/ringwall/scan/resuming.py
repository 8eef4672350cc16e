"""Takes up a scan that was killed: what it had told, what it had made, and the accounts that it had signed up."""

from __future__ import annotations

from dataclasses import replace

from ringwall.scan.bench import Bench
from ringwall.scan.login import Unusable
from ringwall.scan.model import ANONYMOUS, Account
from ringwall.scan.pool import Thing
from ringwall.scan.signing import signed_in

MOST = 20
"""How many throw-away accounts are signed in again, the last first: they remove what is theirs."""


def resume(bench: Bench) -> None:
    """Everything that the state's file holds."""
    state = bench.state
    if state is None or not state.resumed:
        return
    bench.restore(state.verdicts, state.findings, state.count)
    people = [thing for thing, _ in state.made if bench.subject.kinds[thing.kind].person]
    for account in (a for thing in people[::-1][:MOST] if (a := itself(bench, thing))):
        role = next((r for name, r in state.raised if name == account.name), None)
        bench.people.append(account if role is None else replace(account, roles=frozenset({role})))
        if role is not None:
            bench.accounts = (*bench.accounts, bench.people[-1])
    known = {account.name: account for account in bench.people}
    for thing, name in state.made:
        bench.restore_thing(thing, known.get(name, ANONYMOUS))


def itself(bench: Bench, thing: Thing) -> Account | None:
    """An account that the scan signed up, signed in again."""
    password = password_of(thing)
    if not bench.subject.kinds[thing.kind].person or password is None:
        return None
    up = bench.subject.sign_up()
    name = bench.subject.signs_in_by(up) if up else None
    user = str(thing.values.get(name or "", thing.id))
    made = Account(thing.maker or user, username=user, password=password, subject=thing.id, own=True)
    try:
        return signed_in((made,), bench.subject, bench.client, bench.dice)[0]
    except Unusable:
        return None


def password_of(thing: Thing) -> str | None:
    """The password that an account was signed up with."""
    return next((v for n, v in thing.values.items() if "password" in n.lower() and isinstance(v, str)), None)
