"""Fooling one layer opens no other; a fooled layer is there, and believes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwall.build.assemble import Prepared, assemble, prepare
from ringwall.build.load import load_contract
from ringwall.build.runtime import open_runtime
from ringwall.core.effect import Effect
from ringwall.core.known import Input, Known, Principal
from ringwall.core.message import Head, RawHead, Request, Response
from ringwall.core.plan import Guard, Guards, Plan, Wall
from ringwall.core.reasons import Layer
from ringwall.core.verdict import PASS, Learned, Refuse
from ringwall.drill.fool import FOOLABLE, fooled
from ringwall.examples.clinic import CONTRACT, create_app

ATTACKER = Principal("acc-adam", frozenset({"admin"}), "claimed", "north", mfa=True)
PHASES = ("head", "body", "sink", "reply")


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wall]:
    root = tmp_path_factory.mktemp("drill")
    prepared: Prepared = prepare(load_contract(CONTRACT, app=create_app(root)))
    runtime = open_runtime(root / "data")
    yield assemble(prepared, runtime)
    runtime.close()


def raw(target: str, method: str = "GET") -> RawHead:
    return RawHead(method.encode(), target.encode(), ((b"host", b"clinic.example"),), "192.0.2.7", True)


def admitted(wall: Wall, raw: RawHead) -> Head:
    head = wall.admit(raw, "r1")
    assert isinstance(head, Head)
    return head


def plan_of(wall: Wall, method: str, path: str) -> Plan:
    return wall.route(admitted(wall, raw(path, method)))[0]


def guards_of(guards: Guards) -> list[Guard[object]]:
    return list(chain.from_iterable(getattr(guards, phase) for phase in PHASES))


def known(operation: str = "GET /x") -> Known:
    return Known(operation, 0.0, {}, "192.0.2.7", "r1", ATTACKER, Input({}, {}, {}, {}, None, ()))


PATHS = [("GET", "/patients/1"), ("POST", "/payments"), ("GET", "/export"), ("GET", "/health"), ("PUT", "/nowhere"),
         ("DELETE", "/health"), ("POST", "/.ringwall/oauth/token"), ("GET", "/.ringwall/metrics")]  # fmt: skip


@given(layer=st.sampled_from(FOOLABLE), asked=st.sampled_from(PATHS), claims=st.booleans())
def test_fooling_one_layer_leaves_every_other_guard_the_very_same(
    wall: Wall, layer: Layer, asked: tuple[str, str], claims: bool
) -> None:
    whole = plan_of(wall, *asked)
    tricked = plan_of(fooled(wall, frozenset({layer}), lambda head: ATTACKER if claims else None), *asked)
    for phase in PHASES:
        before, after = getattr(whole.guards, phase), getattr(tricked.guards, phase)
        assert [(g.layer, g.name) for g in after] == [(g.layer, g.name) for g in before]  # none is gone, none moved
        for real, now in zip(before, after, strict=True):
            assert (now is real) == (real.layer is not layer)
    assert (tricked.limits == whole.limits) == (layer is not Layer.TRANSPORT)  # whose bounds they are
    assert (tricked.body, tricked.reply, tricked.serve, tricked.observe) == (
        whole.body, whole.reply, whole.serve, whole.observe)  # fmt: skip


def test_a_wall_that_makes_its_plans_anew_is_fooled_plan_for_plan(wall: Wall) -> None:
    """Objects that are gone leave their ids to others: a plan taken for another one is a flaw that comes and goes."""
    asked = [admitted(wall, raw(path, method)) for method, path in PATHS]

    def route(head: Head) -> tuple[Plan, object]:
        plan, params = wall.route(head)
        return replace(plan), params

    tricked = fooled(replace(wall, route=route), frozenset({Layer.QUOTA}), lambda head: None)
    for head in asked * 50:
        assert tricked.route(head)[0].operation == wall.route(head)[0].operation


@pytest.mark.parametrize("layer", FOOLABLE)
def test_only_a_fooled_transport_admits_what_is_no_request(wall: Wall, layer: Layer) -> None:
    crooked = raw("/leaflets/..%2fsecret.txt")
    assert isinstance(wall.admit(crooked, "r1"), Refuse)
    found = fooled(wall, frozenset({layer}), lambda head: None).admit(crooked, "r1")
    assert isinstance(found, Head) == (layer is Layer.TRANSPORT)


@pytest.mark.parametrize("layer", FOOLABLE)
def test_every_layer_that_can_be_fooled_stands_in_some_plan(wall: Wall, layer: Layer) -> None:
    held = [g for plan in wall.plans for g in guards_of(plan.guards) if g.layer is layer]
    assert held or layer is Layer.TRANSPORT  # whose work is `admit` where TLS is not demanded


def test_a_fooled_authentication_believes_the_claim_and_judges_everyone_else(wall: Wall) -> None:
    claims: list[Principal | None] = [ATTACKER]
    tricked = plan_of(fooled(wall, frozenset({Layer.AUTHENTICATION}), lambda head: claims[0]), "GET", "/patients/1")
    guard = next(g for g in tricked.guards.head if g.layer is Layer.AUTHENTICATION)
    head, bare = admitted(wall, raw("/patients/1")), Known("GET /x", 0.0, {}, "192.0.2.7", "r1")
    believed = guard.check(head, bare)
    assert isinstance(believed, Learned)
    assert believed.known.principal is ATTACKER
    claims[0] = None
    assert isinstance(guard.check(head, bare), Refuse)


def test_a_fooled_validation_still_reads_what_it_lets_in(wall: Wall) -> None:
    tricked = plan_of(fooled(wall, frozenset({Layer.VALIDATION}), lambda head: None), "POST", "/payments")
    body = b'{"amount": "free", "status": "paid"}'
    target = RawHead(b"POST", b"/payments", ((b"host", b"c"), (b"content-type", b"application/json"),
                     (b"content-length", b"%d" % len(body))), "192.0.2.7", True)  # fmt: skip
    head = admitted(wall, target)
    guard = next(g for g in tricked.guards.body if g.name == "input")
    real = next(g for g in plan_of(wall, "POST", "/payments").guards.body if g.name == "input")
    asked = Request(head, head.raw_headers, body)
    assert isinstance(real.check(asked, known()), Refuse)
    read = guard.check(asked, known())
    assert isinstance(read, Learned)
    assert read.known.input is not None
    assert read.known.input.body == {"amount": "free", "status": "paid"}
    assert ("/body/status", "paid") in [(text.pointer, text.value) for text in read.known.input.texts if text.free]


@pytest.mark.parametrize("layer", [Layer.AUTHORIZATION, Layer.DETECTION, Layer.SINKS, Layer.DISCLOSURE, Layer.QUOTA])
def test_the_layers_that_only_judge_see_nothing_wrong(wall: Wall, layer: Layer) -> None:
    head = admitted(wall, raw("/patients/1"))
    message = {"head": head, "body": Request(head, (), b""), "sink": Effect("file", "/etc/passwd", "read"),
               "reply": Response(200, ())}  # fmt: skip
    for plan in (plan_of(fooled(wall, frozenset({layer}), lambda head: ATTACKER), *asked) for asked in PATHS):
        for phase in PHASES:
            for guard in getattr(plan.guards, phase):
                if guard.layer is layer:
                    assert guard.check(message[phase], known()) is PASS
