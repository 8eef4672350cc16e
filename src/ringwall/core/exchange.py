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
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar

from ringwall.core import reasons
from ringwall.core.coding import codings_kept, inflate
from ringwall.core.effect import Effect
from ringwall.core.event import Decision, Event, Step
from ringwall.core.judge import judge, resume, served
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import Guard, Plan, Wall
from ringwall.core.ports import Call, Question, Unavailable
from ringwall.core.reasons import Layer, Reason
from ringwall.core.refusal import problem
from ringwall.core.verdict import PASS, Ask, Learned, Refuse, Rewritten, Verdict


@dataclass(frozen=True, slots=True)
class ReadBody:
    """Read the request's whole content: at most `limit` bytes, the first of them within `seconds`."""

    limit: int
    seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Forward:
    """Hand the request to the application; a body of None is streamed from the caller, at most `limit` bytes."""

    request: Request
    plan: Plan


@dataclass(frozen=True, slots=True)
class ReadReply:
    """Read the reply's whole content, at most `limit` bytes."""

    limit: int


@dataclass(frozen=True, slots=True)
class TooLong:
    """The reply is longer than asked: the adapter keeps what it read and can go on streaming it."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write the event to the journal before anything leaves."""

    event: Event


@dataclass(frozen=True, slots=True)
class Send:
    """Send the reply. The exchange is over."""

    response: Response


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
        "_wall",
        "app_ns",
        "head",
    )

    def __init__(self, wall: Wall) -> None:
        self._wall = wall
        self._request_id = wall.ports.new_id()
        self._started = wall.ports.ticks()
        self._layers: dict[Layer, float] = {}
        self._steps: list[Step] = []
        self._notes: list[str] = []
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
        if isinstance(response, Refuse):
            yield from self._refuse(response)
        else:
            yield from self._close(self._written(response), None)

    def turn_away(self, reason: Reason, peer: str) -> Way:
        """The way of what never became a request: bytes that are no HTTP, or a head too slow or too large."""
        self._peer = peer
        yield from self._refuse(Refuse(reason))

    def sequel(self, kind: Sequel, status: int, sizes: tuple[int, int], reason: Reason | None) -> Event:
        """What became of a reply that had begun with `status`; `sizes` are the bytes in and out."""
        whole = self._event(Response(status, ()), Refuse(reason) if reason else None)
        return replace(whole, kind=kind, at=self._wall.ports.now(), sizes=sizes)

    def _admit(self, raw: RawHead) -> Head | Refuse:
        head = self._wall.admit(raw, self._request_id)
        self._layers[Layer.TRANSPORT] = self._since(self._started)
        if isinstance(head, Refuse):
            return head
        self.head = head
        self._plan, params = self._wall.route(head)
        self._known = Known(self._plan.operation, self._wall.ports.now(), params, head.client, self._request_id)
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
        if not head.has_body:
            return b""
        if head.length is not None and head.length > plan.limits.body:
            return Refuse(reasons.BODY_SIZE)
        if plan.body == "stream":
            return None
        got = yield ReadBody(plan.limits.body, plan.limits.seconds)
        return Refuse(got) if isinstance(got, Reason) else got

    def _outward(self, request: Request) -> Generator[Want, Any, Response | Refuse]:
        """The application's answer, then the reply guards."""
        plan = self._route()
        if plan.serve is not None:
            serve, known = plan.serve, self.known
            response = yield Call(lambda: served(serve, request, known))
        else:
            before = self._wall.ports.ticks()
            answer = yield Forward(codings_kept(request, plan), plan)
            self.app_ns = self._wall.ports.ticks() - before
            if self._sunk is not None:
                return self._sunk
            if isinstance(answer, Reason):
                return Refuse(answer)
            response = yield from self._whole(answer, plan)
        if isinstance(response, Refuse):
            return response
        return (yield from self._walk(plan.guards.reply, response))

    def _whole(self, response: Response, plan: Plan) -> Generator[Want, Any, Response | Refuse]:
        """The reply with its content read and inflated, where its kind lets the guards check it."""
        if plan.reply == "stream" or not checkable(response):
            return response
        if response.body is None:
            got = yield ReadReply(plan.limits.reply)
            if isinstance(got, Reason):
                return Refuse(got)
            if isinstance(got, TooLong):
                return response
            response = Response(response.status, response.headers, got)
        plain = inflate(response, plan.limits.reply)
        return plain if isinstance(plain, Refuse) else self._parsed(plain)

    def _parsed(self, response: Response) -> Response:
        """JSON content read once, for every reply guard."""
        media = (response.get(b"content-type") or b"").split(b";")[0].strip().lower()
        if not response.body or not media.endswith(b"json"):
            return response
        data, parsed = self._wall.decode(response.body)
        return replace(response, data=data, parsed=parsed)

    def _written(self, response: Response) -> Response:
        return response.with_body(self._wall.encode(response.data)) if response.stale else response

    def _walk(self, guards: Sequence[Guard[Any]], message: Message) -> Generator[Want, Any, Message | Refuse]:
        """Each guard in order; the first refusal ends the walk, unless its layer only observes."""
        observe = self._route().observe
        for guard in guards:
            before = self._wall.ports.ticks()
            verdict = judge(guard, message, self.known)
            while isinstance(verdict, Ask):
                answer = yield verdict.question
                if isinstance(answer, Unavailable):
                    verdict = Refuse(reasons.STORE, headers=((b"retry-after", b"5"),), detail=str(answer))
                else:
                    verdict = resume(guard.layer, verdict.then, answer)
            us = self._since(before)
            self._layers[guard.layer] = self._layers.get(guard.layer, 0.0) + us
            if verdict is PASS:
                continue
            if isinstance(verdict, Learned):
                self._known = verdict.known
            elif isinstance(verdict, Rewritten):
                message = verdict.message  # type: ignore[assignment] # a guard rewrites what it was given
                self._notes.append(f"{guard.layer}: {verdict.note}")
            elif isinstance(verdict, Refuse):
                observed = guard.layer in observe
                self._note(guard, verdict, us, observed=observed)
                if not observed:
                    return verdict
        return message

    def effect(self, effect: Effect) -> Refuse | None:
        """Judge what the application is about to do; a refusal also replaces whatever it then replies."""
        plan = self._route()
        for guard in plan.guards.sink:
            before = self._wall.ports.ticks()
            verdict: Verdict = judge(guard, effect, self.known)
            if isinstance(verdict, Refuse):
                observed = guard.layer in plan.observe
                self._note(guard, verdict, self._since(before), observed=observed)
                if not observed:
                    self._sunk = verdict
                    return verdict
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
        yield Send(self._wall.dress(self.head, response))

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
            layer=self._steps[-1].layer if deciding and self._steps else _layer_of(deciding),
            detail=deciding.detail if deciding else "",
            principal=principal.subject if principal else None,
            roles=tuple(sorted(principal.roles)) if principal else (),
            credential=principal.credential if principal else "",
            objects=tuple(f"{o.resource}:{o.id}" for o in known.objects) if known else (),
            steps=tuple(self._steps),
            layers=tuple((layer, round(us, 1)) for layer, us in self._layers.items()),
            faults=tuple(f"{f.pointer} {f.reason}" for f in deciding.faults) if deciding else (),
            notes=tuple(self._notes),
            sizes=(head.length or 0 if head else 0, len(response.body or b"")),
            us=whole,
            app_us=self.app_ns / 1000,
            trace=head.headers.get("traceparent", "") if head else "",
        )

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
    media = (response.get(b"content-type") or b"").split(b";")[0].strip().lower()
    if media == b"text/event-stream":
        return False
    return media == b"" or media.startswith(b"text/") or media.endswith((b"json", b"xml", b"javascript"))


def _layer_of(refuse: Refuse | None) -> str | None:
    return refuse.reason.code.split(".")[0] if refuse else None
