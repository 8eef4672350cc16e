"""Lists that the contract keeps to the caller's own."""

from __future__ import annotations

from ringwall.scan.bench import Bench, short
from ringwall.scan.model import Account
from ringwall.scan.pool import objects
from ringwall.scan.subject import Aim, Kind


def check(bench: Bench, aim: Aim) -> None:
    """A list that the contract keeps to the caller's own: does it hold others' objects, asked for by name or not?"""
    rule, kind = aim.op.rule, bench.subject.kinds.get(aim.kind or "")
    if rule is None or rule.filter is None or kind is None:
        return
    name = kind.owner if rule.filter == "owner" else kind.tenant
    for account in bench.accounts:
        mine = _as_owner(bench, kind, account) if rule.filter == "owner" else account.tenant
        if name is None or mine is None or bench.subject.may(account, aim, account.subject, account.tenant) is False:
            continue
        if _foreign(bench, aim, kind, account, name, mine):
            return
    bench.untested("object-read", aim, "whose objects an account may list is not known (--subject, --tenant, --role)")


def _as_owner(bench: Bench, kind: Kind, account: Account) -> str | None:
    """What the kind's owner property holds for the account, if any object shows that it is so."""
    for made in (False, True):
        if made and bench.fresh(kind.name, account) is None:
            return None
        word = bench.pool.self_of(kind, account)
        if any(str(t.values.get(kind.owner or "")) == word for t in bench.pool.of(kind.name)):
            return word
    return None


def _foreign(bench: Bench, aim: Aim, kind: Kind, account: Account, name: str, mine: str) -> bool:
    draft = bench.composer.draft(aim, account)
    if draft is None:
        return False
    drafts = [draft]
    if any(p.name == name and p.where == "query" for p in aim.op.api.parameters):
        others = [o for a in bench.accounts if (o := bench.pool.self_of(kind, a)) not in (None, mine)]
        drafts += [draft.put("query", name, other) for other in others[:1]]
    for each in drafts:
        sent = bench.send(each)
        found = [o for o in objects(sent.reply.document) if name in o] if sent.reply.fine else []
        foreign = next((o for o in found if str(o[name]) != mine), None)
        if foreign is not None:
            what = f"{account.name}'s list holds an object with {name} = {short(foreign[name])!r}, theirs is {mine!r}"
            said = f"the contract says `filter: {aim.op.rule.filter if aim.op.rule else None}`"
            bench.proved("object-read", aim, "", what, said, sent.call)
            return True
    bench.refuted("object-read", aim, f"{account.name}'s list holds only what is theirs")
    return True
