"""Broken tokens: the account's own token, changed so that nobody issued it. Nobody else's is ever forged.

An operation counts only if it takes the account's token and refuses none and a random one.
"""

from __future__ import annotations

from dataclasses import replace

from ringwall.contract.guess import spoken
from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base
from ringwall.scan.compose import Draft
from ringwall.scan.jwt import bearer, carried, forged
from ringwall.scan.login import Unusable
from ringwall.scan.model import Account
from ringwall.scan.signing import signed_in
from ringwall.scan.strangers import stranger
from ringwall.scan.subject import Aim


def token(bench: Bench, aim: Aim, base: Base) -> None:
    """The account's own token, in every broken form, at one operation."""
    mine = bearer(base.account)
    if mine is None:
        bench.untested("token", aim, "the account given has no bearer token")
        return
    if not base.sent.reply.fine or aim.method != "GET":
        bench.untested("token", aim, "tried at reading operations only")
        return
    none, random = (_with(bench, base.draft, t) for t in (None, bench.dice.word(f"token{bench.label()}", 30)))
    if none.reply.fine or random.reply.fine:
        bench.untested("token", aim, "it is served without a token or with any: see authentication")
        return
    for broken in forged(mine):
        sent = _with(bench, base.draft, broken.token)
        if sent.reply.fine:
            bench.proved(
                "token",
                aim,
                (carried(base.account) or ("",))[0],
                f"{base.account.name}'s token with {broken.what} is accepted",
                f"none: {none.reply.status}, random: {random.reply.status}",
                sent.call,
                cause=broken.what,
            )
            return
    bench.refuted("token", aim, "changed forms of the account's own token are refused")


def signed_out(bench: Bench, aim: Aim) -> None:
    """A session of its own, signed out: is its credential still taken afterwards?"""
    mine = _session(bench)
    if mine is None:
        bench.untested("token", aim, "no account was given with its user name (--as NAME=login:USER:PASSWORD)")
        return
    reads = (a for a in bench.subject.aims if a.method == "GET" and not a.slots and not a.held and a.public is not True)
    drafts = (d for a in reads if (d := bench.composer.draft(a, mine)))
    served = next((d for d in drafts if bench.send(d).reply.fine and not _with(bench, d, None).reply.fine), None)
    draft = bench.composer.draft(aim, mine)
    if served is None or draft is None or not bench.send(draft).reply.fine:
        bench.untested("token", aim, "no reading operation to tell by, or signing out is not taken")
        return
    after = bench.send(served)
    if after.reply.fine:
        what = f"{served.aim.key} still answers {after.reply.status} to the credential after signing out"
        bench.proved("token", aim, "after sign-out", what, "without a credential it is refused", after.call)
    else:
        bench.refuted("token", aim, f"after signing out {served.aim.key} answers {after.reply.status}")


def signs_out(aim: Aim) -> bool:
    """Whether the operation ends the caller's session."""
    words = set(spoken(aim.op.api.path).split())
    ends = words & {"logout", "signout", "logoff"} or {"log", "out"} <= words or {"sign", "out"} <= words
    return bool(ends) and not aim.slots and not words & {"all", "everywhere"}


def _session(bench: Bench) -> Account | None:
    """A new session of a throw-away account, else of a given one: no other session of it is touched."""
    thrown = stranger(bench)
    if thrown is not None:
        return thrown.account
    given = next((a for a in bench.accounts if a.username and a.password), None)
    try:
        return signed_in((replace(given, headers=()),), bench.subject, bench.client, bench.dice)[0] if given else None
    except Unusable:
        return None


def _with(bench: Bench, draft: Draft, token: str | None) -> Sent:
    name, before, _ = carried(draft.account) or ("Authorization", "Bearer ", "")
    others = tuple(pair for pair in draft.account.headers if pair[0] != name)
    account = replace(draft.account, headers=(*others, (name, f"{before}{token}")) if token else others)
    return bench.send(replace(draft, account=account))
