"""A field that is only observed: what detection finds in it is recorded and goes on; everything else is refused."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import pytest

from ringwall.contract.api import ApiOperation, Body, MediaType
from ringwall.contract.model import At, Field, Operation, Resource
from ringwall.core.admit import Admission, admit
from ringwall.core.event import Event
from ringwall.core.exchange import Exchange, Forward, ReadBody, Record, Send
from ringwall.core.message import RawHead, Response
from ringwall.core.plan import Plan, Wall
from ringwall.core.ports import Ports
from ringwall.layers import detection, validation

AT = At("ringwall.yaml", 1, 1)
SCHEMA = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "maxLength": 40},
        "notes": {"type": "string", "maxLength": 40},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
REF = {"$ref": "#/components/schemas/Note"}
API = ApiOperation("POST", "/n", None, (), (), Body(True, {"application/json": MediaType(REF, {})}), {}, 1)
SQL, MARKUP = "' OR 1=1 --", "<script>alert(1)</script>"


def wall(*observed: str) -> Wall:
    fields = {n: Field(n, "public", "no", None, None, None, "text", False, AT, observe=True) for n in observed}
    note = Resource("note", "Note", "id", None, None, fields, AT)
    operation = Operation(API, "", None, note, (), lists=False, creates=True)
    guards = validation.forge(operation, validation.Settings({"Note": SCHEMA}, resources={"note": note}))
    guards += detection.forge(operation, detection.Settings())
    plan, ticks = Plan("POST /n", "/n", guards), itertools.count()
    ports = Ports({}, lambda event: None, lambda: 1.0, lambda: next(ticks), lambda: "r1")
    return Wall(lambda raw, name: admit(raw, Admission(), name), lambda head: (plan, {}), (plan,), ports, _plain)


def _plain(head: object, response: Response) -> Response:
    return response


def post(wall: Wall, body: object) -> Event:
    content = json.dumps(body).encode()
    headers = ((b"host", b"a"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(content)))
    way = Exchange(wall).run(RawHead(b"POST", b"/n", headers, "192.0.2.1", secure=True))
    want, event = next(way), None
    while not isinstance(want, Send):
        match want:
            case ReadBody():
                answer: object = content
            case Forward():
                answer = Response(204, ())
            case Record(told):
                event, answer = told, True
        want = way.send(answer)
    assert event is not None
    return event


def test_what_is_found_in_an_observed_field_is_recorded_and_goes_on() -> None:
    event = post(wall("notes"), {"notes": SQL, "title": "x"})
    assert (event.decision, event.status, event.reason) == ("observe", 204, "detection.sqli")
    assert [(s.guard, s.said) for s in event.steps] == [("texts", "observe")]
    assert event.faults == ("/body/notes detection.sqli",)
    assert event.detail.startswith("sql: '")
    assert "OR 1=1" not in event.detail


@pytest.mark.parametrize("order", [("notes", "title"), ("title", "notes")])
def test_another_field_of_the_same_body_is_still_refused(order: tuple[str, str]) -> None:
    body = {name: SQL if name == "notes" else MARKUP for name in order}
    event = post(wall("notes"), body)
    assert (event.decision, event.status, event.reason) == ("refuse", 422, "detection.xss")
    assert event.faults == ("/body/title detection.xss",)


def test_the_same_field_without_the_word_is_refused() -> None:
    assert post(wall(), {"notes": SQL}).decision == "refuse"
    assert post(wall("title"), {"notes": SQL}).decision == "refuse"


def test_honest_text_in_an_observed_field_leaves_no_trace() -> None:
    event = post(wall("notes"), {"notes": "O'Brien & sons"})
    assert (event.decision, event.steps, event.faults) == ("allow", (), ())


def test_elements_of_an_observed_list_are_observed() -> None:
    assert post(wall("tags"), {"tags": ["a", SQL]}).decision == "observe"


def test_validation_still_decides_on_an_observed_field() -> None:
    event = post(wall("notes"), {"notes": "x" * 41})
    assert (event.decision, event.layer) == ("refuse", "validation")


def test_a_layer_that_only_observes_may_watch_an_observed_field_too() -> None:
    whole = wall("notes")
    watched = replace(whole.plans[0], observe=frozenset({detection.LAYER}))
    event = post(replace(whole, route=lambda head: (watched, {})), {"notes": SQL, "title": MARKUP})
    assert (event.decision, event.reason) == ("observe", "detection.xss")
