"""Keeps accounts signed in: a credential that ends in mid-scan is renewed, and the request that found out sent again.

A refusal alone does not tell: it is what most probes are for. Something that the account was served before is asked
again, and only if that is refused too the account signs in anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from dataclasses import replace

from ringwall.scan.client import Client
from ringwall.scan.login import Unusable
from ringwall.scan.model import AGENT, ANONYMOUS, Account, Call, Headers
from ringwall.scan.signing import asking, signed_in
from ringwall.scan.subject import Subject
from ringwall.scan.values import Dice

PAUSE_S = 2.0
"""How often at most an account is asked whether it is still signed in."""


class Keeper:
    """Keeps those accounts that can sign in again, by the headers that they began with."""

    def __init__(self, accounts: Iterable[Account], subject: Subject, client: Client, dice: Dice) -> None:
        self._subject, self._client, self._dice = subject, client, dice
        self._known: dict[Headers, tuple[Account, Call]] = {}
        self._asked: dict[Headers, float] = {}
        self._lock = threading.Lock()
        for account in (a for a in accounts if a.username and a.password and a.headers):
            served = self._served(account)
            if served is not None:
                self._known[account.headers] = (account, served)

    def _served(self, account: Account) -> Call | None:
        """Something that the account is served, and nobody else."""
        for aim in asking(self._subject):
            call = Call("GET", aim.path, (AGENT, ("Accept", "*/*")), b"", account)
            nobodys = replace(call, account=ANONYMOUS)
            if self._client.send(call).fine and self._client.send(nobodys).status in (401, 403):
                return call
        return None

    def renew(self, headers: Headers) -> Headers | None:
        """New headers for an account that is no longer signed in; None for one that is, or that nobody can renew."""
        known = self._known.get(headers)
        with self._lock:
            now = time.monotonic()
            if known is None or now - self._asked.get(headers, 0.0) < PAUSE_S:
                return None
            self._asked[headers] = now
        account, served = known
        if self._client.send(served).status not in (401, 403):
            return None
        try:
            return signed_in((replace(account, headers=()),), self._subject, self._client, self._dice)[0].headers
        except Unusable:
            return None
