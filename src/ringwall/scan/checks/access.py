"""Object and function access, and missing authentication: a forbidden attempt, judged by what its owner sees after it.

A status alone decides nothing: a read counts only if the reply holds what is the victim's, a write only if the victim
finds it done. Forbidden attempts come before allowed ones, each on an object of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench, Sent, anonymous, short
from ringwall.scan.checks import selves, writes
from ringwall.scan.checks.points import able
from ringwall.scan.checks.writes import Attempt
from ringwall.scan.model import ANONYMOUS, Account, Reply
from ringwall.scan.pool import Thing, objects, scalars
from ringwall.scan.strangers import stand_in, stranger
from ringwall.scan.subject import Aim, Kind, declared, references

NOT_SHOWN = "no object to try it on: none of another account's is known and none could be made"


def check(bench: Bench, aim: Aim) -> None:
    """Every forbidden way to call one operation."""
    if aim.public or is_sign_in(aim.op.api) or aim is bench.subject.sign_up():
        for kind in ("object-read", "object-write", "function", "authentication"):
            bench.untested(kind, aim, "the operation is open to anyone")
        return
    if bench.subject.contract and aim.stated is None:
        for kind in ("object-read", "object-write", "function", "authentication"):
            bench.untested(kind, aim, "not decidable: the contract says nothing of this operation")
        return
    if aim.held and bench.safe:
        for kind in ("object-read", "object-write", "function", "authentication"):
            bench.untested(kind, aim, "held back: its name speaks of harm to everyone's data")
        return
    if selves.applies(bench, aim) and any(references(bench.subject, aim)):
        return  # judged there, on what its body names
    for attempt in _attempts(bench, aim):
        _try(bench, attempt)
    if aim.method == "GET" and not aim.slots:
        _list(bench, aim)


def _attempts(bench: Bench, aim: Aim) -> Iterator[Attempt]:
    """Who should not, each with a victim: first the accounts that lack the right, then nobody at all."""
    tried = False
    for attacker in bench.accounts:
        for victim in _victims(bench, aim, attacker):
            thing = _thing(bench, aim, victim)
            forbidden = _forbidden(bench, aim, attacker, victim, thing)
            if forbidden:
                tried = True
                yield Attempt(forbidden, aim, attacker, victim, thing)
                break
    if not tried:
        _say_why(bench, aim)
    if aim.public is None:
        bench.untested("authentication", aim, "not decidable: neither contract nor document says who may call it")
    elif bench.accounts:
        others = _victims(bench, aim, ANONYMOUS) if _of_people(bench, aim) else []
        victim = others[0] if others else _one_who_may(bench, aim)
        yield Attempt("authentication", aim, anonymous(victim), victim, _thing(bench, aim, victim))


def _victims(bench: Bench, aim: Aim, attacker: Account) -> list[Account]:
    others = [a for a in bench.accounts if a is not attacker]
    if _of_people(bench, aim) and (thrown := stranger(bench)):
        return [thrown.account, *others]
    if instead := stand_in(bench, aim):
        return [instead, *others]
    return others if aim.slots else [*others[:1], attacker][:1]


def _of_people(bench: Bench, aim: Aim) -> bool:
    return bool(aim.slots) and bench.subject.kinds[aim.slots[-1][1]].person


def _one_who_may(bench: Bench, aim: Aim) -> Account:
    """An account that the contract allows, if there is one."""
    first = bench.accounts[0]
    return next((a for a in bench.accounts if bench.subject.may(a, aim, a.subject, a.tenant)), first)


def _thing(bench: Bench, aim: Aim, victim: Account) -> Thing | None:
    """A fresh object of the victim's for a write, any for a read."""
    if not aim.slots:
        return None
    kind = aim.slots[-1][1]
    mine = [t for t in bench.pool.of(kind) if bench.owner(t) is victim]
    if aim.method in ("GET", "HEAD") and mine:
        return mine[0]
    return bench.fresh(kind, victim) or next(iter(mine), None)


