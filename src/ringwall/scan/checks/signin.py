"""Sign-in: does its answer tell which names exist, and may one guess for ever? Own account only, and last of all."""

from __future__ import annotations

from dataclasses import replace

from ringwall.contract.guess import is_sign_in, spoken
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base, shape
from ringwall.scan.compose import Draft
from ringwall.scan.model import ANONYMOUS, Account
from ringwall.scan.signing import credential_in
from ringwall.scan.strangers import signs_in, stranger
from ringwall.scan.subject import USER_NAMES, Aim, login_names

TRIES = 30


def enumeration(bench: Bench, aim: Aim) -> None:
    """A known name with a wrong password against three made-up names."""
    known = _known(bench)
    draft = _draft(bench, aim)
    if draft is None:
        return
    if known is None:
        bench.untested("enumeration", aim, "no account was given with its user name (--as NAME=login:USER:PASSWORD)")
        return
    names = [bench.dice.word(f"nobody{i}", 10) for i in range(3)]
    unknown = {name: _tried(bench, aim, draft, name) for name in names}
    one = _tried(bench, aim, draft, known.username or "")
    if not all(_turned_away(sent) for sent in (one, *unknown.values())):
        bench.untested("enumeration", aim, "wrong passwords are not refused in a way that can be compared")
        return
    shapes = [shape(sent.reply, (name,)) for name, sent in unknown.items()]
    mine = shape(one.reply, (known.username, known.password))
    if len(set(shapes)) > 1:
        bench.untested("enumeration", aim, "made-up names do not answer alike")
    elif mine != shapes[0]:
        told = f"{known.name}: {mine[0]} {mine[1][:80]!r}; a made-up name: {shapes[0][0]} {shapes[0][1][:80]!r}"
        bench.proved("enumeration", aim, "", told, "three made-up names answer alike", one.call)
    else:
        bench.refuted("enumeration", aim, "a known name answers as made-up ones do")


def forgotten(bench: Bench, aim: Aim) -> None:
    """Where one only names oneself, because a password was forgotten: a known name against three made-up ones."""
    user = _named(bench, aim)
    known = _known(bench)
    draft = bench.composer.draft(aim, ANONYMOUS, label=bench.label()) if user and known else None
    if user is None or known is None or draft is None or not isinstance(draft.body, dict):
        return
    form = (known.username or "").partition("@")[2]
    names = [bench.dice.word(f"nobody{bench.label()}", 10) + (f"@{form}" if form else "") for _ in range(3)]
    asked = {n: bench.send(replace(draft, body={**draft.body, user: n}), wait=False) for n in (known.username, *names)}
    if any(sent.reply.status in (0, 429) or sent.reply.status >= 500 for sent in asked.values()):
        bench.untested("enumeration", aim, "its answers cannot be compared")
        return
    mine, *others = (shape(sent.reply, (name,)) for name, sent in asked.items())
    if len(set(others)) > 1:
        bench.untested("enumeration", aim, "made-up names do not answer alike")
    elif mine == others[0]:
        bench.refuted("enumeration", aim, "a known name answers as made-up ones do")
    else:
        told = f"{known.name}: {mine[0]} {mine[1][:80]!r}; a made-up name: {others[0][0]} {others[0][1][:80]!r}"
        bench.proved("enumeration", aim, user, told, "three made-up names answer alike", asked[known.username].call)


def names_oneself(bench: Bench, aim: Aim) -> bool:
    """Whether anybody may name an account there, to be helped with its password."""
    return _named(bench, aim) is not None


def _named(bench: Bench, aim: Aim) -> str | None:
    words = set(spoken(aim.op.api.path).split())
    helps = words & {"forgot", "forget", "forgotten", "reset", "recover", "recovery", "lost", "resend"}
    if aim.method != "POST" or aim.slots or aim.public is False or not helps or login_names(bench.subject, aim):
        return None
    return next((n for n in bench.subject.asked(aim) if spoken(n) in USER_NAMES), None)


def _known(bench: Bench) -> Account | None:
    """A throw-away account if there is one, else one that was given: it may be locked for a while."""
    thrown = stranger(bench)
    return thrown.account if thrown else next((a for a in bench.accounts if a.username and a.password), None)


def _draft(bench: Bench, aim: Aim) -> Draft | None:
    draft = bench.composer.draft(aim, ANONYMOUS, label=bench.label())
    names = login_names(bench.subject, aim)
    if draft is None or names is None:
        bench.untested("enumeration", aim, "no name and password in its body")
        return None
    return draft


def _tried(bench: Bench, aim: Aim, draft: Draft, name: str) -> Sent:
    names = login_names(bench.subject, aim) or ("", "")
    held = draft.body if isinstance(draft.body, dict) else {}
    return bench.send(
        replace(draft, body={**held, names[0]: name, names[1]: "Wrong!" + bench.dice.word("wrong")}), wait=False
    )


