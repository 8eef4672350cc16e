"""Object and function access, and missing authentication: a forbidden attempt, judged by what its owner sees after it.

A status alone decides nothing: a read counts only if the reply holds what is the victim's, a write only if the victim
finds it done. Forbidden attempts come before allowed ones, each on an object of its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench, anonymous
from ringwall.scan.checks import lists, reads, selves, writes
from ringwall.scan.checks.attempts import Attempt
from ringwall.scan.model import ANONYMOUS, Account
from ringwall.scan.pool import Thing
from ringwall.scan.strangers import stand_in, stranger
from ringwall.scan.subject import Aim, references

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
        lists.check(bench, aim)


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
        reads.attempt(bench, attempt)
    else:
        writes.attempt(bench, attempt)
