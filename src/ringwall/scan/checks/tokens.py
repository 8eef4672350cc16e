"""Broken tokens: the account's own token, changed so that nobody issued it. Nobody else's is ever forged.

An operation counts only if it takes the account's token and refuses none and a random one.
"""

from __future__ import annotations

from dataclasses import replace

from ringwall.scan.bench import Bench, Sent
from ringwall.scan.checks.points import Base
from ringwall.scan.jwt import bearer, carried, forged
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
    none, random = (_with(bench, base, t) for t in (None, bench.dice.word(f"token{bench.label()}", 30)))
    if none.reply.fine or random.reply.fine:
        bench.untested("token", aim, "it is served without a token or with any: see authentication")
        return
    for broken in forged(mine):
        sent = _with(bench, base, broken.token)
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


def _with(bench: Bench, base: Base, token: str | None) -> Sent:
    name, before, _ = carried(base.account) or ("Authorization", "Bearer ", "")
    others = tuple(pair for pair in base.account.headers if pair[0] != name)
    account = replace(base.account, headers=(*others, (name, f"{before}{token}")) if token else others)
    return bench.send(replace(base.draft, account=account))
