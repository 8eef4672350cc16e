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

import re
from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any, Literal, TypeVar

from ringwall.core import reasons
from ringwall.core.coding import codings_kept, inflate
from ringwall.core.effect import Effect
from ringwall.core.event import Decision, Event, Step, named
from ringwall.core.judge import admitted, judge, made, resume, served, suspected
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import Guard, Plan, Serve, Wall
from ringwall.core.ports import Call, Question, Unavailable
from ringwall.core.reasons import INTERNAL, Layer, Reason
from ringwall.core.refusal import problem
from ringwall.core.verdict import PASS, Ask, Learned, Observed, Pass, Refuse, Rewritten, Verdict
from ringwall.core.wants import Forward as Forward
from ringwall.core.wants import ReadBody as ReadBody
from ringwall.core.wants import ReadReply as ReadReply
from ringwall.core.wants import Record as Record
from ringwall.core.wants import Send as Send
from ringwall.core.wants import TooLong as TooLong

_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
"""W3C Trace Context, section 3.2. The one header that an event may repeat, and only in this form."""
_QUESTIONS, _FAULTS, _POINTER = 1000, 50, 200
"""How often one guard may ask; how many faults an event tells, and how much of where each stands."""

Want = Question | ReadBody | Forward | ReadReply | Record | Send
Way = Generator[Want, Any, None]
Sequel = Literal["exchange.cut", "exchange.close"]
Message = TypeVar("Message", Head, Request, Response)


