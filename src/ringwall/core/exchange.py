"""The way of one request, from its head to its event, as one generator without I/O (the manner of h11).

`Exchange.run` yields what it wants of the adapter (a *want*) and is sent the result:

    Question            -> its answer, or an `Unavailable` as a value
    ReadBody(limit)     -> bytes, or a `Reason` where the body could not be had
    Forward(request)    -> a `Response` (body None where it is still to be read), or a `Reason`
    ReadReply(limit)    -> bytes, or `TooLong` (what was read so far goes on streaming), or a `Reason`
    Record(event)       -> True once the journal has it
    Send(response)      -> nothing: the last want; a body of None is streamed from the application

A reply that goes on in pages (`sifts`) is streamed by way of `sift`: each part is given to it, and what its last want,
`Sifted`, holds is sent instead; `begun` comes before the first.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Literal

from ringwall.core import reasons
from ringwall.core.coding import codings_kept
from ringwall.core.confine import Rows
from ringwall.core.content import checkable as checkable
from ringwall.core.content import plain, written
from ringwall.core.effect import Effect
from ringwall.core.event import Event
from ringwall.core.judge import admitted, judge, made, served
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import BLANK, Plan, Serve, Wall
from ringwall.core.ports import Call, Question
from ringwall.core.reasons import INTERNAL, UNREADABLE, Layer, Reason
from ringwall.core.refusal import problem
from ringwall.core.sieve import Sieve, paged, whole_up_to
from ringwall.core.split import Unreadable
from ringwall.core.verdict import Pass, Refuse
from ringwall.core.walk import Walk
from ringwall.core.wants import Forward as Forward
from ringwall.core.wants import ReadBody as ReadBody
from ringwall.core.wants import ReadReply as ReadReply
from ringwall.core.wants import Record as Record
from ringwall.core.wants import Send as Send
from ringwall.core.wants import Sifted as Sifted
from ringwall.core.wants import TooLong as TooLong

Want = Question | ReadBody | Forward | ReadReply | Record | Send | Sifted
Way = Generator[Want, Any, None]
Sequel = Literal["exchange.cut", "exchange.close"]


class Exchange(Walk):
    """One request's way through the wall. Used once; `effect` may be called from any thread meanwhile."""

    __slots__ = ("_peer", "_request_id", "_rows", "_sieve", "_sunk", "begun", "head")

    def __init__(self, wall: Wall) -> None:
        super().__init__(wall)
        self._request_id = wall.ports.new_id()
        self._sunk: Refuse | None = None
        self._peer = ""
        self._rows: tuple[Rows, ...] | None = None
        self._sieve: Sieve | None = None
        self.begun = b""
        self.head: Head | None = None

    @property
    def request_id(self) -> str:
        """The id under which the journal has this exchange."""
        return self._request_id

    def run(self, raw: RawHead) -> Way:
        """The whole way. Every path through it ends in one Record and one Send."""
        self._peer = raw.peer
        head = self._admit(raw)
        if isinstance(head, Refuse):
            yield from self._refuse(head)
            return
        request = yield from self._inward(head)
        if isinstance(request, Refuse):
            yield from self._refuse(request)
            return
        response = yield from self._outward(request)
        if not isinstance(response, Refuse):
            response = self._written(response)
        if isinstance(response, Refuse):
            yield from self._refuse(response)
        else:
            yield from self._close(response, None)

    def turn_away(self, reason: Reason, peer: str) -> Way:
        """The way of what never became a request: bytes that are no HTTP, or a head too slow or too large."""
        self._peer = peer
        yield from self._refuse(Refuse(reason))

    def sequel(self, kind: Sequel, status: int, sizes: tuple[int, int], reason: Reason | None) -> Event:
        """What became of a reply that had begun with `status`; `sizes` are the bytes in and out."""
        whole = self._event(Response(status, ()), Refuse(reason) if reason else None)
        return replace(whole, kind=kind, at=self._wall.ports.now(), sizes=sizes)

    def _admit(self, raw: RawHead) -> Head | Refuse:
        found = admitted(self._wall, raw, self._request_id)
        self._account.spend(Layer.TRANSPORT, self._account.started)
        if isinstance(found, Refuse):
            return found
        head, plan, params = found
        self.head, self._plan = head, plan
        self._known = Known(plan.operation, self._wall.ports.now(), params, head.client, self._request_id)
        return head

    def _inward(self, head: Head) -> Generator[Want, Any, Request | Refuse]:
        """Head guards, then the body, then body guards. No byte of the body is read before the first pass."""
        plan = self._route()
        judged = yield from self._walk(plan.guards.head, head)
        if isinstance(judged, Refuse):
            return judged
        body = yield from self._receive(head, plan)
        if isinstance(body, Refuse):
            return body
        return (yield from self._walk(plan.guards.body, Request(head, head.raw_headers, body)))

    def _receive(self, head: Head, plan: Plan) -> Generator[Want, Any, bytes | Refuse | None]:
        limit = BLANK if plan.body == "none" else plan.limits.body
        if not head.has_body:
            return b""
        if head.length is not None and head.length > limit:
            return Refuse(reasons.BODY_SIZE)
        if plan.body == "stream":
            return None
        got = yield ReadBody(limit, plan.limits.seconds)
        if isinstance(got, Reason):
            return Refuse(got)
        if not isinstance(got, bytes):
            return Refuse(reasons.DISCONNECTED, detail="the adapter gave no content")
        return got if len(got) <= limit else Refuse(reasons.BODY_SIZE)

    def _outward(self, request: Request) -> Generator[Want, Any, Response | Refuse]:
        """The application's answer, then the reply guards."""
        plan = self._route()
        response = yield from (self._own(request, plan.serve) if plan.serve else self._theirs(request, plan))
        if isinstance(response, Refuse) or self._sieve is not None:
            return response
        return (yield from self._walk(plan.guards.reply, response))

    def _own(self, request: Request, serve: Serve) -> Generator[Want, Any, Response | Refuse]:
        known = self.known
        response = yield Call(lambda: served(serve, request, known))
        if isinstance(response, (Response, Refuse)):
            return response
        return Refuse(INTERNAL[Layer.MONITORING], detail="an endpoint of ringwall's own did not answer")

    def _theirs(self, request: Request, plan: Plan) -> Generator[Want, Any, Response | Refuse]:
        account = self._account
        before, judged = account.ticks(), account.layers.get(Layer.SINKS, 0)
        answer = yield Forward(codings_kept(request, plan), plan)
        judged = account.layers.get(Layer.SINKS, 0) - judged
        account.application = account.ticks() - before - judged
        if self._sunk is not None:
            return self._sunk
        if not isinstance(answer, Response):
            return Refuse(answer if isinstance(answer, Reason) else reasons.APPLICATION)
        response = yield from self._whole(answer, plan)
        return self._sunk or response

    def _whole(self, response: Response, plan: Plan) -> Generator[Want, Any, Response | Refuse]:
        """The reply with its content read, where its kind lets the guards check it."""
        if plan.reply == "stream" or not checkable(response):
            return response
        if response.body is None:
            got = yield ReadReply(whole_up_to(plan, response))
            if isinstance(got, TooLong):
                return (yield from self._in_pages(response, plan, got)) if paged(plan, response) else response
            if not isinstance(got, bytes):
                return Refuse(got if isinstance(got, Reason) else reasons.UPSTREAM_CUT)
            response = Response(response.status, response.headers, got)
        return plain(response, self._wall, plan.limits.reply, table=plan.listed is not None and plan.listed.table)

    def _in_pages(self, response: Response, plan: Plan, got: TooLong) -> Generator[Want, Any, Response | Refuse]:
        """A long list: its first pages are judged before its head leaves."""
        try:
            self._sieve = sieve = Sieve(response, plan, self._wall, self.known, self._page)
        except Unreadable:
            return Refuse(UNREADABLE)
        begun = yield from self._sifted(sieve, got.take(), last=False)
        if isinstance(begun, Refuse):
            return begun
        self.begun = begun
        return sieve.response

    @property
    def sifts(self) -> bool:
        """Whether the reply goes on in pages."""
        return self._sieve is not None

    def sift(self, part: bytes, *, last: bool) -> Way:
        """The way of a part of a reply that goes on in pages: questions, then what can leave; `last` after the last."""
        told = (yield from self._sifted(self._sieve, part, last=last)) if self._sieve is not None else b""
        yield Sifted(b"", told.reason) if isinstance(told, Refuse) else Sifted(told)

    def _sifted(self, sieve: Sieve, part: bytes, *, last: bool) -> Generator[Want, Any, bytes | Refuse]:
        told = yield from sieve.taken(part, last=last)
        self._known, self._account.of_pages = sieve.shown or self._known, sieve.notes()
        return told

    def _written(self, response: Response) -> Response | Refuse:
        if not response.stale:
            return response
        return made(Layer.DISCLOSURE, lambda: written(response, self._wall))

    def effect(self, effect: Effect) -> Refuse | None:
        """Judge what the application is about to do; a refusal also replaces whatever it then replies.

        In the middle of a driver nobody can be asked and nothing learned: a guard that tries has refused.
        """
        plan, account = self._route(), self._account
        for guard in plan.guards.sink:
            before, account.took = account.ticks(), 0
            verdict = judge(guard, effect, self.known)
            account.spend(guard.layer, before)
            if isinstance(verdict, Pass):
                continue
            refuse = verdict if isinstance(verdict, Refuse) else Refuse(INTERNAL[guard.layer], detail="not for a sink")
            observed = guard.layer in plan.observe
            account.refused(guard, refuse, observed=observed)
            if not observed:
                self._sunk = refuse
                return refuse
        return None

    @property
    def confined(self) -> tuple[Rows, ...]:
        """The rows that the application may touch for this caller, by resource; empty where nothing confines it."""
        if self._rows is None:
            confine = self._plan.confine if self._plan is not None else None
            watching = Layer.SINKS in self._route().observe
            self._rows = () if confine is None or watching else confine(self.known)
        return self._rows

    def narrowed(self, rows: Rows) -> None:
        """Have the event say that a statement was confined."""
        self._account.note(Layer.SINKS, f"rows confined by {rows.by}")

    def _refuse(self, refuse: Refuse) -> Generator[Want, Any, None]:
        yield from self._close(problem(refuse, self._request_id), refuse)

    def _close(self, response: Response, refuse: Refuse | None) -> Generator[Want, Any, None]:
        """Record, then send. What cannot be recorded is not sent."""
        recorded = yield Record(self._event(response, refuse))
        if not recorded and self._wall.must_record:
            response = problem(Refuse(reasons.JOURNAL), self._request_id)
        dressed = made(Layer.TRANSPORT, lambda: self._wall.dress(self.head, response))
        yield Send(problem(dressed, self._request_id) if isinstance(dressed, Refuse) else dressed)

    def _event(self, response: Response, refuse: Refuse | None) -> Event:
        at = self._known.now if self._known else self._wall.ports.now()
        client = self.head.client if self.head else self._peer
        return self._account.event(
            self._request_id, at, client, response, refuse, head=self.head, plan=self._plan, known=self._known
        )
