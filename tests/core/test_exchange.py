"""The one way of a request: whatever guards, adapters and stores do, it ends in one Record and one Send."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwall.core import reasons
from ringwall.core.admit import Admission, admit
from ringwall.core.effect import Effect
from ringwall.core.event import Event
from ringwall.core.exchange import Exchange, Forward, ReadBody, ReadReply, Record, Send, TooLong, Want
from ringwall.core.judge import answered
from ringwall.core.known import Known, Principal
from ringwall.core.message import Head, Headers, RawHead, Request, Response
from ringwall.core.plan import BLANK, Guard, Guards, Limits, Plan, Wall
from ringwall.core.ports import Call, FindKey, OwnerOf, Ports, Question, Unavailable
from ringwall.core.reasons import Layer, Reason
from ringwall.core.verdict import PASS, Ask, Fault, Learned, Observed, Pass, Refuse, Rewritten

NO = Reason("authz.test", 403, "Forbidden", "Do not.", "The test says no.")
JSON_REPLY: Headers = ((b"content-type", b"application/json"),)
SECRET = "s3cr3t-of-the-request"
ASKED = FindKey("k")


def ports(answer: Callable[[Question], object] | None = None) -> Ports:
    ids, ticks = itertools.count(), itertools.count(0, 1000)
    return Ports(
        {FindKey: answer} if answer else {},
        lambda event: None,
        lambda: 1000.0,
        lambda: next(ticks),
        lambda: f"r{next(ids)}",
    )


def wall(plan: Plan, **changes: Any) -> Wall:
    whole: dict[str, Any] = {
        "admit": lambda raw, request_id: admit(raw, Admission(), request_id),
        "route": lambda head: (plan, {}),
        "plans": (plan,),
        "ports": ports(),
        "dress": lambda head, response: response,
    }
    return Wall(**{**whole, **changes})


def plan(
    head: tuple[object, ...] = (), body: tuple[object, ...] = (), reply: tuple[object, ...] = (), **more: Any
) -> Plan:
    def guards(checks: tuple[object, ...], layer: Layer) -> tuple[Guard[Any], ...]:
        return tuple(Guard(layer, f"g{i}", check) for i, check in enumerate(checks))

    made = Guards(
        guards(head, Layer.AUTHORIZATION), guards(body, Layer.VALIDATION), (), guards(reply, Layer.DISCLOSURE)
    )
    return Plan("GET /a", "/a", **{"guards": made, "limits": Limits(body=10, reply=50), **more})


def raw(*headers: tuple[bytes, bytes], method: bytes = b"POST", target: bytes = b"/a") -> RawHead:
    return RawHead(method, target, ((b"Host", b"api.example"), *headers), "203.0.113.9", secure=False)


FIVE = (b"Content-Length", b"5")


class Run:
    """Drives an exchange, and keeps what it wanted."""

    def __init__(self, wall: Wall, request: RawHead, **answers: object) -> None:
        self.exchange = Exchange(wall)
        self.wants: list[Want] = []
        replies: dict[type[object], object] = {
            ReadBody: answers.get("body", b"12345"),
            Forward: answers.get("reply", Response(200, JSON_REPLY, b'{"a":1}')),
            ReadReply: answers.get("content", b'{"a":1}'),
            Record: answers.get("recorded", True),
        }
        way = self.exchange.run(request)
        want: Want | None = next(way, None)
        while want is not None:
            self.wants.append(want)
            if isinstance(want, Send):
                want = next(way, None)
                continue
            result = answered(wall.ports, want) if isinstance(want, Question) else replies[type(want)]
            if isinstance(want, Forward) and "during" in answers:
                answers["during"](self.exchange)  # type: ignore[operator]
            want = way.send(result)

    def wanted(self, kind: type[object]) -> list[Any]:
        return [w for w in self.wants if isinstance(w, kind)]

    @property
    def response(self) -> Response:
        (send,) = self.wanted(Send)
        assert self.wants[-1] is send
        return send.response  # type: ignore[no-any-return]

    @property
    def event(self) -> Event:
        (record,) = self.wanted(Record)
        return record.event  # type: ignore[no-any-return]

    @property
    def reason(self) -> str:
        return json.loads(self.response.body or b"{}").get("reason", "")  # type: ignore[no-any-return]


def test_an_honest_request_goes_in_and_comes_out() -> None:
    done = Run(wall(plan((lambda h, k: PASS,), (lambda r, k: Pass(),), (lambda r, k: PASS,))), raw(FIVE))
    assert done.response == Response(200, JSON_REPLY, b'{"a":1}', {"a": 1}, parsed=True)
    assert (done.event.decision, done.event.reason, done.event.layer) == ("allow", None, None)
    assert [type(w) for w in done.wants] == [ReadBody, Forward, Record, Send]


NONSENSE: list[object] = [None, True, "pass", 0, Learned("known"), Rewritten("text", ""), Rewritten(None, ""),  # type: ignore[arg-type]
                          Refuse("no"), Ask("what", lambda a: PASS), Ask(Send(Response(200, ())), lambda a: PASS),  # type: ignore[arg-type]
                          Ask(None, lambda a: PASS), Pass, NO]  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("answer", NONSENSE, ids=[repr(n)[:40] for n in NONSENSE])
@pytest.mark.parametrize("phase", ["head", "body", "reply"])
def test_a_guard_that_answers_nonsense_has_refused(phase: str, answer: object) -> None:
    done = Run(wall(plan(**{phase: (lambda m, k: answer,)})), raw(FIVE))
    assert done.reason.startswith("internal.")
    assert done.response.status == 500
    assert done.event.decision == "refuse"


@pytest.mark.parametrize("phase", ["head", "body", "reply"])
@pytest.mark.parametrize("failure", [ValueError(SECRET), KeyError(SECRET), RecursionError(), AssertionError(SECRET)])
def test_a_guard_that_raises_has_refused_and_quotes_nothing(phase: str, failure: Exception) -> None:
    def broken(message: object, known: Known) -> object:
        raise failure

    done = Run(wall(plan(**{phase: (broken,)})), raw(FIVE))
    assert done.reason.startswith("internal.")
    assert SECRET not in repr(done.event) + repr(done.response)
    assert type(failure).__name__ in done.event.detail


def test_a_guard_may_rewrite_only_what_it_was_given() -> None:
    response = Response(200, JSON_REPLY, b"{}")

    def crossed(request: Request, known: Known) -> Rewritten:
        return Rewritten(response, "crossed")

    def honest(request: Request, known: Known) -> Rewritten:
        return Rewritten(request.with_body(b"other"), "sanitized")

    assert Run(wall(plan(body=(crossed,))), raw(FIVE)).reason == "internal.validation"
    done = Run(wall(plan(body=(honest,))), raw(FIVE))
    assert done.wanted(Forward)[0].request.body == b"other"
    assert done.event.notes == ("validation: sanitized",)


def test_a_question_that_nobody_answers_refuses_and_one_that_is_answered_goes_on() -> None:
    asks = plan((lambda h, k: Ask(ASKED, lambda found: PASS if found == "key" else Refuse(NO)),))
    assert Run(wall(asks), raw()).reason == "internal.store"
    assert Run(wall(asks, ports=ports(lambda q: "key")), raw()).response.status == 200
    assert Run(wall(asks, ports=ports(lambda q: None)), raw()).reason == "authz.test"

    def failing(question: Question) -> object:
        raise OSError(SECRET)

    done = Run(wall(asks, ports=ports(failing)), raw())
    assert (done.reason, done.response.status) == ("internal.store", 503)
    assert SECRET not in repr(done.event)
    assert done.response.get(b"retry-after") == b"5"


def test_a_guard_that_asks_for_ever_is_stopped() -> None:
    def ask(message: object, known: Known) -> Ask:
        return Ask(ASKED, lambda answer: ask(message, known))

    done = Run(wall(plan((ask,)), ports=ports(lambda q: None)), raw())
    assert done.reason == "internal.authorization"
    assert len(done.wants) < 1100


def test_continuations_are_judged_like_guards() -> None:
    for answer in (None, "pass", Learned(3)):  # type: ignore[arg-type]
        done = Run(wall(plan((lambda h, k, a=answer: Ask(ASKED, lambda _: a),)), ports=ports(lambda q: 1)), raw())
        assert done.reason == "internal.authorization"


def test_no_body_byte_is_asked_for_before_all_head_guards_passed() -> None:
    told: list[str] = []

    def first(head: Head, known: Known) -> Pass:
        told.append("first")
        return PASS

    refused = Run(wall(plan((first, lambda h, k: Refuse(NO)))), raw(FIVE))
    assert not refused.wanted(ReadBody)
    assert not refused.wanted(Forward)
    assert told == ["first"]
    passed = Run(wall(plan((first, first))), raw(FIVE))
    assert told == ["first", "first", "first"]
    assert len(passed.wanted(ReadBody)) == 1


def test_content_has_a_limit_before_it_is_read_and_after() -> None:
    assert Run(wall(plan()), raw((b"Content-Length", b"10")), body=b"x" * 10).response.status == 200
    over = Run(wall(plan()), raw((b"Content-Length", b"11")))
    assert over.reason == "transport.body.size"
    assert not over.wanted(ReadBody)
    chunked = raw((b"Transfer-Encoding", b"chunked"))
    assert Run(wall(plan()), chunked, body=b"x" * 11).reason == "transport.body.size"
    assert Run(wall(plan()), chunked, body=None).reason == "transport.disconnected"
    assert Run(wall(plan()), chunked, body=reasons.BODY_SLOW).reason == "transport.slow"


def test_an_operation_without_content_takes_none() -> None:
    none = wall(plan(body=(), limits=Limits(body=10)))
    closed = wall(Plan("GET /a", "/a", Guards(), Limits(body=10), "none"))
    assert Run(none, raw(FIVE)).response.status == 200
    assert Run(closed, raw((b"Content-Length", b"17"))).reason == "transport.body.size"
    assert Run(closed, raw((b"Content-Length", b"0"))).response.status == 200
    chunked = raw((b"Transfer-Encoding", b"chunked"))
    assert [w.limit for w in Run(closed, chunked, body=b"").wanted(ReadBody)] == [BLANK]
    assert Run(closed, chunked, body=b"x" * 17).reason == "transport.body.size"


def test_streams_pass_unread_and_whole_replies_are_read() -> None:
    upload = Run(wall(Plan("PUT /a", "/a", Guards(), Limits(), "stream")), raw(FIVE))
    assert upload.wanted(Forward)[0].request.body is None
    assert not upload.wanted(ReadBody)
    read = Run(wall(plan()), raw(), reply=Response(200, JSON_REPLY, None), content=b'{"b":2}')
    assert read.response.data == {"b": 2}
    assert Run(wall(plan()), raw(), reply=Response(200, JSON_REPLY, None), content=TooLong()).response.body is None
    assert Run(wall(plan()), raw(), reply=Response(200, JSON_REPLY, None), content=None).reason == "upstream.cut"
    image = Response(200, ((b"content-type", b"image/png"),), None)
    assert not Run(wall(plan()), raw(), reply=image).wanted(ReadReply)


@pytest.mark.parametrize("media", [b"", b"text/plain", b"application/json; charset=utf-8", b"Application/HAL+JSON"])
def test_json_under_a_vague_media_type_is_still_read(media: bytes) -> None:
    reply = Response(200, ((b"content-type", media),), b' [{"owner":"x"}]')
    assert Run(wall(plan()), raw(), reply=reply).response.parsed
    page = Response(200, ((b"content-type", b"text/html"),), b"[1]")
    assert not Run(wall(plan()), raw(), reply=page).response.parsed


@pytest.mark.parametrize("answer", [None, "reply", 200, Unavailable("x"), object()])
def test_an_application_that_answers_nonsense_is_an_error_of_its_own(answer: object) -> None:
    assert Run(wall(plan()), raw(), reply=answer).reason == "upstream.error"


@pytest.mark.parametrize("reason", [reasons.UPSTREAM_DOWN, reasons.UPSTREAM_SLOW, reasons.APPLICATION])
def test_what_an_adapter_could_not_get_is_refused_for_its_reason(reason: Reason) -> None:
    done = Run(wall(plan()), raw(), reply=reason)
    assert (done.reason, done.response.status) == (reason.code, reason.status)


def test_an_endpoint_of_our_own_that_fails_leaks_nothing() -> None:
    def broken(request: Request, known: Known) -> Response:
        raise ValueError(SECRET)

    done = Run(wall(plan(serve=broken)), raw())
    assert done.reason == "internal.monitoring"
    assert SECRET not in repr(done.event)
    assert Run(wall(plan(serve=lambda r, k: Response(200, ()))), raw()).response.status == 200
    assert Run(wall(plan(serve=lambda r, k: "text")), raw()).reason == "internal.monitoring"  # type: ignore[arg-type,return-value]


def raising(*args: object) -> Any:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize("part", ["admit", "route"])
def test_a_wall_that_cannot_read_or_route_refuses(part: str) -> None:
    done = Run(wall(plan(), **{part: raising}), raw())
    assert (done.reason, done.event.decision) == ("internal.transport", "refuse")
    assert SECRET not in repr(done.event)


def test_a_wall_that_cannot_dress_or_write_sends_a_refusal() -> None:
    assert Run(wall(plan(), dress=raising), raw()).reason == "internal.transport"
    rewrites = plan(reply=(lambda r, k: Rewritten(r.with_data({"b": "\ud800"}), "changed"),))
    assert Run(wall(rewrites, encode=raising), raw()).reason == "internal.disclosure"
    assert json.loads(Run(wall(rewrites), raw()).response.body or b"") == {"b": "\ud800"}


@pytest.mark.parametrize("layer", list(Layer))
def test_observing_layers_record_and_refuse_nothing(layer: Layer) -> None:
    def broken(message: object, known: Known) -> object:
        raise ValueError

    def guards(*checks: Any) -> tuple[Guard[Any], ...]:
        return tuple(Guard(layer, "g", c) for c in checks)

    no, asks = (lambda m, k: Refuse(NO)), (lambda m, k: Ask(ASKED, lambda a: PASS))
    each = guards(no, broken, lambda m, k: None, asks)
    watching = Plan("GET /a", "/a", Guards(each, each, (), each), observe=frozenset({layer}))
    done = Run(wall(watching), raw(FIVE))
    assert done.response.status == 200
    assert (done.event.decision, done.event.reason, done.event.layer) == ("observe", "authz.test", layer)
    assert len(done.event.steps) == 12
    enforcing = Plan("GET /a", "/a", Guards(each, each, (), each), observe=frozenset(Layer) - {layer})
    assert Run(wall(enforcing), raw(FIVE)).reason == "authz.test"


def test_what_a_guard_only_observed_is_recorded_and_ends_nothing() -> None:
    watched = Observed(Refuse(NO, (Fault("/body/a", "authz.test"),), detail="d"))
    event = Run(wall(plan((lambda m, k: watched, lambda m, k: PASS))), raw()).event
    assert (event.decision, event.status, event.reason, event.detail) == ("observe", 200, "authz.test", "d")
    assert Run(wall(plan((lambda m, k: watched, lambda m, k: Refuse(reasons.STORE)))), raw()).reason == "internal.store"
    assert Run(wall(plan((lambda m, k: Observed(None),))), raw()).reason == "internal.authorization"  # type: ignore[arg-type]


def test_what_cannot_be_recorded_is_not_sent_unless_best_effort() -> None:
    strict = Run(wall(plan()), raw(), recorded=False)
    assert (strict.reason, strict.response.status) == ("monitoring.journal", 503)
    assert Run(wall(plan(), must_record=False), raw(), recorded=False).response.status == 200
    refused = plan((lambda h, k: Refuse(NO),))
    assert Run(wall(refused, must_record=False), raw(), recorded=False).reason == "authz.test"


def test_an_effect_that_is_refused_replaces_the_reply() -> None:
    def sinks(check: Any) -> Plan:
        return plan(guards=Guards(sink=(Guard(Layer.SINKS, "sql", check),)))

    effect = Effect("sql", "DROP TABLE x")
    told: list[object] = []
    for check in (lambda e, k: Refuse(NO), raising, lambda e, k: None, lambda e, k: Ask(ASKED, lambda a: PASS),
                  lambda e, k: Learned(k)):  # fmt: skip
        done = Run(wall(sinks(check)), raw(), during=lambda x: told.append(x.effect(effect)))
        assert isinstance(told.pop(), Refuse)
        assert done.response.status in (403, 500)
    done = Run(wall(sinks(lambda e, k: PASS)), raw(), during=lambda x: told.append(x.effect(effect)))
    assert told == [None]
    assert done.response.status == 200


def test_an_event_names_the_layer_whose_guard_decided() -> None:
    watched = Guard(Layer.QUOTA, "rate", lambda h, k: Refuse(Reason("quota.test", 429, "", "", "")))
    refusing = Guard(Layer.AUTHORIZATION, "g", lambda h, k: Refuse(NO))
    both = Plan("GET /a", "/a", Guards((watched, refusing)), observe=frozenset({Layer.QUOTA}))
    assert Run(wall(both), raw()).event.layer == Layer.AUTHORIZATION
    alone = Plan("GET /a", "/a", Guards((watched,)), Limits(body=1), observe=frozenset({Layer.QUOTA}))
    assert Run(wall(alone), raw(FIVE)).event.layer == "transport"
    assert Run(wall(alone), raw()).event.layer == Layer.QUOTA


def test_an_event_holds_no_value_of_the_request() -> None:
    """Neither header, query, body nor path; the trace id only where it is one."""
    text = SECRET.encode()
    sent = raw(
        (b"Authorization", b"Bearer " + text), (b"Cookie", b"a=" + text), (b"X-" + text, text), (b"Traceparent", text),
        FIVE, target=b"/a?" + text + b"=" + text,
    )  # fmt: skip
    for done in (
        Run(wall(plan()), sent, body=text[:5], reply=Response(200, JSON_REPLY, b'"%s"' % text)),
        Run(wall(plan(body=(lambda r, k: Refuse(NO),))), sent),
        Run(wall(plan()), raw((b"Bad Name " + text, text))),
    ):
        assert SECRET not in repr(done.event)
        assert SECRET not in json.dumps(done.event.document())
    trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert Run(wall(plan()), raw((b"Traceparent", trace))).event.trace == trace.decode()


def test_an_event_keeps_no_more_than_a_bound_of_what_was_wrong() -> None:
    faults = tuple(Fault("/body/" + "x" * 10_000, "validation.type") for _ in range(1000))
    done = Run(wall(plan(body=(lambda r, k: Refuse(NO, faults),))), raw(FIVE))
    assert len(repr(done.event)) < 20_000
    assert len(json.loads(done.response.body or b"")["errors"]) == 1000


def test_who_turned_away_before_there_was_a_request_is_recorded() -> None:
    exchange = Exchange(wall(plan()))
    way = exchange.turn_away(reasons.BODY_SLOW, "203.0.113.9")
    record = next(way)
    assert isinstance(record, Record)
    assert (record.event.client, record.event.reason) == ("203.0.113.9", "transport.slow")
    assert isinstance(way.send(True), Send)


# Every path

_principal = Principal("u", frozenset({"r"}), "token")
_verdicts = st.sampled_from(
    [
        lambda m, k: PASS,
        lambda m, k: Learned(k.with_principal(_principal)),
        lambda m, k: Refuse(NO),
        lambda m, k: None,
        raising,
        lambda m, k: Ask(ASKED, lambda a: PASS),
        lambda m, k: Ask(ASKED, lambda a: Ask(OwnerOf("r", "1"), lambda b: Refuse(NO))),
        lambda m, k: Ask(ASKED, raising),
        lambda m, k: Ask(Call(raising), lambda a: PASS),
        lambda m, k: Rewritten(m, "same"),
        lambda m, k: Rewritten(m.with_data([1]), "data") if isinstance(m, Response) else PASS,
        lambda m, k: Rewritten(m.with_body(b"{}"), "body") if isinstance(m, (Request, Response)) else PASS,
    ]
)
_guards = st.lists(_verdicts, max_size=3).map(tuple)
_replies = st.sampled_from(
    [
        Response(200, JSON_REPLY, b"{}"),
        Response(200, JSON_REPLY, None),
        Response(500, JSON_REPLY, b"{"),
        Response(206, JSON_REPLY, None),
        Response(200, (*JSON_REPLY, (b"content-encoding", b"gzip")), b"not gzip"),
        Response(200, (*JSON_REPLY, (b"content-encoding", b"br")), b"x"),
        Response(200, ((b"content-type", b"text/event-stream"),), None),
        reasons.UPSTREAM_DOWN,
        None,
        7,
    ]
)


@given(
    _guards,
    _guards,
    _guards,
    st.sampled_from(["none", "whole", "stream"]),
    st.sampled_from(["whole", "stream"]),
    st.sets(st.sampled_from(list(Layer))),
    st.sampled_from([b"12345", b"", None, reasons.BODY_SLOW, reasons.DISCONNECTED, b"x" * 100]),
    _replies,
    st.sampled_from([b"{}", b"{", b"", TooLong(), reasons.UPSTREAM_CUT, None]),
    st.sampled_from([True, False, None]),
    st.sampled_from([None, lambda q: None, raising]),
    st.booleans(),
)
@settings(max_examples=300, deadline=None)
def test_every_path_ends_in_one_record_and_one_send(
    head: Any, body: Any, reply: Any, body_mode: Any, reply_mode: Any, observe: Any, content: Any, answer: Any,
    read: Any, recorded: Any, store: Any, must: bool
) -> None:  # fmt: skip
    made = plan(head, body, reply)
    way = Plan("GET /a", "/a", made.guards, Limits(10, 50), body_mode, reply_mode, None, frozenset(observe))
    done = Run(wall(way, ports=ports(store), must_record=must), raw(FIVE), body=content, reply=answer, content=read,
               recorded=recorded)  # fmt: skip
    assert [type(w) for w in done.wants[-2:]] == [Record, Send]
    assert len(done.wanted(Record)) == len(done.wanted(Send)) == 1
    assert len(done.wanted(Forward)) <= 1
    if must and recorded is not True:
        assert done.response.status == 503
    refuses = {Layer.AUTHORIZATION: head, Layer.VALIDATION: body}
    for layer, checks in refuses.items():
        if layer not in observe and any(c is raising for c in checks):
            assert done.event.decision == "refuse"
            assert not done.wanted(Forward)
    if done.event.decision != "refuse" and recorded:
        assert done.response.status != 500 or answer.status == 500


def test_known_is_asked_for_only_after_admission() -> None:
    with pytest.raises(LookupError):
        _ = Exchange(wall(plan())).known