def _forbidden(bench: Bench, aim: Aim, attacker: Account, victim: Account, thing: Thing | None) -> str | None:
    """The class of the attempt if the attacker must not do it; None where it may or nothing says."""
    kind = bench.subject.kinds.get(thing.kind) if thing else None
    own = thing is not None and bench.owner(thing) is victim
    if aim.stated is not None:
        owner = (victim.subject or victim.name) if own else None
        stated = thing.values.get(kind.tenant) if thing and kind and kind.tenant else None
        tenant = str(stated) if stated is not None else None
        if bench.subject.may(attacker, aim, owner, tenant) is not False:
            return None
        if bench.subject.may(attacker, aim, attacker.subject, attacker.tenant) is False:
            return "function"
        return "object-read" if aim.method in ("GET", "HEAD") else "object-write"
    if thing is not None and own and thing.fresh and not thing.seen:
        for account in (victim, attacker):
            bench.relist(thing.kind, account)
    if thing is not None and own and bench.pool.apart(thing.kind, victim, attacker, thing):
        return "object-read" if aim.method in ("GET", "HEAD") else "object-write"
    return None


def _say_why(bench: Bench, aim: Aim) -> None:
    kinds = ["object-read" if aim.method in ("GET", "HEAD") else "object-write"] if aim.slots else []
    for kind in (*kinds, "function"):
        if aim.stated is None:
            bench.untested(kind, aim, "not decidable: no contract says who may, and no lists tell whose is whose")
        elif aim.slots and not any(_thing(bench, aim, a) for a in bench.accounts):
            bench.untested(kind, aim, NOT_SHOWN)
        else:
            bench.untested(kind, aim, "each account given may do it, or its roles are not known (--role)")


def _try(bench: Bench, attempt: Attempt) -> None:
    if attempt.aim.slots and attempt.thing is None:
        bench.untested(attempt.kind, attempt.aim, NOT_SHOWN)
    elif attempt.aim.method in ("GET", "HEAD"):
        _read(bench, attempt)
    else:
        writes.attempt(bench, attempt)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a reply gives away, and how that was told."""

    what: str
    control: str


def _read(bench: Bench, attempt: Attempt) -> None:
    """The attacker reads first; then one who may, to know what there was to see."""
    aim = attempt.aim
    draft = bench.composer.draft(aim, attempt.attacker, thing=attempt.thing, owner=attempt.victim)
    if draft is None:
        bench.untested(attempt.kind, aim, "no value is known for its path")
        return
    tried = bench.send(draft)
    if not tried.reply.fine:
        _not_served(bench, attempt, tried.reply)
        return
    honest = _honest(bench, attempt)
    if honest is None:
        bench.untested(attempt.kind, aim, "no account that may is served, so there is nothing to compare with")
        return
    shown = _given_away(bench, attempt, tried, honest)
    if shown is None:
        bench.refuted(attempt.kind, aim, f"{tried.reply.status}, but nothing that is the victim's in it")
        return
    bench.proved(attempt.kind, aim, "", shown.what, shown.control, tried.call)


def _not_served(bench: Bench, attempt: Attempt, reply: Reply) -> None:
    if not reply.refused:
        bench.untested(attempt.kind, attempt.aim, f"the target answered {reply.status or 'nothing'}")
    elif reply.status in (401, 403, 404) or _honest(bench, attempt) is not None:
        bench.refuted(attempt.kind, attempt.aim, f"{attempt.attacker.name} is refused with {reply.status}")
    else:
        bench.untested(attempt.kind, attempt.aim, f"{reply.status}: no request was found that the target takes")


def _honest(bench: Bench, attempt: Attempt) -> Sent | None:
    """The same request by one who may: the victim, else another account, else (for a role nobody has) the attacker's
    own is all there is."""
    others = sorted((a for a in bench.accounts if a is not attempt.victim), key=lambda a: able(bench, attempt.aim, a))
    order = (*others, attempt.victim) if attempt.kind == "function" else (attempt.victim, *others)
    for account in order:
        if account.name == attempt.attacker.name:
            continue
        draft = bench.composer.draft(attempt.aim, account, thing=attempt.thing, owner=attempt.victim)
        sent = bench.send(draft) if draft else None
        if sent and sent.reply.fine:
            return sent
    return None


def _given_away(bench: Bench, attempt: Attempt, tried: Sent, honest: Sent) -> _Shown | None:
    """What the attacker's reply holds of what one who may is shown; an echo of the request is nothing."""
    request = tried.call.target + tried.call.body.decode("utf-8", "replace")
    theirs = _marks(honest.reply, attempt.thing)
    common = [(path, value) for path, value in theirs if str(value) not in request and _holds(tried.reply, path, value)]
    if attempt.aim.stated is None and attempt.kind != "authentication":
        listed = _listed(bench, attempt)
        common = [(path, value) for path, value in common if str(value) not in listed]
    if attempt.thing is not None:
        common = _of_victim(bench, attempt, attempt.thing, common)
    if not common or not _is_answer(bench, attempt.aim, tried.reply):
        return None
    if _catches_all(bench, attempt, tried):
        return None
    control = _refusal(bench, attempt)
    path, value = max(common, key=lambda mark: len(str(mark[1])))
    who = attempt.attacker.name
    what = f"{who} gets {tried.reply.status} with {attempt.victim.name}'s view: {path or 'text'} = {short(value, 60)!r}"
    return _Shown(what, control)


