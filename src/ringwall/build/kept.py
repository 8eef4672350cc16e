"""Answers of the application to reads of our own, kept for as long as any answer may be old: `staleness` seconds."""

from __future__ import annotations

import time
from collections.abc import Callable

from ringwall.core.message import Response
from ringwall.core.ports import Fetch, Question, Unavailable

Fetcher = Callable[[Question], Response]

_MANY, _BYTES = 1000, 65_536


class Kept:
    """A fetcher that asks once and remembers: who owns an object is asked for with every request that names it.

    Bounded in number and size, oldest out first. Only a 200 is kept: what is not there may be made at any moment.
    """

    def __init__(self, fetch: Fetcher, seconds: float, ticks: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._seconds = seconds
        self._ticks = ticks
        self._known: dict[Fetch, tuple[float, Response]] = {}

    def at_hand(self, question: Question) -> Response | None:
        """What is remembered, if it may be used; so nobody has to wait for another thread to look."""
        if not isinstance(question, Fetch) or question.fresh:
            return None
        known = self._known.get(question)
        return known[1] if known is not None and known[0] > self._ticks() else None

    def __call__(self, question: Question) -> Response:
        """The application's answer. Raises Unavailable where it gives none."""
        if not isinstance(question, Fetch):
            raise Unavailable(type(question).__name__)
        known, now = self.at_hand(question), self._ticks()
        if known is not None:
            return known
        response = self._fetch(question)
        self._known.pop(question, None)
        if response.status == 200 and len(response.body or b"") <= _BYTES:
            self._known[question] = (now + self._seconds, response)
            if len(self._known) > _MANY:
                self._known.pop(next(iter(self._known)), None)
        return response
