"""Removes what a scan made: objects first, accounts last. What cannot be removed is told."""

from __future__ import annotations

from ringwall.scan.bench import Bench
from ringwall.scan.login import Unusable
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing
from ringwall.scan.signing import signed_in
from ringwall.scan.subject import Aim


def clean(bench: Bench) -> None:
    """Remove what was made, newest first and accounts last; what cannot be removed is told."""
    newest_first = bench.made_things()
    for thing, account in sorted(newest_first, key=lambda made: bench.subject.kinds[made[0].kind].person):
        aim = next((a for a in bench.subject.aims if a.method == "DELETE" and a.item and a.kind == thing.kind), None)
        itself = _itself(bench, thing)
        order = dict.fromkeys(a for a in (itself, bench.owner(thing), account, *bench.accounts) if a)
        done = aim is not None and any(_removed(bench, aim, a, thing) for a in order)
        if not done and not _absent(bench, thing, itself):
            bench.left.append(f"{thing.kind} {thing.id}")


def _removed(bench: Bench, aim: Aim, account: Account, thing: Thing) -> bool:
    draft = bench.composer.draft(aim, account, thing=thing)
    return draft is not None and bench.client.send(draft.call()).fine


def _absent(bench: Bench, thing: Thing, itself: Account | None) -> bool:
    """Whether it is gone already: an account that signs in no more, an object that is not there for its owner."""
    if bench.subject.kinds[thing.kind].person:
        return itself is None and _password(thing) is not None
    owner = bench.owner(thing)
    seen = bench.look(thing, owner) if owner else None
    return seen is not None and seen[0].reply.status in (404, 410)


def _password(thing: Thing) -> str | None:
    return next((v for n, v in thing.values.items() if "password" in n.lower() and isinstance(v, str)), None)


def _itself(bench: Bench, thing: Thing) -> Account | None:
    """An account that a probe of the sign-up made, signed in to remove itbench."""
    password = _password(thing)
    if not bench.subject.kinds[thing.kind].person or password is None:
        return None
    try:
        up = bench.subject.sign_up()
        name = bench.subject.signs_in_by(up) if up else None
        made = Account(
            "made", username=str(thing.values.get(name or "", thing.id)), password=password, subject=thing.id, own=True
        )
        return signed_in((made,), bench.subject, bench.client, bench.dice)[0]
    except Unusable:
        return None
