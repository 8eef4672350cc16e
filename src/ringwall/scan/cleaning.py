"""Removes what a scan made: objects first, accounts last. What cannot be removed is told."""

from __future__ import annotations

from ringwall.scan.bench import Bench
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing
from ringwall.scan.resuming import itself, password_of
from ringwall.scan.subject import Aim


def clean(bench: Bench) -> None:
    """Remove what was made, newest first and accounts last; what cannot be removed is told."""
    newest_first = bench.made_things()
    for thing, account in sorted(newest_first, key=lambda pair: bench.subject.kinds[pair[0].kind].person):
        aim = next((a for a in bench.subject.aims if a.method == "DELETE" and a.item and a.kind == thing.kind), None)
        made = itself(bench, thing)
        order = dict.fromkeys(a for a in (made, bench.owner(thing), account, *bench.accounts) if a)
        done = aim is not None and any(_removed(bench, aim, a, thing) for a in order)
        if not done and not _absent(bench, thing, made):
            bench.left.append(f"{thing.kind} {thing.id}")


def _removed(bench: Bench, aim: Aim, account: Account, thing: Thing) -> bool:
    draft = bench.composer.draft(aim, account, thing=thing)
    done = draft is not None and bench.client.send(draft.call()).fine
    if done:
        bench.gone(thing)
    return done


def _absent(bench: Bench, thing: Thing, itself: Account | None) -> bool:
    """Whether it is gone already: an account that signs in no more, an object that is not there for its owner."""
    if bench.subject.kinds[thing.kind].person:
        return itself is None and password_of(thing) is not None
    owner = bench.owner(thing)
    seen = bench.look(thing, owner) if owner else None
    return seen is not None and seen[0].reply.status in (404, 410)
