"""A small API of patients and their visits, an application without security, and one way to ask through the guards."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringwall.contract.api import ApiOperation, Body, MediaType, Parameter, Reply
from ringwall.contract.model import At, Field, Operation, Resource, Rule
from ringwall.core.admit import Admission, admit
from ringwall.core.event import Event
from ringwall.core.exchange import Exchange, Forward, ReadBody, ReadReply, Record, Send, TooLong, Want
from ringwall.core.judge import answered
from ringwall.core.known import Input, Known, Principal
from ringwall.core.message import Head, Headers, RawHead, Request, Response
from ringwall.core.plan import Guard, Guards, Plan, Wall
from ringwall.core.ports import (
    Fetch,
    Forget,
    Granted,
    GrantsOf,
    OwnerOf,
    Ownership,
    OwnersOf,
    Ports,
    Remember,
    ResolverOf,
)
from ringwall.core.reasons import Layer
from ringwall.core.verdict import Learned, Verdict
from ringwall.engines.policy import Kind, Sight
from ringwall.layers import authorization, disclosure

AT = At("ringwall.yaml", 1, 1)
JSON_REPLY: Headers = ((b"content-type", b"application/json"),)
PATIENT = {"$ref": "#/components/schemas/Patient"}
VISIT = {"$ref": "#/components/schemas/Visit"}
_TEXT = {"type": "string"}
COMPONENTS: dict[str, Any] = {
    "Patient": {
        "type": "object",
        "properties": dict.fromkeys(
            ("patient_id", "account_id", "clinic_id", "name", "diagnosis", "card", "email"), _TEXT
        )
        | {"visits": {"type": "array", "items": VISIT}, "relatives": {"type": "array", "items": PATIENT}},
    },
    "PatientUpdate": {"type": "object", "properties": dict.fromkeys(("name", "diagnosis", "email"), _TEXT)},
    "PatientSummary": {"type": "object", "properties": dict.fromkeys(("patient_id", "name", "diagnosis"), _TEXT)},
    "Visit": {
        "type": "object",
        "properties": dict.fromkeys(("visit_id", "patient_id", "account_id", "clinic_id", "findings"), _TEXT),
    },
}


def stated(name: str, read: Sequence[str] | None = None, write: Sequence[str] | None = None, mask: Any = None) -> Field:
    reads = None if read is None else frozenset(read)
    writes = None if write is None else frozenset(write)
    return Field(name, "health", "no", mask, reads, writes, "text", sanitize=False, at=AT)


FIELDS = (stated("diagnosis", ["owner", "doctor"], ["doctor"]), stated("card", ["owner"], ["owner"], "last4"),
          stated("email", None, ["owner", "doctor"]))  # fmt: skip


def resource(
    name: str = "patient",
    owner: str | None = "account_id",
    tenant: str | None = "clinic_id",
    fields: Sequence[Field] = (),
) -> Resource:
    return Resource(name, name.title(), f"{name}_id", owner, tenant, {f.name: f for f in fields}, AT)


def operation(
    key: str,
    allow: Sequence[str],
    main: Resource | None,
    *,
    filter_: Any = None,
    body: Any = None,
    media: str = "application/json",
    reply: Any = PATIENT,
    objects: Sequence[str] = (),
    parameters: Sequence[str] = (),
    creates: bool = False,
    lists: bool = False,
) -> Operation:
    method, _, path = key.partition(" ")
    given = Body(required=False, content={media: MediaType(body, {})}) if body is not None else None
    queries = tuple(Parameter(n, "query", False, "form", True, {"type": "string"}) for n in parameters)
    replies = {"200": Reply({"application/json": MediaType(reply, {})} if reply is not None else {})}
    api = ApiOperation(method, path, None, (), queries, given, replies, 1)
    rule = Rule(key, tuple(allow), filter_, None, None, None, False, None, None, AT)
    return Operation(api, "", rule, main, tuple((f"{n}_id", n) for n in objects), lists, creates)


@dataclass
class World:
    """Resources, what the store remembers, and the application: it answers `reply` to the caller, and what `own` has
    to a read of its own (by target)."""

    resources: Mapping[str, Resource]
    memory: dict[tuple[str, str], Ownership] = field(default_factory=dict)
    own: dict[str, Response] = field(default_factory=dict)
    readable: frozenset[str] = frozenset({"patient", "visit"})
    asked: list[str] = field(default_factory=list)
    resolvers: dict[str, Any] = field(default_factory=dict)
    grants: dict[str, frozenset[str]] = field(default_factory=dict)
    standing: authorization.Standing | None = None
    reached: bool = False
    _forged: dict[int, tuple[Operation, Plan]] = field(default_factory=dict)

    def probe(self, name: str, params: Mapping[str, str]) -> Fetch | None:
        own = params.get(self.resources[name].id)
        return Fetch(f"/{name}s/{own}") if name in self.readable and own is not None else None

    def fetch(self, question: Any) -> Response:
        self.asked.append(question.target)
        return self.own.get(question.target, Response(404, JSON_REPLY, b'{"detail":"none"}'))

    def remember(self, question: Any) -> None:
        self.memory[question.resource, question.id] = Ownership(question.owner, question.tenant)

    def forget(self, question: Any) -> None:
        self.memory.pop((question.resource, question.id), None)

    def plan(self, op: Operation) -> Plan:
        if id(op) not in self._forged:
            kinds = [Kind(r.name, r.schema, r.id, r.owner, r.tenant) for r in self.resources.values()]
            sight = Sight(kinds, COMPONENTS)
            rules = authorization.forge(op, authorization.Settings(self.resources, sight, self.probe, self.standing))
            shown = disclosure.Settings(self.resources, sight, COMPONENTS, "lenient")
            guards = rules + disclosure.forge(op, shown) + disclosure.forge_masks(op, shown)
            reply = tuple(sorted(guards.reply, key=lambda g: g.layer == Layer.DISCLOSURE))
            self._forged[id(op)] = op, Plan(op.key, op.api.path, Guards(guards.head, guards.body, (), reply))
        return self._forged[id(op)][1]

    def ask(
        self,
        op: Operation,
        who: Principal | None,
        params: Mapping[str, str] | None = None,
        *,
        reply: Response | Any = None,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Headers = (),
        method: str | None = None,
        media: str = "application/json",
    ) -> Asked:
        plan, params = self.plan(op), params or {}

        def establish(head: Head, known: Known) -> Verdict:
            return Learned(known.with_principal(who) if who else known)

        def take(request: Request, known: Known) -> Verdict:
            return Learned(known.with_input(Input(params, query or {}, {}, {}, body, (), media)))  # type: ignore[arg-type]

        head = (Guard(Layer.AUTHENTICATION, "who", establish), *plan.guards.head)
        guards = Guards(head, (Guard(Layer.VALIDATION, "take", take), *plan.guards.body), (), plan.guards.reply)
        ids = itertools.count()
        ports = Ports(
            {
                OwnerOf: lambda q: self.memory.get((q.resource, q.id)),  # type: ignore[attr-defined]
                OwnersOf: lambda q: {i: self.memory[q.resource, i] for i in q.ids if (q.resource, i) in self.memory},  # type: ignore[attr-defined]
                ResolverOf: lambda q: self.resolvers.get(q.resource),  # type: ignore[attr-defined]
                GrantsOf: lambda q: Granted(self.grants.get(q.subject, frozenset()), math.inf),  # type: ignore[attr-defined]
                Remember: self.remember,
                Forget: self.forget,
                Fetch: self.fetch,
            },
            lambda event: None,
            lambda: 1000.0,
            lambda: 0,
            lambda: f"r{next(ids)}",
        )
        made = Plan(op.key, op.api.path, guards)
        wall = Wall(lambda raw, rid: admit(raw, _BOUNDS, rid), lambda h: (made, params), (made,), ports, lambda h, r: r)
        answer = (
            reply
            if isinstance(reply, (Response, type(None)))
            else Response(200, JSON_REPLY, json.dumps(reply).encode())
        )
        raw = RawHead((method or op.api.method).encode(), b"/x", (_HOST, *headers), "203.0.113.1", secure=True)
        return self._drive(Exchange(wall), raw, answer or Response(200, JSON_REPLY, b"{}"))

    def _drive(self, exchange: Exchange, raw: RawHead, answer: Response) -> Asked:
        way = exchange.run(raw)
        want: Want = next(way)
        event: Event | None = None
        self.reached = False
        while not isinstance(want, Send):
            if isinstance(want, Forward):
                self.reached = True
                want = way.send(answer)
            elif isinstance(want, Record):
                event = want.event
                want = way.send(True)
            elif isinstance(want, ReadReply):
                want = way.send(TooLong())
            elif isinstance(want, ReadBody):
                want = way.send(b"")
            else:
                want = way.send(answered(exchange._wall.ports, want))
        assert event is not None
        return Asked(want.response, event, self.reached)


_BOUNDS = Admission()
_HOST = (b"Host", b"a")


@dataclass(frozen=True, slots=True)
class Asked:
    """How it ended: what was sent, what was recorded, and whether the application was reached."""

    response: Response
    event: Event
    reached: bool

    @property
    def said(self) -> str:
        """The true reason of a refusal, or "allowed"."""
        return self.event.reason or "allowed"

    @property
    def data(self) -> Any:
        return json.loads(self.response.body or b"null")


def who(subject: str = "alice", *roles: str, tenant: str | None = None, **more: Any) -> Principal:
    return Principal(subject, frozenset(roles), "token", tenant, **more)


def own_json(data: Any) -> Response:
    return Response(200, JSON_REPLY, json.dumps(data).encode())
