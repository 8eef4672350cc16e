"""Objects to spoil where no operation makes any: those that came with a throw-away account, or that a PUT makes."""

from __future__ import annotations

from ringwall.scan.bench import Bench
from ringwall.scan.forms import text_of
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing

NEXT = 6
"""Numbers after the highest known one at which an account's own object is looked for."""


def spare(bench: Bench, kind: str, owner: Account) -> Thing | None:
    """An object of the owner's that may be spoiled."""
    came = _came_with(bench, kind, owner) if owner.own and not bench.makers(kind) else None
    return came or _put(bench, kind, owner)


def _came_with(bench: Bench, kind: str, owner: Account) -> Thing | None:
    """An object that came with a throw-away account: it may be spoiled like one that was made."""
    held = next((t for t in bench.pool.of(kind) if t.fresh and bench.owner(t) is owner), None)
    if held is not None:
        return held
    bench.relist(kind, owner)
    known = [int(t.id) for t in bench.pool.of(kind) if t.id.isdecimal()]
    bench.count(kind, (owner,), range(max(known, default=0) + 1, max(known, default=0) + NEXT + 1))
    found = next((t for t in bench.pool.of(kind) if not t.fresh and bench.owner(t) is owner), None)
    if found is not None:
        found.maker, found.fresh = owner.name, True
    return found


def _put(bench: Bench, kind: str, owner: Account) -> Thing | None:
    """A new object under a name of the scan's own, where a PUT makes what is not there (RFC 9110, 9.3.4)."""
    for aim in (a for a in bench.subject.aims if a.method == "PUT" and a.item and a.kind == kind):
        flat = next((p.schema for p in aim.op.api.parameters if p.name == aim.slots[-1][0]), {})
        name = bench.composer.maker.make(flat, aim.slots[-1][0], f"new{bench.label()}", lambda name, flat: None)
        thing = Thing(kind, text_of(name), {}, owner.name, fresh=True)
        before = bench.look(thing, owner)
        draft = bench.composer.draft(aim, owner, thing=thing, label=bench.label(), new=True)
        if before is None or before[0].reply.status not in (404, 410) or draft is None:
            continue
        if not bench.send(draft).reply.fine:
            continue
        seen = bench.look(thing, owner)
        if seen and seen[1] is not None:
            thing.values.update(seen[1])
            bench.keep(thing, owner)
            return thing
    return None
