"""Forbidden writes: made by the attacker, read back by the victim, put back or removed afterwards."""

from __future__ import annotations

from dataclasses import replace

from ringwall.contract.api import JSON
from ringwall.scan.bench import Bench, Sent, short
from ringwall.scan.checks import acts
from ringwall.scan.checks.attempts import Attempt, echoed, proved, refused, seen
from ringwall.scan.compose import Draft
from ringwall.scan.model import Account
from ringwall.scan.pool import Thing, scalars
from ringwall.scan.strangers import signs_in
from ringwall.scan.subject import Aim
from ringwall.scan.values import kind_of, resolved


def attempt(bench: Bench, attempt: Attempt) -> None:
    """One forbidden write, in the manner that its method has."""
    aim, thing = attempt.aim, attempt.thing
    if thing is None:
        _create(bench, attempt)
    elif aim.method in ("PUT", "PATCH"):
        _change(bench, attempt, thing)
    elif not thing.fresh and bench.safe:
        bench.untested(attempt.kind, aim, f"--safe: the scan could make no {thing.kind} of its own to try it on")
    elif aim.method == "DELETE":
        acts.delete(bench, attempt, thing)
    else:
        acts.act(bench, attempt, thing)


# --- making


def _create(bench: Bench, attempt: Attempt) -> None:
    aim = attempt.aim
    tried = _asked(bench, attempt)
    if tried is None:
        bench.untested(attempt.kind, aim, "no value is known for its path")
        return
    draft, sent = tried
    if not sent.reply.fine:
        refused(bench, attempt, sent)
        return
    thing = bench.made(aim, draft, sent.reply, attempt.victim, attempt.victim) if bench.creates(aim) else None
    shown = seen(bench, thing) if thing else None
    if thing and shown and echoed(draft, shown[1]):
        proved(bench, attempt, sent, f"{thing.kind} {thing.id} exists", shown[0])
        return
    listed = _listed(bench, attempt, draft) if thing is None else None
    if listed is not None:
        proved(bench, attempt, sent, f"what was sent stands in {listed[0]}", listed[1])
    else:
        _answered(bench, attempt, sent)


def _listed(bench: Bench, attempt: Attempt, draft: Draft) -> tuple[str, Account] | None:
    """Where nothing names what was made: the list at the same path, and who reads there the words that were sent."""
    words = {str(v) for _, v in scalars(draft.body) if isinstance(v, str) and len(v) > 5}
    lists = [a for a in bench.subject.aims if a.method == "GET" and a.path == attempt.aim.path]
    for aim in lists if words else ():
        for account in (attempt.victim, *(a for a in bench.accounts if a is not attempt.victim)):
            asked = bench.composer.draft(aim, account)
            read = bench.send(asked).reply if asked else None
            if read is not None and read.fine and any(str(v) in words for _, v in scalars(read.document)):
                bench.left.append(f"what {attempt.aim.key} made cannot be removed")
                return aim.key, account
    return None


def _asked(bench: Bench, attempt: Attempt) -> tuple[Draft, Sent] | None:
    """The attempt with all optional properties, else with the required alone."""
    tried = None
    for full in (True, False):
        draft = bench.composer.draft(attempt.aim, attempt.attacker, owner=attempt.victim, label=bench.label(),
                                     full=full, new=bench.creates(attempt.aim))  # fmt: skip
        if draft is None:
            return tried
        tried = draft, bench.send(draft)
        if tried[1].reply.fine:
            break
    return tried


def _answered(bench: Bench, attempt: Attempt, sent: Sent) -> None:
    """A question asked by POST: the answer counts if it holds known objects' values that the request did not."""
    asked = sent.call.target + sent.call.body.decode("utf-8", "replace")
    known = {str(v) for t in bench.pool.of(attempt.aim.kind or "") for v in t.values.values() if len(str(v)) > 5}
    found = [(p, v) for p, v in scalars(sent.reply.document) if str(v) in known and str(v) not in asked]
    if found:
        path, value = found[0]
        what = f"is answered with {path} = {short(value, 60)!r} of an object that is there"
        bench.proved(
            attempt.kind,
            attempt.aim,
            "",
            f"{attempt.attacker.name} {what}",
            "the request did not hold that value",
            sent.call,
        )
    else:
        bench.untested(attempt.kind, attempt.aim, f"{sent.reply.status}, but its effect cannot be read back")


# --- changing


def _change(bench: Bench, attempt: Attempt, thing: Thing) -> None:
    shown = seen(bench, thing)
    secret = secret_of(bench, attempt)
    if shown is None and secret is not None:
        _password(bench, attempt, thing, secret)
        return
    if shown is None:
        bench.untested(attempt.kind, attempt.aim, "no account is shown the object, so an effect could not be seen")
        return
    reader, before = shown
    names = changeable(bench, attempt.aim, before)
    if not names:
        _unseen(bench, attempt, thing)
        return
    name = names[0]
    value = another(bench, attempt.aim, name, before[name])
    sent = _write(bench, attempt.aim, attempt.attacker, attempt.victim, thing, before, name, value)
    if sent is None:
        return
    after = bench.look(thing, reader)
    if after and after[1] is not None and after[1].get(name) == value:
        proved(bench, attempt, sent, f"{thing.kind} {thing.id} has {name} = {short(value)!r}", reader)
        _put_back(bench, attempt, thing, before, name)
        return
    if not sent.reply.fine:
        refused(bench, attempt, sent)
        return
    _control(bench, attempt, thing, reader, before, name)


