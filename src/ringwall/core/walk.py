"""The walk of a message past the guards of one phase, and what is established on it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ringwall.core import reasons
from ringwall.core.account import Account
from ringwall.core.judge import heard, resume, suspected
from ringwall.core.known import Known
from ringwall.core.message import Head, Request, Response
from ringwall.core.plan import Guard, Plan, Wall
from ringwall.core.ports import Fetch, Question, Unavailable
from ringwall.core.reasons import INTERNAL, Layer
from ringwall.core.sieve import Judged
from ringwall.core.verdict import Ask, Learned, Observed, Refuse, Rewritten, Verdict

Message = TypeVar("Message", Head, Request, Response)
_QUESTIONS = 1000
"""How often one guard may ask."""
_STEPS = 50
"""How many refusals that were only observed are told of the pages of one reply."""


class Walk:
    """What an exchange has established, and how it goes on: every guard of a plan in its order."""

    __slots__ = ("_account", "_known", "_plan", "_wall")

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._account = Account(wall.ports.ticks)
        self._plan: Plan | None = None
        self._known: Known | None = None

    @property
    def known(self) -> Known:
        """What has been established; only to be asked for once the request was admitted."""
        if self._known is None:
            raise LookupError("nothing is known before a request is admitted")
        return self._known

    def _walk(self, guards: Sequence[Guard[Any]], message: Message) -> Generator[Question, Any, Message | Refuse]:
        """Each guard in order; the first refusal ends the walk, unless its layer only observes."""
        waiting, account = iter(guards), self._account
        while (said := heard(waiting, message, self._known or self.known, account)) is not None:
            guard, verdict = said
            if isinstance(verdict, Ask):
                verdict = yield from self._asked(guard, verdict, message)
            if isinstance(verdict, Learned):
                self._known = verdict.known
                if verdict.note:
                    account.note(guard.layer, verdict.note)
            elif isinstance(verdict, Rewritten):
                message = verdict.message  # type: ignore[assignment] # a guard rewrites what it was given
                account.rewritten(guard, verdict)
            elif isinstance(verdict, Refuse):
                observed = guard.layer in self._route().observe
                account.refused(guard, verdict, observed=observed)
                if guard.layer is Layer.VALIDATION and not isinstance(message, Response):
                    account.suspects = suspected(self._wall, self._route(), message, verdict)
                if not observed:
                    return verdict
                if verdict.onward is not None:
                    self._known = verdict.onward()
            elif isinstance(verdict, Observed):
                account.refused(guard, verdict.refuse, observed=True)
        return message

    def _asked(self, guard: Guard[Any], verdict: Verdict, message: Message) -> Generator[Question, Any, Verdict]:
        """The verdict that a guard comes to once the world has answered all that it asks."""
        asked, before = 0, self._account.ticks()
        while isinstance(verdict, Ask):
            answer, asked = (yield self._on_behalf(verdict.question)), asked + 1
            if isinstance(answer, Unavailable):
                verdict = Refuse(reasons.STORE, headers=((b"retry-after", b"5"),), detail=str(answer))
            elif asked >= _QUESTIONS:
                verdict = Refuse(INTERNAL[guard.layer], detail="a guard that does not stop asking")
            else:
                verdict = resume(guard.layer, verdict.then, answer, message)
        self._account.spend(guard.layer, before)
        return verdict

    def _on_behalf(self, question: Question) -> Question:
        """A read of our own from the application says whose request it is for."""
        who = self._known.principal if self._known else None
        return replace(question, on_behalf=who.credential) if who and isinstance(question, Fetch) else question

    def _page(self, page: Response, known: Known) -> Generator[Question, Any, Judged]:
        """A page of a long list through the reply guards, by the facts that held at its beginning."""
        account = self._account
        self._known, notes, account.notes = known, account.notes, []
        told = yield from self._walk(self._route().guards.reply, page)
        noted, account.notes = account.notes, notes
        del account.steps[_STEPS:]
        return told, self.known, noted

    def _route(self) -> Plan:
        if self._plan is None:
            raise LookupError("no plan before a request is admitted")
        return self._plan
