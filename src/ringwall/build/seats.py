"""Which session a cookie is, and what identity tells the journal."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import orjson

from ringwall.core.event import Event
from ringwall.core.ports import FindSession, Seat, Unavailable, Vouched
from ringwall.identity.places import Places, kind_of
from ringwall.identity.sessions import Sessions
from ringwall.identity.signin import Facts, Note, Visitor
from ringwall.layers.quota import network
from ringwall.monitoring.recorder import Log, Persons
from ringwall.state.sqlite import Store

REFUSED: Final = frozenset({"signin.wrong", "signin.held", "session.concurrent"})


def noting(log: Log, persons: Persons, new_id: Callable[[], str], *, required: bool) -> Note:
    """What records the events of identity. Where the journal is required, what cannot be recorded is not done."""

    def note(operation: str, subject: str, visitor: Visitor, facts: Facts) -> None:
        if subject and visitor.request_id:
            persons.whose(visitor.request_id, subject)
        event = Event(
            kind="identity",
            id=new_id(),
            at=time.time(),
            operation=operation,
            method="",
            path="",
            client=visitor.client,
            decision="refuse" if operation in REFUSED else "allow",
            status=0,
            principal=subject or None,
            facts={**facts, **({"exchange": visitor.request_id} if visitor.request_id else {})},
        )
        try:
            log.append(orjson.dumps(persons.sealed(event), option=orjson.OPT_SORT_KEYS))
        except (Unavailable, OSError):
            if required:
                raise

    return note


class Issued:
    """Answers whether a credential was issued to a subject. That it was stays true, so the store is asked seldom."""

    KEPT_S, MANY = 60.0, 20_000

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[str, str], float] = {}

    def answer(self, asked: Vouched) -> bool:
        """Whether the store has it."""
        key, now = (asked.credential, asked.subject), time.monotonic()
        if self._known.get(key, 0.0) > now:
            return True
        if not self._store.issued_to(asked.credential, asked.subject):
            return False
        if len(self._known) >= self.MANY:
            self._known.clear()
        self._known[key] = now + self.KEPT_S
        return True


class FoundSessions:
    """Answers which session a cookie is, and tells when one is used from two places at once."""

    def __init__(self, sessions: Sessions, places: Places, note: Note, *, revoke: bool) -> None:
        self._sessions = sessions
        self._places = places
        self._note = note
        self._revoke = revoke

    def answer(self, asked: FindSession) -> Seat | None:
        """The seat of a session that stands."""
        stored = self._sessions.whose(asked.cookie)
        if stored is None:
            return None
        session, account = stored
        where = network(asked.client)
        odd, news = self._places.odd(session.id, kind_of(session.agent), where, asked.agent)
        if news and odd is not None:
            facts: Facts = {"session": session.id, "odd": odd, "ended": self._revoke}
            self._note("session.concurrent", session.subject, Visitor(asked.client, where, asked.agent), facts)
        if odd is not None and self._revoke:
            self._sessions.end(session.id)
            return None
        return Seat(session.id, account, session.amr, session.signed_in, session.mfa)
