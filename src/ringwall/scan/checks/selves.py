"""Operations without an object in their path: they act on the caller's own account, or on what their body names.

All of it is done to throw-away accounts and objects of the scan's own. An account that could be raised so is kept: with
its role the scan reaches what ordinary accounts do not.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ringwall.contract.api import JSON
from ringwall.contract.guess import is_sign_in
from ringwall.scan.bench import Bench, Sent, anonymous, short
from ringwall.scan.checks.attempts import changed
from ringwall.scan.checks.properties import MOST, extra, views
from ringwall.scan.model import ANONYMOUS, Account
from ringwall.scan.pool import Thing
from ringwall.scan.strangers import Stranger, stranger
from ringwall.scan.subject import Aim, Kind, references


def check(bench: Bench, aim: Aim) -> None:
    """Both, where the operation has the form."""
    if not applies(bench, aim) or aim.public or (aim.held and bench.safe) or not bench.accounts:
        return
    for name, kind in references(bench.subject, aim):
        _named(bench, aim, name, kind)
    if aim.method != "POST":
        _own(bench, aim)


def applies(bench: Bench, aim: Aim) -> bool:
    """Whether the operation has the form."""
    writes = aim.method in ("POST", "PUT", "PATCH") and not aim.slots
    return writes and not is_sign_in(aim.op.api) and not bench.creates(aim)


# --- what the body names


def _named(bench: Bench, aim: Aim, name: str, kind: Kind) -> None:
    """One forbidden attempt by an account, and one by nobody. What is taken for the caller's own account changes that,
    so the account is a throw-away one too where there can be such."""
    thrown = stranger(bench)
    for attacker in (thrown.account,) if thrown else bench.accounts:
        made = _somebodys(bench, kind, attacker)
        if made is None:
            continue
        victim, thing = made
        if bench.subject.may(attacker, aim, victim.subject or victim.name, victim.tenant) is False:
            mine = bench.subject.may(attacker, aim, attacker.subject, attacker.tenant)
            _write(bench, aim, "function" if mine is False else "object-write", attacker, victim, thing, name)
            break
    other = _somebodys(bench, kind, ANONYMOUS) if aim.public is False else None
    if other is not None:
        _write(bench, aim, "authentication", anonymous(other[0]), *other, name)


def _somebodys(bench: Bench, kind: Kind, attacker: Account) -> tuple[Account, Thing] | None:
    """An object of the kind that is not the attacker's, and whose it is: fresh, so that no harm is done."""
    if kind.person:
        made = stranger(bench)
        return (made.account, made.thing) if made else None
    for victim in (a for a in bench.accounts if a is not attacker):
        thing = bench.fresh(kind.name, victim)
        if thing is not None and bench.owner(thing) is victim:
            return victim, thing
    return None


def _write(
    bench: Bench, aim: Aim, kind: str, attacker: Account, victim: Account, thing: Thing, name: str
) -> None:  # fmt: skip
    """The attacker names the victim's; the victim looks what became of it."""
    before = _seen(bench, victim, thing)
    if not before:
        bench.untested(kind, aim, "its owner is not shown the object, so an effect could not be seen")
        return
    sent = None
    for choice in _choices(bench, aim, before):
        draft = bench.composer.draft(aim, attacker, label=bench.label(), new=True)
        if draft is None or not isinstance(draft.body, dict):
            break
        sent = bench.send(replace(draft, body={**draft.body, **choice, name: thing.id}))
        after = _seen(bench, victim, thing)
        differs = changed(before, after)
        if differs:
            _tell(bench, aim, kind, sent, victim, thing, differs[0], before, after)
            return
        if sent.reply.fine:
            break
    _nothing(bench, aim, kind, attacker, sent)


def _tell(
    bench: Bench, aim: Aim, kind: str, sent: Sent, victim: Account, thing: Thing, name: str,
    before: dict[str, JSON], after: dict[str, JSON],
) -> None:  # fmt: skip
    who = sent.call.account.name
    said = f"{who} gets {sent.reply.status} and {thing.kind} {thing.id} has {name} = {short(after.get(name))!r}"
    control = f"read back as {victim.name}; before it was {short(before[name])!r}; the contract does not allow it"
    bench.proved(kind, aim, "", said, control, sent.call)
    if is_role(bench, before[name]):
        _raised(bench, victim, after.get(name))


