"""Forbidden removals and actions, on an object of the scan's own."""

from __future__ import annotations

from ringwall.scan.bench import Bench, Sent, short
from ringwall.scan.checks.attempts import Attempt, changed, echoed, proved, refused, seen
from ringwall.scan.compose import Draft
from ringwall.scan.model import Account, Reply
from ringwall.scan.pool import Thing, objects, scalars
from ringwall.scan.strangers import signs_in


def delete(bench: Bench, attempt: Attempt, thing: Thing) -> None:
    shown = seen(bench, thing)
    draft = bench.composer.draft(attempt.aim, attempt.attacker, thing=thing, owner=attempt.victim)
    if shown is None or draft is None:
        bench.untested(attempt.kind, attempt.aim, "no account is shown the object, so an effect could not be seen")
        return
    sent = bench.send(draft)
    after = bench.look(thing, shown[0])
    if after and after[1] is None and _is_gone(bench, attempt.victim, after[0].reply):
        proved(bench, attempt, sent, f"{thing.kind} {thing.id} is gone", shown[0])
        bench.gone(thing)
    elif sent.reply.fine:
        bench.refuted(attempt.kind, attempt.aim, f"{sent.reply.status}, but {thing.kind} {thing.id} is still there")
    else:
        refused(bench, attempt, sent)


def _is_gone(bench: Bench, victim: Account, reply: Reply) -> bool:
    """Whether an object that is not shown any more is gone; an account is, if it no longer signs in."""
    if reply.status in (401, 403) and victim.own and victim.password:
        return not signs_in(bench, victim, victim.password)
    return reply.status in (404, 410) or 200 <= reply.status < 300


def act(bench: Bench, attempt: Attempt, thing: Thing) -> None:
    """An action on an object: it is changed, or has a new child, or its values are told."""
    shown = seen(bench, thing)
    draft = bench.composer.draft(
        attempt.aim, attempt.attacker, thing=thing, owner=attempt.victim, label=bench.label(), new=True
    )
    if shown is None or draft is None:
        bench.untested(attempt.kind, attempt.aim, "no account is shown the object, so an effect could not be seen")
        return
    reader, before = shown
    sent = bench.send(draft)
    after = bench.look(thing, reader)
    now = after[1] if after and after[1] is not None else before
    differs = changed(before, now)
    if not sent.reply.fine:
        refused(bench, attempt, sent)
    elif differs:
        name = differs[0]
        what = f"{thing.kind} {thing.id} has {name} = {short(now.get(name))!r}, before {short(before[name])!r}"
        proved(bench, attempt, sent, what, reader)
    else:
        _child_or_words(bench, attempt, sent, draft, thing)


def _child_or_words(bench: Bench, attempt: Attempt, sent: Sent, draft: Draft, thing: Thing) -> None:
    victim = attempt.victim
    child = bench.made(attempt.aim, draft, sent.reply, victim, victim) if bench.creates(attempt.aim) else None
    shown = seen(bench, child) if child else None
    if child and shown and echoed(draft, shown[1]):
        proved(bench, attempt, sent, f"{child.kind} {child.id} exists under {thing.kind} {thing.id}", shown[0])
        return
    asked = sent.call.target + sent.call.body.decode("utf-8", "replace")
    own = [(n, v) for n, v in thing.values.items() if isinstance(v, str) and len(v) > 5 and v not in asked]
    told = next(((n, v) for n, v in own if v in sent.reply.text), None)
    if told:
        proved(bench, attempt, sent, f"is told {told[0]} = {short(told[1], 60)!r}", attempt.victim)
    elif _kept(draft, sent):
        bench.untested(attempt.kind, attempt.aim, f"{sent.reply.status} repeats what was sent, no more")
    else:
        bench.untested(attempt.kind, attempt.aim, f"{sent.reply.status}, but no effect was seen")


def _kept(draft: Draft, sent: Sent) -> bool:
    words = [str(v) for _, v in scalars(draft.body) if len(str(v)) > 5]
    return any(word in sent.reply.text for word in words) or not list(objects(sent.reply.document))
