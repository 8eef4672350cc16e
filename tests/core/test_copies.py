"""Copies that are spelled out for speed keep every member; what is left out of an event is what is empty alone."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.core.admit import HEADER, Admission, admit
from ringwall.core.event import Event
from ringwall.core.known import Known
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.verdict import Refuse


class Told:
    """A value of its own for each member, so that one that is lost or swapped shows."""

    def __init__(self, kind):
        self.value = kind(*(f"the {field.name}" for field in fields(kind)))

    def differs(self, other):
        return {f.name for f in fields(other) if getattr(other, f.name) != getattr(self.value, f.name)}


@pytest.mark.parametrize(("method", "member"), [
    ("with_principal", "principal"), ("with_input", "input"), ("with_objects", "objects"),
])  # fmt: skip
def test_known_grows_by_one_fact(method, member):
    before = Told(Known)
    after = getattr(before.value, method)("new")
    assert before.differs(after) == {member}
    assert getattr(after, member) == "new"


def test_messages_change_in_what_is_asked_alone():
    response, request = Told(Response), Told(Request)
    assert response.differs(response.value.with_headers("new")) == {"headers"}
    changed = response.value.with_data("new")
    assert response.differs(changed) == {"data", "parsed", "stale", "found"}
    assert (changed.data, changed.parsed, changed.stale) == ("new", True, True)
    assert request.differs(request.value.with_headers("new")) == {"headers"}
    assert Request("head", ((b"Content-Length", b"9"), (b"a", b"b")), b"").with_body(b"xy") == Request(
        "head", ((b"a", b"b"), (b"content-length", b"2")), b"xy"
    )


@given(st.binary(max_size=40))
def test_a_header_value_is_refused_for_a_control_and_for_nothing_else(value):
    headers = ((b"host", b"a"), (b"x-note", b"before"), (b"x-value", value), (b"x-last", b"after"))
    answer = admit(RawHead(b"GET", b"/", headers, "127.0.0.1", True), Admission(), "id")
    if any(c == 0x7F or (c < 0x20 and c != 0x09) for c in value):
        assert answer == Refuse(HEADER)
    else:
        assert isinstance(answer, Head)


def test_an_event_leaves_out_what_is_empty_and_keeps_what_is_zero():
    facts = {"count": 0, "share": 0.0, "done": False, "none": None, "word": "", "list": []}
    event = Event("admin", "id", 0.0, None, "", "", "", "allow", 0, facts=facts)
    assert event.document() == {
        "kind": "admin", "id": "id", "at": "1970-01-01T00:00:00.000Z", "decision": "allow", "status": 0,
        "sizes": (0, 0), "us": 0.0, "app_us": 0.0, "count": 0, "share": 0.0, "done": False,
    }  # fmt: skip
