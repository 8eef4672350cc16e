"""What every page of the console works with: the deployment, and who is there with which rank."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from ringwall.build.runtime import Runtime, request_id
from ringwall.contract.model import Contract
from ringwall.contract.model_console import RANKS, Rank
from ringwall.core.event import Event
from ringwall.core.message import Response
from ringwall.core.ports import Account
from ringwall.engines.policy import Roles
from ringwall.identity.pages.desk import Desk, Visit
from ringwall.identity.sessions import Session
from ringwall.state.journal_index import Found

HOME: Final = "/.ringwall/console"

Document = dict[str, object]


class Persons:
    """Opens the personal parts of records while their keys live."""

    def __init__(self, runtime: Runtime) -> None:
        self._persons = runtime.persons

    def opened(self, record: Document) -> Document:
        """A record with its personal parts in clear."""
        return self._persons.opened(record)

    def spellings(self, member: str, text: str | None) -> tuple[str, ...] | None:
        """Every way in which records may name a `principal` or an `object`."""
        return None if text is None else tuple(self._persons.spellings(member, text))


@dataclass(frozen=True, slots=True)
class Console:
    """What the pages of one wall share. `desk` is the accounts'; `now` is in epoch seconds."""

    desk: Desk
    runtime: Runtime
    contract: Contract
    roles: Roles
    persons: Persons
    now: Callable[[], float] = time.time

    def rank(self, session: Session, account: Account) -> Rank | None:
        """What an account may do here: nothing without a second factor."""
        stated = self.contract.console
        held = self.roles.held(account.roles, mfa=True).roles
        return stated.rank(held) if stated is not None and session.mfa else None

    def record(self, found: Found) -> Document:
        """A record that was found, its personal parts in clear; empty where it is no JSON object."""
        try:
            read = orjson.loads(found.record)
        except orjson.JSONDecodeError:
            return {}
        return self.persons.opened(read) if isinstance(read, dict) else {}

    def note(self, what: str, seat: Seat, about: str, **facts: str | int | float | bool) -> None:
        """Write down who does what, before it is done. Raises Unavailable where the journal does not take it."""
        event = Event(
            kind="admin", id=request_id(), at=self.now(), operation=f"console.{what}", method="", path="",
            client=seat.visit.visitor.client, decision="allow", status=0, principal=seat.account.subject,
            objects=(about,), facts={**facts, "exchange": seat.visit.visitor.request_id},
        )  # fmt: skip
        sealed = self.runtime.persons.sealed(event)
        self.runtime.journal.append(orjson.dumps(sealed, option=orjson.OPT_SORT_KEYS))


@dataclass(frozen=True, slots=True)
class Seat:
    """Who is at the console, and with which request."""

    visit: Visit
    account: Account
    rank: Rank

    def may(self, least: Rank) -> bool:
        """Whether the rank is enough."""
        return RANKS.index(self.rank) >= RANKS.index(least)

    def asked(self, name: str) -> str | None:
        """A parameter of the query, without blanks around it; None where it is empty or no word at all."""
        value = self.visit.query.get(name, "").strip()
        return value if value and len(value) <= 200 and value.isprintable() else None


Page = Callable[[Console, Seat], Response]
