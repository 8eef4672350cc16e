"""Forbidden reads: the attacker reads first; then one who may, to know what there was to see.

A status decides nothing: a read counts only if the reply holds what is the victim's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwall.scan.bench import Bench, Sent, anonymous, short
from ringwall.scan.checks.attempts import Attempt
from ringwall.scan.checks.points import able
from ringwall.scan.model import Reply
from ringwall.scan.pool import Thing, objects, scalars
from ringwall.scan.subject import Aim, declared


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a reply gives away, and how that was told."""

    what: str
    control: str


def attempt(bench: Bench, trial: Attempt) -> None:
    """The attacker reads first; then one who may, to know what there was to see."""
    aim = trial.aim
    draft = bench.composer.draft(aim, trial.attacker, thing=trial.thing, owner=trial.victim)
    if draft is None:
        bench.untested(trial.kind, aim, "no value is known for its path")
        return
    tried = bench.send(draft)
    if not tried.reply.fine:
        _not_served(bench, trial, tried.reply)
        return
    honest = _honest(bench, trial)
    if honest is None:
        bench.untested(trial.kind, aim, "no account that may is served, so there is nothing to compare with")
        return
    shown = _given_away(bench, trial, tried, honest)
    if shown is None:
        bench.refuted(trial.kind, aim, f"{tried.reply.status}, but nothing that is the victim's in it")
        return
    bench.proved(trial.kind, aim, "", shown.what, shown.control, tried.call)


def _not_served(bench: Bench, trial: Attempt, reply: Reply) -> None:
    if not reply.refused:
        bench.untested(trial.kind, trial.aim, f"the target answered {reply.status or 'nothing'}")
    elif reply.status in (401, 403, 404) or reply.denies or _honest(bench, trial) is not None:
        bench.refuted(trial.kind, trial.aim, f"{trial.attacker.name} is refused with {reply.status}")
    else:
        bench.untested(trial.kind, trial.aim, f"{reply.status}: no request was found that the target takes")


def _honest(bench: Bench, trial: Attempt) -> Sent | None:
    """The same request by one who may: the victim, else another account, else (for a role nobody has) the attacker's
    own is all there is."""
    others = sorted((a for a in bench.accounts if a is not trial.victim), key=lambda a: able(bench, trial.aim, a))
    order = (*others, trial.victim) if trial.kind == "function" else (trial.victim, *others)
    for account in order:
        if account.name == trial.attacker.name:
            continue
        draft = bench.composer.draft(trial.aim, account, thing=trial.thing, owner=trial.victim)
        sent = bench.send(draft) if draft else None
        if sent and sent.reply.fine:
            return sent
    return None


def _given_away(bench: Bench, trial: Attempt, tried: Sent, honest: Sent) -> _Shown | None:
    """What the attacker's reply holds of what one who may is shown; an echo of the request is nothing."""
    request = tried.call.target + tried.call.body.decode("utf-8", "replace")
    theirs = _marks(honest.reply, trial.thing)
    common = [(path, value) for path, value in theirs if str(value) not in request and _holds(tried.reply, path, value)]
    if trial.aim.stated is None and trial.kind != "authentication":
        listed = _listed(bench, trial)
        common = [(path, value) for path, value in common if str(value) not in listed]
    if trial.thing is not None:
        common = _of_victim(bench, trial, trial.thing, common)
    if not common or not _is_answer(bench, trial.aim, tried.reply):
        return None
    if _catches_all(bench, trial, tried):
        return None
    control = _refusal(bench, trial)
    path, value = max(common, key=lambda mark: len(str(mark[1])))
    who = trial.attacker.name
    what = f"{who} gets {tried.reply.status} with {trial.victim.name}'s view: {path or 'text'} = {short(value, 60)!r}"
    return _Shown(what, control)


def _of_victim(bench: Bench, trial: Attempt, thing: Thing, marks: list[tuple[str, object]]) -> list[tuple[str, object]]:
    """The marks that are this object's: not those that the attacker gets for an object of their own, or any other.
    Where there is no other to compare with, those that the object was known to have."""
    others = [t for t in bench.pool.of(thing.kind) if t.id != thing.id]
    own = [t for t in others if (owner := bench.owner(t)) and owner.name == trial.attacker.name]
    for other in (*own, *others)[:3]:
        draft = bench.composer.draft(trial.aim, trial.attacker, thing=other, owner=trial.victim)
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


def _listed(bench: Bench, trial: Attempt) -> str:
    """All that the attacker's own lists say, as text: what stands there is no secret to them."""
    lists = [a for a in bench.subject.aims if a.method == "GET" and not a.slots and a.kind == trial.aim.kind]
    drafts = [bench.composer.draft(a, trial.attacker) for a in lists]
    return "\n".join(bench.send(draft).reply.text for draft in drafts if draft)


def _is_answer(bench: Bench, aim: Aim, reply: Reply) -> bool:
    """Whether a success is one: it holds a declared property, and is no refusal dressed as 200."""
    document = reply.document
    names = {name for entry in objects(document) for name in entry}
    known = set(declared(bench.subject, aim))
    talk = {"status", "message", "error", "detail", "success", "code", "msg", "ok"}
    return bool(reply.body) and (document is None or not names or bool((names & known or names) - talk))


def _catches_all(bench: Bench, trial: Attempt, tried: Sent) -> bool:
    """Whether a path that cannot exist answers the same: then the success says nothing."""
    draft = bench.composer.draft(trial.aim, trial.attacker, thing=trial.thing, owner=trial.victim)
    if draft is None:
        return False
    call = draft.call()
    path, mark, query = call.target.partition("?")
    elsewhere = replace(call, target=f"{path}/{bench.dice.word('nowhere')}{mark}{query}")
    other = bench.client.send(elsewhere)
    return other.fine and other.body == tried.reply.body


def _refusal(bench: Bench, trial: Attempt) -> str:
    """What anonymous gets, as the control beside an attempt by an account."""
    if trial.kind == "authentication":
        return "an account gets the same; a path that does not exist answers otherwise"
    draft = bench.composer.draft(trial.aim, anonymous(trial.victim), thing=trial.thing, owner=trial.victim)
    status = bench.send(draft).reply.status if draft else 0
    said = f"without a credential: {status}" if status >= 400 else "anonymous is served too (see authentication)"
    return said + ("; the contract does not allow this account" if trial.aim.stated is not None else "")
