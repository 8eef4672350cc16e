"""The way of one request, from its head to its event, as one generator without I/O (the manner of h11).

`Exchange.run` yields what it wants of the adapter (a *want*) and is sent the result:

    Question            -> its answer, or an `Unavailable` as a value
    ReadBody(limit)     -> bytes, or a `Reason` where the body could not be had
    Forward(request)    -> a `Response` (body None where it is still to be read), or a `Reason`
    ReadReply(limit)    -> bytes, or `TooLong` (what was read so far goes on streaming), or a `Reason`
    Record(event)       -> True once the journal has it
    Send(response)      -> nothing: the last want; a body of None is streamed from the application
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

from ringwall.core import reasons
from ringwall.core.account import Account
from ringwall.core.coding import codings_kept
from ringwall.core.confine import Rows
from ringwall.core.content import checkable as checkable
from ringwall.core.content import plain, written
from ringwall.core.effect import Effect
from ringwall.core.event import Event
from ringwall.core.judge import admitted, heard, judge, made, resume, served, suspected
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import BLANK, Guard, Plan, Serve, Wall
from ringwall.core.ports import Call, Fetch, Question, Unavailable
from ringwall.core.reasons import INTERNAL, Layer, Reason
from ringwall.core.refusal import problem
from ringwall.core.verdict import Ask, Learned, Observed, Pass, Refuse, Rewritten, Verdict
from ringwall.core.wants import Forward as Forward
from ringwall.core.wants import ReadBody as ReadBody
from ringwall.core.wants import ReadReply as ReadReply
from ringwall.core.wants import Record as Record
from ringwall.core.wants import Send as Send
from ringwall.core.wants import TooLong as TooLong

_QUESTIONS = 1000
"""How often one guard may ask."""

Want = Question | ReadBody | Forward | ReadReply | Record | Send
Way = Generator[Want, Any, None]
Sequel = Literal["exchange.cut", "exchange.close"]
Message = TypeVar("Message", Head, Request, Response)


class Exchange:
    """One request's way through the wall. Used once; `effect` may be called from any thread meanwhile."""

    __slots__ = ("_account", "_known", "_peer", "_plan", "_request_id", "_rows", "_sunk", "_wall", "head")

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._request_id = wall.ports.new_id()
        self._account = Account(wall.ports.ticks)
        self._sunk: Refuse | None = None
        self._plan: Plan | None = None
        self._known: Known | None = None
        self._peer = ""
        self._rows: tuple[Rows, ...] | None = None
        self.head: Head | None = None

    @property
    def request_id(self) -> str:
        """The id under which the journal has this exchange."""
        return self._request_id

    @property
    def known(self) -> Known:
        """What has been established; only to be asked for once the request was admitted."""
        if self._known is None:
            raise LookupError("nothing is known before a request is admitted")
        return self._known

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
        if isinstance(response, Refuse):
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
            got = yield ReadReply(plan.limits.reply)
            if isinstance(got, TooLong):
                return response
            if not isinstance(got, bytes):
                return Refuse(got if isinstance(got, Reason) else reasons.UPSTREAM_CUT)
            response = Response(response.status, response.headers, got)
        return plain(response, self._wall, plan.limits.reply)

    def _written(self, response: Response) -> Response | Refuse:
        if not response.stale:
            return response
        return made(Layer.DISCLOSURE, lambda: written(response, self._wall))

    def _walk(self, guards: Sequence[Guard[Any]], message: Message) -> Generator[Want, Any, Message | Refuse]:
        """Each guard in order; the first refusal ends the walk, unless its layer only observes."""
        waiting, account = iter(guards), self._account
        while (said := heard(waiting, message, self.known, account)) is not None:
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

    def _asked(self, guard: Guard[Any], verdict: Verdict, message: Message) -> Generator[Want, Any, Verdict]:
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

    def _route(self) -> Plan:
        if self._plan is None:
            raise LookupError("no plan before a request is admitted")
        return self._plan