def _nothing(bench: Bench, aim: Aim, kind: str, attacker: Account, sent: Sent | None) -> None:
    if sent is None:
        bench.untested(kind, aim, "no request could be built")
    elif sent.reply.fine:
        bench.refuted(kind, aim, f"{sent.reply.status}, but what the body names stays as it was")
    elif sent.reply.status in (401, 403, 404):
        bench.refuted(kind, aim, f"{attacker.name} is refused with {sent.reply.status}, nothing changed")
    else:
        bench.untested(kind, aim, f"{sent.reply.status or 'no answer'}: no request was found that the target takes")


def _seen(bench: Bench, owner: Account, thing: Thing) -> dict[str, JSON]:
    if bench.subject.kinds[thing.kind].person:
        return views(bench, owner, thing)
    seen = bench.look(thing, owner)
    return seen[1] or {} if seen else {}


def is_role(bench: Bench, value: JSON) -> bool:
    """Whether a value is a role of the contract's, so that the property that holds it is where a role stands."""
    return bench.subject.contract is not None and isinstance(value, str) and value in bench.subject.contract.roles


def _choices(bench: Bench, aim: Aim, before: dict[str, JSON]) -> list[dict[str, JSON]]:
    """What to set beside: where the body has a role, each of the contract's, since a made-up one is no role."""
    name = next((n for n in bench.subject.asked(aim) if is_role(bench, before.get(n))), None)
    return [{name: role} for role in _greater(bench)] if name else [{}]


def _greater(bench: Bench) -> list[str]:
    """The contract's roles that are more than the least, the greatest first: those that reach most others."""
    known = bench.subject.contract.roles if bench.subject.contract else {}
    return sorted((r for r in known if known[r].includes or known[r].mfa), key=lambda r: -len(known[r].includes))[:4]


# --- the caller's own account


def _own(bench: Bench, aim: Aim) -> None:
    """A change of one's own account with one property too many, read back later."""
    kind = bench.subject.kinds.get(aim.kind or "")
    made = stranger(bench) if kind and kind.person else None
    if made is None or kind is None:
        return
    before = views(bench, made.account, made.thing)
    tried = []
    for name, value in list(_more(bench, aim, made, before))[:MOST]:
        draft = bench.composer.draft(aim, made.account, thing=made.thing, label=bench.label(), full=aim.method == "PUT")
        if draft is None:
            break
        sent = bench.send(draft.put("body", name, value))
        tried.append(name)
        if sent.reply.fine and views(bench, made.account, made.thing).get(name) == value:
            said = f"{made.account.name} sets its own {name} = {short(value)!r}, read back later"
            bench.proved("mass-assignment", aim, name, said, f"before it was {short(before.get(name))!r}", sent.call)
            if is_role(bench, before.get(name)):
                _raised(bench, made.account, value)
            return
    if tried:
        bench.refuted("mass-assignment", aim, f"not taken: {', '.join(tried)}")


def _more(bench: Bench, aim: Aim, made: Stranger, before: dict[str, JSON]) -> Iterator[tuple[str, JSON]]:
    for name, value in extra(bench, aim, made.account, before):
        if is_role(bench, before.get(name)):
            yield from ((name, role) for role in _greater(bench) if role != before[name])
        else:
            yield name, value


def _raised(bench: Bench, account: Account, role: JSON) -> None:
    """Keep a throw-away account that was given a role of the contract: what it may now is known."""
    if account.own and isinstance(role, str) and role in _greater(bench):
        if bench.state is not None:
            bench.state.raise_to(account.name, role)
        raised = replace(account, roles=frozenset({role}))
        bench.people[:] = [raised if a.name == account.name else a for a in bench.people]
        bench.accounts = (*(a for a in bench.accounts if a.name != account.name), raised)