def _of_victim(
    bench: Bench, attempt: Attempt, thing: Thing, marks: list[tuple[str, object]]
) -> list[tuple[str, object]]:
    """The marks that are this object's: not those that the attacker gets for an object of their own, or any other.
    Where there is no other to compare with, those that the object was known to have."""
    others = [t for t in bench.pool.of(thing.kind) if t.id != thing.id]
    own = [t for t in others if (owner := bench.owner(t)) and owner.name == attempt.attacker.name]
    for other in (*own, *others)[:3]:
        draft = bench.composer.draft(attempt.aim, attempt.attacker, thing=other, owner=attempt.victim)
        reply = bench.send(draft).reply if draft else None
        if reply is not None and reply.fine:
            return [(path, value) for path, value in marks if not _holds(reply, path, value)]
    known = {str(value) for value in thing.values.values()}
    return [(path, value) for path, value in marks if str(value) in known]


def _marks(reply: Reply, thing: Thing | None) -> list[tuple[str, object]]:
    """The values of a reply that tell it from another: words of some length, numbers that are no mere flags."""
    document = reply.document
    if document is not None:
        return [(p, v) for p, v in scalars(document) if not isinstance(v, bool) and _tells(v)]
    if thing is None:
        return [("", reply.text[:200])] if reply.body else []
    return [(n, v) for n, v in thing.values.items() if isinstance(v, str) and len(v) > 3 and v in reply.text]


def _tells(value: object) -> bool:
    """Whether a value is long enough to be somebody's."""
    return isinstance(value, int) or len(str(value)) > 3


def _holds(reply: Reply, path: str, value: object) -> bool:
    document = reply.document
    if document is None:
        return str(value) in reply.text
    return any(p == path and v == value for p, v in scalars(document))


def _listed(bench: Bench, attempt: Attempt) -> str:
    """All that the attacker's own lists say, as text: what stands there is no secret to them."""
    lists = [a for a in bench.subject.aims if a.method == "GET" and not a.slots and a.kind == attempt.aim.kind]
    drafts = [bench.composer.draft(a, attempt.attacker) for a in lists]
    return "\n".join(bench.send(draft).reply.text for draft in drafts if draft)


def _is_answer(bench: Bench, aim: Aim, reply: Reply) -> bool:
    """Whether a success is one: it holds a declared property, and is no refusal dressed as 200."""
    document = reply.document
    names = {name for entry in objects(document) for name in entry}
    known = set(declared(bench.subject, aim))
    talk = {"status", "message", "error", "detail", "success", "code", "msg", "ok"}
    return bool(reply.body) and (document is None or not names or bool((names & known or names) - talk))


def _catches_all(bench: Bench, attempt: Attempt, tried: Sent) -> bool:
    """Whether a path that cannot exist answers the same: then the success says nothing."""
    draft = bench.composer.draft(attempt.aim, attempt.attacker, thing=attempt.thing, owner=attempt.victim)
    if draft is None:
        return False
    call = draft.call()
    path, mark, query = call.target.partition("?")
    elsewhere = replace(call, target=f"{path}/{bench.dice.word('nowhere')}{mark}{query}")
    other = bench.client.send(elsewhere)
    return other.fine and other.body == tried.reply.body


def _refusal(bench: Bench, attempt: Attempt) -> str:
    """What anonymous gets, as the control beside an attempt by an account."""
    if attempt.kind == "authentication":
        return "an account gets the same; a path that does not exist answers otherwise"
    draft = bench.composer.draft(attempt.aim, anonymous(attempt.victim), thing=attempt.thing, owner=attempt.victim)
    status = bench.send(draft).reply.status if draft else 0
    said = f"without a credential: {status}" if status >= 400 else "anonymous is served too (see authentication)"
    return said + ("; the contract does not allow this account" if attempt.aim.stated is not None else "")


def _list(bench: Bench, aim: Aim) -> None:
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