def _turned_away(sent: Sent) -> bool:
    """Whether a wrong password was refused: by the status, or by a success that gives no credential."""
    return sent.reply.refused or (sent.reply.fine and not credential_in(sent.reply))


def guesses(bench: Bench, aim: Aim) -> None:
    """Wrong passwords for the scan's own account, until it is stopped or there were enough."""
    known, draft = _known(bench), _draft(bench, aim)
    if known is None or draft is None:
        bench.untested("rate-limit", aim, "no account was given with its user name (--as NAME=login:USER:PASSWORD)")
        return
    first = _tried(bench, aim, draft, known.username or "")
    if not _turned_away(first):
        said = "its wrong passwords are answered"
        judge = bench.refuted if first.reply.status == 429 else bench.untested
        judge("rate-limit", aim, f"{said} {first.reply.status or 'not at all'}")
        return
    for count in range(1, TRIES):
        sent = _tried(bench, aim, draft, known.username or "")
        if sent.reply.status != first.reply.status or shape(sent.reply, ()) != shape(first.reply, ()):
            bench.refuted("rate-limit", aim, f"after {count} wrong tries the answer is {sent.reply.status}")
            return
    if not signs_in(bench, known, known.password or ""):
        bench.refuted("rate-limit", aim, "after the wrong tries the right password is not taken either")
        return
    said = f"{TRIES} wrong passwords for {known.name} are all answered {first.reply.status}"
    bench.proved("rate-limit", aim, "", said, "no 429 or lock came: the right password signs in after them", first.call)


def stated_rate(bench: Bench, aim: Aim, base: Base) -> None:
    """An operation that the contract limits: more calls than it allows, in less time."""
    rate = aim.op.rule.rate if aim.op.rule else None
    if rate is None:
        bench.untested("rate-limit", aim, "the contract states no rate")
        return
    if rate.count > 2 * TRIES or bench.creates(aim) or aim.method not in ("GET", "POST"):
        bench.untested("rate-limit", aim, "the stated rate is beyond what a polite scan sends")
        return
    sent = base.sent
    for count in range(rate.count + 2):
        sent = bench.send(base.draft, wait=False)
        if sent.reply.status == 429:
            bench.refuted("rate-limit", aim, f"429 after {count + 1} calls; the contract says {rate.count}")
            return
        if not sent.reply.fine:
            bench.untested("rate-limit", aim, f"the target answers {sent.reply.status or 'nothing'}")
            return
    bench.proved(
        "rate-limit",
        aim,
        "",
        f"{rate.count + 2} calls in a row are all served",
        f"the contract allows {rate.count} in {rate.seconds:g} s",
        sent.call,
    )


def codes(bench: Bench, aim: Aim) -> None:
    """Wrong one-time codes for a throw-away account, where a name and a code are taken from anybody: a code of some
    digits is guessed by whoever may try for ever."""
    names = code_names(bench, aim)
    thrown = stranger(bench) if names else None
    draft = bench.composer.draft(aim, ANONYMOUS, label=bench.label()) if thrown else None
    if names is None or thrown is None or draft is None or not isinstance(draft.body, dict):
        return
    user, code = names
    first: Sent | None = None
    before: tuple[int, str] | None = None
    for count in range(TRIES):
        body = {**draft.body, user: thrown.account.username, code: f"{bench.dice.number(f'code{bench.label()}')}"}
        sent = bench.send(replace(draft, body=body), wait=False)
        if first is None and not sent.reply.refused:
            bench.untested("rate-limit", aim, f"a wrong code is answered {sent.reply.status or 'not at all'}")
            return
        if first is not None and shape(sent.reply, body.values()) != before:
            bench.refuted("rate-limit", aim, f"after {count} wrong codes the answer is {sent.reply.status}")
            return
        first, before = first or sent, shape(sent.reply, body.values())
    if first is not None:
        said = f"{TRIES} wrong codes for {thrown.account.name} are all answered {first.reply.status}"
        bench.proved("rate-limit", aim, code, said, "no 429, lock or other answer came", first.call)


def code_names(bench: Bench, aim: Aim) -> tuple[str, str] | None:
    """The body's properties for an account and a one-time code, where anybody may send them."""
    if aim.method != "POST" or aim.slots or aim.public is False:
        return None
    asked = bench.subject.asked(aim)
    user = next((n for n in asked if spoken(n) in USER_NAMES), None)
    code = next((n for n in asked if set(spoken(n).split()) & {"code", "otp", "pin", "totp"}), None)
    return (user, code) if user and code else None


def sign_ins(bench: Bench) -> list[Aim]:
    """The operations where one signs in."""
    return [a for a in bench.subject.aims if is_sign_in(a.op.api) and login_names(bench.subject, a)]