def _unseen(bench: Bench, attempt: Attempt, thing: Thing) -> None:
    """It sets nothing that can be read back: a password shows at the sign-in, anything else by what changes."""
    secret = secret_of(bench, attempt)
    if secret is not None:
        _password(bench, attempt, thing, secret)
    elif thing.fresh or not bench.safe:
        acts.act(bench, attempt, thing)
    else:
        bench.untested(attempt.kind, attempt.aim, "no property that it sets can be read back")


def secret_of(bench: Bench, attempt: Attempt) -> str | None:
    """The property that sets a password, where the victim is a throw-away account."""
    own = attempt.victim.own and attempt.victim.password is not None
    return next((n for n in bench.subject.asked(attempt.aim) if "password" in n.lower()), None) if own else None


def _password(bench: Bench, attempt: Attempt, thing: Thing, name: str) -> None:
    """A throw-away account's password, set by another: the new one signs in and the old one no longer does."""
    victim, new = attempt.victim, f"Rw7!{bench.dice.word(f'password{bench.label()}')}"
    draft = bench.composer.draft(attempt.aim, attempt.attacker, thing=thing, owner=victim)
    if draft is None:
        return
    sent = bench.send(draft.put("body", name, new))
    if signs_in(bench, victim, new) and not signs_in(bench, victim, victim.password or ""):
        said = f"{attempt.attacker.name} gets {sent.reply.status}: {victim.name} signs in with the new password only"
        bench.proved(attempt.kind, attempt.aim, "", said, "the old password signed in before", sent.call)
    elif sent.reply.fine and signs_in(bench, victim, victim.password or ""):
        bench.refuted(attempt.kind, attempt.aim, f"{sent.reply.status}, but {victim.name}'s password is as it was")
    else:
        refused(bench, attempt, sent)


def changeable(bench: Bench, aim: Aim, before: dict[str, JSON]) -> list[str]:
    """The declared properties that can be changed and seen: plain text first; never who owns it or what names it."""
    kind = bench.subject.kinds[aim.kind or aim.slots[-1][1]]
    keep = {*kind.ids[:1], "id", kind.owner, kind.tenant}
    asked = {n: resolved(s, bench.subject.api.schemas) for n, s in bench.subject.asked(aim).items()}
    names = [n for n in asked if n in before and n not in keep and not isinstance(before[n], (dict, list))]
    fields = kind.fields or {}

    def order(name: str) -> tuple[bool, bool]:
        flat = asked[name]
        stated = fields[name].write if name in fields else None
        return stated is not None, kind_of(flat) != "string" or any(k in flat for k in ("pattern", "format", "enum"))

    return sorted((n for n in names if "password" not in n), key=order)


def another(bench: Bench, aim: Aim, name: str, current: JSON) -> JSON:
    """A legal value that differs from the current one."""
    flat = resolved(bench.subject.asked(aim).get(name, {}), bench.subject.api.schemas)
    choices = flat.get("enum")
    if isinstance(choices, list):
        return next((c for c in choices if c not in (current, None)), current)
    kind = kind_of(flat)
    if kind == "boolean":
        return current is not True
    if kind in ("integer", "number"):
        return (int(current) if isinstance(current, (int, float)) else 0) + 1
    return bench.composer.maker.text(flat, name, f"{name}{bench.label()}")


def _write(
    bench: Bench, aim: Aim, account: Account, owner: Account, thing: Thing,
    before: dict[str, JSON], name: str, value: JSON,
) -> Sent | None:  # fmt: skip
    """Set one property; a PUT says all the others as they are."""
    whole = replace(thing, values={**thing.values, **before})
    draft = bench.composer.draft(aim, account, thing=whole, owner=owner, full=aim.method == "PUT")
    if draft is None or not draft.media:
        bench.untested("object-write", aim, "no request could be built")
        return None
    return bench.send(draft.put("body", name, value))


def _control(bench: Bench, attempt: Attempt, thing: Thing, reader: Account, before: dict[str, JSON], name: str) -> None:
    """A success without effect: refuted if the same write by the victim works, else it tells nothing."""
    value = another(bench, attempt.aim, name, before[name])
    _write(bench, attempt.aim, attempt.victim, attempt.victim, thing, before, name, value)
    after = bench.look(thing, reader)
    if after and after[1] is not None and after[1].get(name) == value:
        bench.refuted(attempt.kind, attempt.aim, f"a success, but {thing.kind} {thing.id} stays as it was")
        _put_back(bench, attempt, thing, before, name)
    else:
        bench.untested(attempt.kind, attempt.aim, "no effect, and none of the owner's own write either")


def _put_back(bench: Bench, attempt: Attempt, thing: Thing, before: dict[str, JSON], name: str) -> None:
    if thing.fresh:
        return
    for account in (attempt.victim, attempt.attacker):
        _write(bench, attempt.aim, account, attempt.victim, thing, before, name, before[name])
        after = bench.look(thing, attempt.victim)
        if after and after[1] is not None and after[1].get(name) == before[name]:
            return
    bench.left.append(f"{name} of {thing.kind} {thing.id} was changed and could not be put back")