class Exchange:
    """One request's way through the wall. Used once; `effect` may be called from any thread meanwhile."""

    __slots__ = (
        "_known",
        "_layers",
        "_notes",
        "_observed",
        "_peer",
        "_plan",
        "_request_id",
        "_started",
        "_steps",
        "_sunk",
        "_suspects",
        "_wall",
        "app_ns",
        "head",
    )

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._request_id = wall.ports.new_id()
        self._started = wall.ports.ticks()
        self._layers: dict[Layer, int] = {}
        self._steps: list[Step] = []
        self._notes: list[str] = []
        self._suspects: tuple[str, ...] = ()
        self._observed: Refuse | None = None
        self._sunk: Refuse | None = None
        self._plan: Plan | None = None
        self._known: Known | None = None
        self._peer = ""
        self.head: Head | None = None
        self.app_ns = 0

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
        self._layers[Layer.TRANSPORT] = self._wall.ports.ticks() - self._started
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
        limit = 0 if plan.body == "none" else plan.limits.body
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
        before = self._wall.ports.ticks()
        answer = yield Forward(codings_kept(request, plan), plan)
        self.app_ns = self._wall.ports.ticks() - before
        if self._sunk is not None:
            return self._sunk
        if not isinstance(answer, Response):
            return Refuse(answer if isinstance(answer, Reason) else reasons.APPLICATION)
        response = yield from self._whole(answer, plan)
        return self._sunk or response

    def _whole(self, response: Response, plan: Plan) -> Generator[Want, Any, Response | Refuse]:
        """The reply with its content read and inflated, where its kind lets the guards check it."""
        if plan.reply == "stream" or not checkable(response):
            return response
        if response.body is None:
            got = yield ReadReply(plan.limits.reply)
            if isinstance(got, TooLong):
                return response
            if not isinstance(got, bytes):
                return Refuse(got if isinstance(got, Reason) else reasons.UPSTREAM_CUT)
            response = Response(response.status, response.headers, got)
        plain = inflate(response, plan.limits.reply)
        return plain if isinstance(plain, Refuse) else self._parsed(plain)

    def _parsed(self, response: Response) -> Response:
        """JSON content read once, for every reply guard; so is what looks like JSON under a vague media type."""
        body = response.body
        if not body or not (_says_json(response) or (_vague(response) and body.lstrip()[:1] in (b"{", b"["))):
            return response
        data, parsed = self._wall.decode(body)
        return Response(response.status, response.headers, body, data, parsed)

    def _written(self, response: Response) -> Response | Refuse:
        if not response.stale:
            return response
        return made(Layer.DISCLOSURE, lambda: response.with_body(self._wall.encode(response.data)))

    def _walk(self, guards: Sequence[Guard[Any]], message: Message) -> Generator[Want, Any, Message | Refuse]:
        """Each guard in order; the first refusal ends the walk, unless its layer only observes."""
        observe, ticks, layers = self._route().observe, self._wall.ports.ticks, self._layers
        known, now = self.known, ticks()
        for guard in guards:
            verdict = judge(guard, message, known)
            if isinstance(verdict, Ask):
                verdict = yield from self._asked(guard, verdict, message)
            before, now = now, ticks()
            layers[guard.layer] = layers.get(guard.layer, 0) + now - before
            if verdict is PASS:
                continue
            if isinstance(verdict, Learned):
                self._known = known = verdict.known
            elif isinstance(verdict, Rewritten):
                message = verdict.message  # type: ignore[assignment] # a guard rewrites what it was given
                self._notes.append(f"{guard.layer}: {verdict.note}")
            elif isinstance(verdict, Refuse):
                observed = guard.layer in observe
                self._note(guard, verdict, (now - before) / 1000, observed=observed)
                if guard.layer is Layer.VALIDATION and not isinstance(message, Response):
                    self._suspects = suspected(self._wall, self._route(), message, verdict)
                if not observed:
                    return verdict
                if verdict.onward is not None:
                    self._known = known = verdict.onward()
            elif isinstance(verdict, Observed):
                self._note(guard, verdict.refuse, (now - before) / 1000, observed=True)
        return message

    def _asked(self, guard: Guard[Any], verdict: Verdict, message: Message) -> Generator[Want, Any, Verdict]:
        """The verdict that a guard comes to once the world has answered all that it asks."""
        asked = 0
        while isinstance(verdict, Ask):
            answer, asked = (yield verdict.question), asked + 1
            if isinstance(answer, Unavailable):
                return Refuse(reasons.STORE, headers=((b"retry-after", b"5"),), detail=str(answer))
            if asked >= _QUESTIONS:
                return Refuse(INTERNAL[guard.layer], detail="a guard that does not stop asking")
            verdict = resume(guard.layer, verdict.then, answer, message)
        return verdict

    def effect(self, effect: Effect) -> Refuse | None:
        """Judge what the application is about to do; a refusal also replaces whatever it then replies.

        In the middle of a driver nobody can be asked and nothing learned: a guard that tries has refused.
        """
        plan = self._route()
        for guard in plan.guards.sink:
            before = self._wall.ports.ticks()
            verdict: Verdict = judge(guard, effect, self.known)
            if isinstance(verdict, Pass):
                continue
            refuse = verdict if isinstance(verdict, Refuse) else Refuse(INTERNAL[guard.layer], detail="not for a sink")
            observed = guard.layer in plan.observe
            self._note(guard, refuse, self._since(before), observed=observed)
            if not observed:
                self._sunk = refuse
                return refuse
        return None

    def _note(self, guard: Guard[Any], refuse: Refuse, us: float, *, observed: bool) -> None:
        if observed and self._observed is None:
            self._observed = refuse
        said = "observe" if observed else "refuse"
        self._steps.append(Step(guard.layer, guard.name, said, refuse.reason.code, us))

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
        decision: Decision = "refuse" if refuse else "observe" if self._observed else "allow"
        deciding = refuse or self._observed
        head, known, plan = self.head, self._known, self._plan
        principal = known.principal if known else None
        whole = (self._wall.ports.ticks() - self._started - self.app_ns) / 1000
        return Event(
            kind="exchange",
            id=self._request_id,
            at=known.now if known else self._wall.ports.now(),
            operation=plan.operation if plan else None,
            method=head.method if head else "",
            path=plan.template if plan else "",
            client=head.client if head else self._peer,
            decision=decision,
            status=response.status,
            reason=deciding.reason.code if deciding else None,
            layer=self._layer_of(deciding) if deciding else None,
            detail=deciding.detail if deciding else "",
            principal=principal.subject if principal else None,
            roles=tuple(sorted(principal.roles)) if principal else (),
            credential=principal.credential if principal else "",
            objects=self._objects(real=refuse is None and response.status < 400),
            steps=tuple(self._steps),
            layers=tuple([(layer, round(ns / 1000, 1)) for layer, ns in self._layers.items()]),
            faults=tuple(f"{f.pointer[:_POINTER]} {f.reason}" for f in deciding.faults[:_FAULTS]) if deciding else (),
            notes=tuple(self._notes),
            sizes=(head.length or 0 if head else 0, len(response.body or b"")),
            us=whole,
            app_us=self.app_ns / 1000,
            suspects=self._suspects,
            trace=trace if head and _TRACE.fullmatch(trace := head.headers.get("traceparent", "")) else "",
        )

    def _objects(self, *, real: bool) -> tuple[str, ...]:
        """The objects that were settled or shown; where there are none, those that the path names."""
        known, plan = self._known, self._plan
        if known is None or plan is None:
            return ()
        if known.objects:
            return named(((o.resource, o.id) for o in known.objects), real=real)
        params = known.params
        return named(((kind, params[name]) for name, kind in plan.named if name in params), real=real)

    def _layer_of(self, refuse: Refuse) -> str:
        """The layer whose guard refused, or, where it was no guard, what the reason code begins with."""
        code = refuse.reason.code
        return next((step.layer for step in self._steps if step.reason == code), code.split(".")[0])

    def _route(self) -> Plan:
        if self._plan is None:
            raise LookupError("no plan before a request is admitted")
        return self._plan

    def _since(self, before: int) -> float:
        return (self._wall.ports.ticks() - before) / 1000


def checkable(response: Response) -> bool:
    """Whether guards can read this reply's content: JSON, text or markup, complete, and not a live stream."""
    if response.status == 206 or response.status < 200:
        return False
    media = response.media
    if media == b"text/event-stream":
        return False
    return media == b"" or media.startswith(b"text/") or media.endswith((b"json", b"xml", b"javascript"))


def _says_json(response: Response) -> bool:
    return response.media.endswith(b"json")


def _vague(response: Response) -> bool:
    return response.media in (b"", b"text/plain")
